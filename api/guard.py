"""The guard: before a handler runs, who asks and whether the declared action is theirs at all."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache

from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import BodyKwarg
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.utils import get_enum_string_value

from api.actions import action_of
from api.bodies import Asked
from api.context import PRINCIPAL, Connection, header
from api.problems import Problem, Wrong
from api.queries import refuse_unknown_query
from mdm.access import Principal, is_open, load_rules, may
from mdm.access.decide import decide
from mdm.access.decisions import Decisions
from mdm.access.terms import Decision, Resource
from mdm.seal.masking import load_rules as load_sealing

Identify = Callable[[Connection], Awaitable[Principal]]
JSON = "application/json"
_FIRST = {
    "password-first": "POST /v1/session/password with the old one and a new one, or open /akun/sandi.",
    "second-factor-first": "POST /v1/session/second-factor, or open /akun/faktor-kedua.",
}
NUL = "\0"  # no database keeps it in a text, and PostgreSQL fails over it
_KEPT = Decisions()


def guard_with(identify: Identify) -> Callable[[ASGIApp], ASGIApp]:
    """The guard around every route, given how a request tells who it comes from.

    Not one of Litestar's guards: for each of those it copies the whole handler at every request.
    """

    def around(app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            await _guard(Asked(scope, receive, send), identify)
            await app(scope, receive, send)

        return guarded

    return around


async def _guard(connection: Connection, identify: Identify) -> None:
    handler = connection.scope["route_handler"]
    if NUL in connection.scope["path"]:
        raise NotFoundException
    refuse_unknown_query(connection, handler)
    if (wanted := _reads(handler)) is not None:
        _refuse_foreign_media(connection, wanted)
    action = action_of(handler)
    if action is None or is_open(action):
        return
    principal = await identify(connection)
    connection.scope["state"][PRINCIPAL] = principal
    decision = _may(principal, action, None)
    # Which purpose is in the body: the handler asks again with it.
    if not decision.allowed and decision.reason != "purpose-missing":
        raise denied(decision.reason)


def require(
    principal: Principal, action: str, purpose: str | None, programmes: Iterable[str] = ()
) -> None:
    """Problem unless there is anybody about whom `action` is allowed for this purpose, and for these
    programmes."""
    decision = _may(principal, action, purpose)
    if decision.allowed and (named := tuple(programmes)):
        decision = _may_for(principal, action, purpose, named)
    if not decision.allowed:
        raise denied(decision.reason)


def _may(principal: Principal, action: str, purpose: str | None) -> Decision:
    policy = load_rules().digest
    return _KEPT.of(principal, (action, purpose, policy), lambda: may(principal, action, purpose))


def _may_for(
    principal: Principal, action: str, purpose: str | None, programmes: tuple[str, ...]
) -> Decision:
    """The decision on somebody in a region of the one who asks."""

    def of_somebody() -> Decision:
        here = next(iter(principal.regions), None)
        wanted = Resource("person", here, programmes=frozenset(programmes))
        return decide(principal, action, wanted, purpose)

    policy = load_rules().digest
    return _KEPT.of(principal, (action, purpose, programmes, policy), of_somebody)


def denied(reason: str) -> Problem:
    """The refusal that goes with a reason of the access document."""
    sentence = load_rules().reasons[reason].en
    if reason in ("purpose-missing", "purpose-unknown"):
        known = ", ".join(sorted(load_sealing().purposes))
        wrong = Wrong("purpose", "one of the purposes of use", f"Name one of: {known}.")
        return Problem(422, reason, sentence, wrong.hint, errors=[wrong])
    hint = _FIRST.get(reason, "Ask for it under your agreement or role, or not at all.")
    return Problem(403, reason, sentence, hint)


@lru_cache(maxsize=1024)
def _reads(handler: BaseRouteHandler) -> str | None:
    """In which form a handler reads a body; None for one that reads none."""
    if not isinstance(handler, HTTPRouteHandler) or handler.parsed_data_field is None:
        return None
    kwarg = handler.parsed_data_field.kwarg_definition
    return get_enum_string_value(kwarg.media_type) if isinstance(kwarg, BodyKwarg) else JSON


def _refuse_foreign_media(connection: Connection, wanted: str) -> None:
    """415 when a body comes in another form than the handler reads: no guessing."""
    sent = (header(connection, b"content-type") or "").partition(";")[0].strip().lower()
    if sent != wanted:
        raise Problem(
            415,
            "media-type",
            f"This route reads {wanted}.",
            f"Send the header Content-Type: {wanted}.",
            errors=[Wrong("Content-Type", f"is {wanted}", f"Send Content-Type: {wanted}.")],
        )
