"""The guard: before a handler runs, who asks and whether the declared action is theirs at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import BodyKwarg
from litestar.utils import get_enum_string_value

from api.actions import action_of
from api.context import PRINCIPAL, Connection
from api.problems import Problem, Wrong
from mdm.access import Principal, is_open, load_rules, may
from mdm.masking import load_rules as load_sealing

Identify = Callable[[Connection], Awaitable[Principal]]
JSON = "application/json"


def guard_with(identify: Identify) -> Callable[[Connection, BaseRouteHandler], Awaitable[None]]:
    """The application's guard, given how a request tells who it comes from."""

    async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        _refuse_foreign_media(connection, handler)
        action = action_of(handler)
        if action is None or is_open(action):
            return
        principal = await identify(connection)
        connection.scope["state"][PRINCIPAL] = principal
        decision = may(principal, action)
        # Which purpose is in the body: the handler asks again with it.
        if not decision.allowed and decision.reason != "purpose-missing":
            raise denied(decision.reason)

    return guard


def require(principal: Principal, action: str, purpose: str | None) -> None:
    """Problem unless there is anybody about whom `action` is allowed for this purpose."""
    decision = may(principal, action, purpose)
    if not decision.allowed:
        raise denied(decision.reason)


def denied(reason: str) -> Problem:
    """The refusal that goes with a reason of the access document."""
    sentence = load_rules().reasons[reason].en
    if reason in ("purpose-missing", "purpose-unknown"):
        known = ", ".join(sorted(load_sealing().purposes))
        wrong = Wrong("purpose", "one of the purposes of use", f"Name one of: {known}.")
        return Problem(422, reason, sentence, wrong.hint, errors=[wrong])
    return Problem(403, reason, sentence, "Ask for it under your agreement or role, or not at all.")


def _refuse_foreign_media(connection: Connection, handler: BaseRouteHandler) -> None:
    """415 when a body comes in another form than the handler reads: no guessing."""
    if not isinstance(handler, HTTPRouteHandler) or handler.parsed_data_field is None:
        return
    kwarg = handler.parsed_data_field.kwarg_definition
    wanted = get_enum_string_value(kwarg.media_type) if isinstance(kwarg, BodyKwarg) else JSON
    sent = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != wanted:
        raise Problem(
            415,
            "media-type",
            f"This route reads {wanted}.",
            f"Send the header Content-Type: {wanted}.",
            errors=[Wrong("Content-Type", f"is {wanted}", f"Send Content-Type: {wanted}.")],
        )
