"""Identify: from a request's credentials to a principal, or one uniform refusal.

A client shows a bearer token, a member of staff the cookie of a session. Why somebody is not known
is never said; a wrong token, an expired one and none at all read the same.
"""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from litestar.connection import ASGIConnection

from api.problems import Problem
from mdm.access import Principal
from mdm.access.errors import NotIdentifiedError
from mdm.access.gate import Gate
from mdm.compose import Hub

Connection = ASGIConnection[Any, Any, Any, Any]
_SCHEME = "bearer "


async def identify(connection: Connection) -> Principal:
    """Who is asking. Problem 401 for everybody the hub does not know."""
    try:
        return await _identified(connection)
    except NotIdentifiedError as error:
        raise not_identified(error) from None


def gate_of(connection: Connection) -> Gate:
    """The gate of this process, made at the first request."""
    state = connection.app.state
    if "gate" not in state:
        state.gate = Gate(hub_of(connection))
    gate: Gate = state.gate
    return gate


def hub_of(connection: Connection) -> Hub:
    """The hub that the application serves."""
    hub: Hub = connection.app.state.hub
    return hub


def not_identified(error: NotIdentifiedError) -> Problem:
    """The one refusal."""
    headers = {"WWW-Authenticate": 'Bearer realm="dtsen"'}
    return Problem(401, "not-identified", error.message, error.hint, headers=headers)


async def _identified(connection: Connection) -> Principal:
    said = connection.headers.get("authorization")
    if said is None:
        raise NotIdentifiedError("nothing")
    if said[: len(_SCHEME)].lower() != _SCHEME:
        raise NotIdentifiedError("scheme")
    token, gate = said[len(_SCHEME) :].strip(), gate_of(connection)
    known = gate.known(token)
    return known if known is not None else await to_thread.run_sync(gate.client, token)
