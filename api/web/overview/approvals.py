"""Approvals: what waits for a second person, and the answer to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from api.actions import declares
from api.web.accounts.requests import Request, requests
from api.web.complete import chosen
from api.web.flash import Flash
from api.web.pages import AnyRequest, page, see_other
from api.web.visitor import Visitor, visitor_of
from api.web.waiting import Waiting
from mdm.access import Principal, approvals
from mdm.compose import Hub
from mdm.errors import UnknownError

PATH = "/persetujuan"
GONE = Flash("plain", "overview.approvals.gone")


@dataclass(frozen=True)
class ApprovalsPage:
    """What waits for another person, the oldest first; requests of one's own that are approved and to be done."""

    lines: list[Request]
    ready: list[Request]


@declares("approval.list")
@get(PATH, sync_to_thread=True)
def approvals_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """What waits for a second person."""
    visitor = visitor_of(request)
    with hub.sessions.read() as session:
        context = ApprovalsPage(
            requests(session, visitor, approvals.waiting(session)),
            requests(session, visitor, approvals.ready(session, visitor.id)),
        )
    return page(request, "overview/approvals.html", context)


@declares("approval.decide")
@post(PATH + "/{number:str}", status_code=303, request_max_body_size=2048, sync_to_thread=True)
def answer(
    number: FromPath[str],
    data: URLEncodedBody[dict[str, Any]],
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Approve or refuse one request of another person."""
    approve = chosen(data, "jawaban", ("setuju", "tolak")) == "setuju"
    try:
        with hub.sessions.begin() as session:
            approvals.answer(session, principal, number, approve=approve)
    except UnknownError:  # somebody else was first
        return see_other(PATH, GONE)
    what = "overview.approvals.approved" if approve else "overview.approvals.refused"
    return see_other(PATH, Flash("good", what))


@declares("approval.withdraw")
@post(PATH + "/{number:str}/tarik", request_max_body_size=2048, sync_to_thread=True)
def withdraw(
    number: FromPath[str], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """Take back a request of one's own."""
    try:
        with hub.sessions.begin() as session:
            approvals.withdraw(session, principal.id, number)
    except UnknownError:
        return see_other(PATH, GONE)
    return see_other(PATH, Flash("good", "overview.approvals.withdrawn"))


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """Requests of others that wait for somebody with the visitor's roles."""
    if not visitor.may("approval.decide"):
        return
    with hub.sessions.read() as session:
        found = requests(session, visitor, approvals.waiting(session))
    n = sum(one.fits and not one.mine and not one.about_me for one in found)
    yield Waiting(n, "overview.waiting.approvals", PATH)
