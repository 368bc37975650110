"""Left forms on pages: whoever has signed in again finds the form filled in as it was sent, and it was not sent.

    html, found = shown_again(request, html)

The page that holds the form shows it so; every other page says that it is there, and leads to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar.datastructures import Cookie

from api.auth.cookies import cookie
from api.auth.left import COOKIE, SECONDS, put_by_now
from api.context import Connection, hub_of
from api.web.refill import refill
from api.web.visitor import visitor_of
from mdm.access import left
from mdm.access.left import Left

AHEAD = "x-ahead"  # of what the script asks for before anybody looks
_STATE = "left-here"


@dataclass(frozen=True)
class Again:
    """What is said of it: whether it stands on this page, else where; whether files are to be chosen again."""

    here: bool
    path: str
    files: bool


def kept(connection: Connection) -> list[Cookie]:
    """The cookie of the form that this request left, where it left one."""
    secret = put_by_now(connection)
    return [cookie(COOKIE, secret, seconds=SECONDS)] if secret else []


def left_by(connection: Connection) -> Left | None:
    """What the visitor left; None for nothing. Only pages that are looked at show it: who sends a form has gone on."""
    state, secret = connection.scope["state"], connection.cookies.get(COOKIE)
    if _STATE not in state:
        person = visitor_of(connection).principal if secret and _looks(connection) else None
        state[_STATE] = left.find(hub_of(connection), person.id, secret or "") if person else None
    found: Left | None = state[_STATE]
    return found


def shown_again(connection: Connection, html: str) -> tuple[str, Again | None]:
    """The page, its form filled in; and what is said of it."""
    found = left_by(connection)
    if found is None:
        return html, None
    filled = refill(html, found.path, found.fields) or refill(
        html, found.path.partition("?")[0], found.fields
    )
    return filled or html, Again(filled is not None, found.path, found.files)


def spent(connection: Connection) -> list[Cookie]:
    """The cookie that ends it, once it opens nothing for who is signed in."""
    stale = COOKIE in connection.cookies and _looks(connection)
    someone = stale and visitor_of(connection).principal is not None
    return [gone()] if someone and left_by(connection) is None else []


def gone() -> Cookie:
    """The cookie that takes it away."""
    return cookie(COOKIE, "", seconds=0)


def _looks(connection: Connection) -> bool:
    """Whether the page is looked at now: not sent to, nor fetched ahead."""
    return connection.scope.get("method") == "GET" and AHEAD not in connection.headers
