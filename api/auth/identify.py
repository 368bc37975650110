"""Identify: from a request's credentials to a principal, or one uniform refusal.

A client shows a bearer token, a member of staff the cookie of a session; with a cookie, every
request that changes something also shows the CSRF token of that session: a script in a header, a
form in its field `csrf`. Why somebody is not known
is never said: a wrong token, an expired one and none at all read the same.
"""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.connection import ASGIConnection

from api.auth.left import CSRF_FIELD, MULTIPART, URL_ENCODED, gone_on, put_by
from api.context import header
from api.problems import Problem
from mdm.access import Principal
from mdm.access.errors import NotIdentifiedError
from mdm.access.gate import Gate
from mdm.access.sessions import COOKIE, Entered, csrf_fits, csrf_of, enter
from mdm.compose import Hub

Connection = ASGIConnection[Any, Any, Any, Any]
CSRF_HEADER = "x-csrf-token"
_FORMS = frozenset((URL_ENCODED, MULTIPART))
SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_SCHEME = "bearer "
_ENTERED, _SECRET = "entered", "session"


async def identify(connection: Connection) -> Principal:
    """Who is asking. Problem 401 for everybody the hub does not know."""
    try:
        said = header(connection, b"authorization")
        if said is not None:
            return await _client(connection, said)
        return await _staff(connection, connection.cookies.get(COOKIE))
    except NotIdentifiedError as error:
        await put_by(connection)
        raise not_identified(error) from None


def entered(connection: Connection) -> tuple[Entered, str]:
    """The session of this request, and its id. Problem 403 for who came without one."""
    state = connection.scope["state"]
    if _ENTERED not in state:
        raise Problem(403, "no-session", "This needs a staff session.", "Log in first.")
    return state[_ENTERED], state[_SECRET]


def visiting(connection: Connection) -> tuple[Entered, str] | None:
    """The session of this request and its CSRF token, also where nobody need be known; None for
    none. Asks the hub where the guard did not."""
    state = connection.scope["state"]
    secret = connection.cookies.get(COOKIE)
    if _ENTERED in state:
        return state[_ENTERED], csrf_of(state[_SECRET])
    if secret is None:
        return None
    try:
        return enter(connection.app.state.hub, secret), csrf_of(secret)
    except NotIdentifiedError:
        return None


def gate_of(connection: Connection) -> Gate:
    """The gate of this process, made at the first request."""
    state = connection.app.state
    if "gate" not in state:
        hub: Hub = state.hub
        state.gate = Gate(hub)
    gate: Gate = state.gate
    return gate


def not_identified(error: NotIdentifiedError) -> Problem:
    """The one refusal."""
    headers = {"WWW-Authenticate": 'Bearer realm="dtsen"'}
    return Problem(401, "not-identified", error.message, error.hint, headers=headers)


async def _client(connection: Connection, said: str) -> Principal:
    if said[: len(_SCHEME)].lower() != _SCHEME:
        raise NotIdentifiedError("scheme")
    token, gate = said[len(_SCHEME) :].strip(), gate_of(connection)
    known = gate.known(token)
    return known if known is not None else await to_thread.run_sync(gate.client, token)


async def _staff(connection: Connection, secret: str | None) -> Principal:
    if secret is None:
        raise NotIdentifiedError("nothing")
    hub: Hub = connection.app.state.hub
    found = await to_thread.run_sync(enter, hub, secret)
    changes = connection.scope.get("method", "POST") not in SAFE
    if changes and not csrf_fits(secret, await _token(connection)):
        # It may be of an earlier session of the same person.
        await put_by(connection, only=found.principal.id)
        raise Problem(
            403,
            "csrf",
            "The request does not come from the page of this session.",
            "Send the session's token in the header X-CSRF-Token; GET /v1/session tells it.",
        )
    if changes:
        await gone_on(connection, found.principal.id)
    state = connection.scope["state"]
    state[_ENTERED], state[_SECRET] = found, secret
    return found.principal


async def _token(connection: Connection) -> str | None:
    """The CSRF token that came with a change."""
    sent = connection.headers.get(CSRF_HEADER)
    if sent is not None or not isinstance(connection, Request):
        return sent
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMS:
        return None
    field = (await connection.form()).get(CSRF_FIELD)
    return field if isinstance(field, str) else None
