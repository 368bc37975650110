"""Actions: every route says what it lets one do; a route that says nothing keeps the service from starting.

    @declares("profile.lookup")
    @post("/v1/profiles/lookup")
    async def lookup(…): …

The actions are those of the access document; it also says which are open to somebody not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from litestar import Litestar
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler

from mdm.errors import RuleError

_OPT = "action"

_Handler = TypeVar("_Handler", bound=BaseRouteHandler)


class declares:  # noqa: N801 - reads as a word above a handler
    """Mark a route handler with its action. Stands above `@get` or `@post`, not below."""

    def __init__(self, action: str) -> None:
        self.action = action

    def __call__(self, handler: _Handler) -> _Handler:
        if not isinstance(handler, BaseRouteHandler):
            raise TypeError("@declares stands above the route decorator")
        handler.opt[_OPT] = self.action
        return handler


def action_of(handler: BaseRouteHandler) -> str | None:
    """What a handler declares; None when it declares nothing."""
    action = handler.opt.get(_OPT)
    return action if isinstance(action, str) else None


def declared(app: Litestar) -> Iterator[tuple[str, str, str]]:
    """Every (method, path template, action) of an application, OPTIONS and Litestar's own left out.

    RuleError when a route of ours declares nothing.
    """
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if not isinstance(handler, HTTPRouteHandler) or _is_framework(handler):
                continue
            action = action_of(handler)
            if action is None:
                raise RuleError(
                    f"The route {route.path} declares no action.",
                    "Put @declares above its handler.",
                )
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                yield str(method), route.path, action


def refuse_undeclared(app: Litestar, known: Iterable[str]) -> None:
    """RuleError when a route declares no action, or one that the access document does not know."""
    actions = set(known)
    for method, path, action in declared(app):
        if action not in actions:
            raise RuleError(
                f"{method} {path} declares '{action}', which the access document does not know.",
                "Name one of its actions, or add it to mdm/rules/access.yaml.",
            )


def _is_framework(handler: HTTPRouteHandler) -> bool:
    """Litestar's own answers to OPTIONS; the routes of the schema declare an action like ours."""
    return set(handler.http_methods) == {"OPTIONS"}
