"""The routes of the façade."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody

from api.actions import declares
from api.dci import replies
from api.dci.facade import Facade
from api.dci.keys import jwks
from api.dci.locations import locations
from api.dci.messages import SearchEnvelope, SearchMessage, StatusEnvelope, StatusMessage
from api.dci.refusals import ErrorCode, MessageError
from api.dci.shapes import (
    Acknowledged,
    KeySet,
    LocationList,
    Refused,
    SearchReply,
    StatusReply,
)
from api.description import NEVER
from api.metrics import PROBLEMS
from api.problems import Problem, problem_of
from api.refusals import of_litestar
from mdm.access import Principal
from mdm.compose import Hub
from mdm.desk import Desk

ACTION = "dci.search"
JSON = "application/json"
AnyRequest = Request[Any, Any, Any]
HubHere = NamedDependency[Hub]
DeskHere = NamedDependency[Desk]
Asker = NamedDependency[Principal]

_CODES = {
    401: ErrorCode.UNAUTHORIZED,
    403: ErrorCode.FORBIDDEN,
    429: ErrorCode.TOO_MANY,
    503: ErrorCode.UNAVAILABLE,
}


def _told(shape: type, text: str) -> ResponseSpec:
    """One answer in the description. Examples would be drawn at random, other ones at every start."""
    return ResponseSpec(shape, generate_examples=False, description=text)


_REFUSED = {
    status: _told(Refused, text)
    for status, text in {
        400: "Not an envelope that can be taken.",
        401: "No valid access token.",
        403: "Not signed by this client, or not agreed on.",
        413: "The message is larger than 1 MiB.",
        415: "Not JSON.",
        429: "A budget of the agreement is used up.",
        500: "Something failed inside the hub.",
        503: "Asked more than can be answered now.",
    }.items()
}
_NEVER = {NEVER: (422,)}  # to DCI a message that is not as described is 400


def refuse(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Any refusal in the words of DCI, with the HTTP status that it has elsewhere."""
    if isinstance(error, MessageError):
        return _refused(request, error, error.status, {})
    problem = of_litestar(error) if isinstance(error, HTTPException) else problem_of(error)
    status = 400 if isinstance(error, ValidationException) else problem.status
    code = _CODES.get(status, ErrorCode.BAD if status < 500 else ErrorCode.UNAVAILABLE)
    if isinstance(error, ValidationException):
        said = f"{problem.detail}."  # its hint speaks of a list that DCI's refusal does not have
    else:
        said = " ".join(filter(None, (problem.detail, problem.hint)))
    request.scope["state"]["fault"] = problem.fault
    return _refused(request, MessageError(code, said), status, problem.headers)


def _refused(
    request: AnyRequest, error: MessageError, status: int, headers: dict[str, str]
) -> Response[bytes]:
    request.scope["state"]["problem"] = error.code.value
    PROBLEMS.labels(error.code.value).inc()
    body = replies.refusal(error)
    return Response(body, status_code=status, media_type=JSON, headers=headers)


def _reply(body: bytes) -> Response[bytes]:
    return Response(body, status_code=200, media_type=JSON)


@declares(ACTION)
@post(
    "/registry/sync/search",
    summary="DCI: search, answered at once",
    status_code=200,
    responses={200: _told(SearchReply, "A signed answer."), **_REFUSED},
    opt=_NEVER,
)
async def sync_search(
    request: AnyRequest,
    data: JSONBody[SearchEnvelope],
    hub: HubHere,
    desk: DeskHere,
    principal: Asker,
) -> Response[bytes]:
    """Members or Groups by identifier, filtered by what else the query says.

    The answer is signed; what it reveals is in the audit log before it leaves.
    """
    return _reply(await Facade(hub, desk, principal).search(await request.body()))


@declares(ACTION)
@post(
    "/registry/search",
    summary="DCI: search, answered at the callback",
    status_code=200,
    responses={200: _told(Acknowledged, "The message was taken."), **_REFUSED},
    opt=_NEVER,
)
async def search(
    request: AnyRequest,
    data: JSONBody[SearchEnvelope],
    hub: HubHere,
    desk: DeskHere,
    principal: Asker,
) -> Response[bytes]:
    """The same search, acknowledged; the signed answer goes to a callback that was agreed on."""
    facade = Facade(hub, desk, principal)
    return _reply(await facade.later(await request.body(), SearchMessage))


@declares(ACTION)
@post(
    "/registry/sync/txn/status",
    summary="DCI: what became of a transaction",
    status_code=200,
    responses={200: _told(StatusReply, "A signed answer."), **_REFUSED},
    opt=_NEVER,
)
async def sync_status(
    request: AnyRequest,
    data: JSONBody[StatusEnvelope],
    hub: HubHere,
    desk: DeskHere,
    principal: Asker,
) -> Response[bytes]:
    """The state of each request of this client's own earlier messages; no records again."""
    return _reply(await Facade(hub, desk, principal).status(await request.body()))


@declares(ACTION)
@post(
    "/registry/txn/status",
    summary="DCI: what became of a transaction, answered at the callback",
    status_code=200,
    responses={200: _told(Acknowledged, "The message was taken."), **_REFUSED},
    opt=_NEVER,
)
async def status(
    request: AnyRequest,
    data: JSONBody[StatusEnvelope],
    hub: HubHere,
    desk: DeskHere,
    principal: Asker,
) -> Response[bytes]:
    """The same question, acknowledged; the signed answer goes to a callback that was agreed on."""
    facade = Facade(hub, desk, principal)
    return _reply(await facade.later(await request.body(), StatusMessage))


@declares("keys.published")
@get(
    "/.well-known/jwks.json",
    summary="Public keys of the hub",
    responses={200: _told(KeySet, "RFC 7517.")},
)
async def keys(hub: HubHere) -> Response[dict[str, Any]]:
    """The keys that verify the hub's messages and its access tokens."""
    return Response(await asyncio.to_thread(jwks, hub), media_type=JSON)


@declares("keys.published")
@get(
    "/.well-known/locations.json",
    summary="DCI: provinces and regencies",
    responses={200: _told(LocationList, "Kemendagri codes of 2025.")},
)
async def places() -> Response[bytes]:
    """Codes and names that a query may compare `location` with."""
    return Response(await asyncio.to_thread(locations), media_type=JSON)


messages = Router(
    "/",
    route_handlers=[sync_search, search, sync_status, status],
    exception_handlers={
        MessageError: refuse,
        Problem: refuse,
        HTTPException: refuse,
        Exception: refuse,
    },
)
router = Router("/", route_handlers=[messages, keys, places], tags=["dci"])
