"""Approvals: what waits for a second person, and the answer to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from sqlmodel import Session

from api.actions import declares
from api.web.flash import Flash
from api.web.pages import AnyRequest, page, see_other
from api.web.visitor import Visitor, visitor_of
from api.web.waiting import Waiting
from mdm.access import Principal, approvals, load_rules
from mdm.access.named import names_of
from mdm.compose import Hub
from reference.sentences import Sentence

PATH = "/persetujuan"
_ID = re.compile(r"\b(?:staff|client)-[0-9a-f]{12}\b")  # of an account or a client, in a summary


@dataclass(frozen=True)
class Line:
    """One request. `mine`: the visitor made it; `fits`: a role of the visitor approves it."""

    id: str
    act: Sentence
    summary: str
    who: str
    requested: datetime
    expires: datetime
    mine: bool
    fits: bool


@dataclass(frozen=True)
class ApprovalsPage:
    """What waits, the oldest first."""

    lines: list[Line]


@declares("approval.list")
@get(PATH, sync_to_thread=True)
def approvals_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """What waits for a second person."""
    visitor = visitor_of(request)
    with hub.sessions.read() as session:
        lines = list(_lines(session, visitor))
    return page(request, "overview/approvals.html", ApprovalsPage(lines))


@declares("approval.decide")
@post(PATH + "/{number:str}", status_code=303, request_max_body_size=2048, sync_to_thread=True)
def answer(
    number: FromPath[str],
    data: URLEncodedBody[dict[str, Any]],
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Approve or refuse one request of another person."""
    approve = data.get("jawaban") == "setuju"
    with hub.sessions.begin() as session:
        approvals.answer(session, principal, number, approve=approve)
    what = "overview.approvals.approved" if approve else "overview.approvals.refused"
    return see_other(PATH, Flash("good", what))


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """Requests of others that wait for somebody with the visitor's roles."""
    if not visitor.may("approval.decide"):
        return
    with hub.sessions.read() as session:
        n = sum(line.fits and not line.mine for line in _lines(session, visitor))
    yield Waiting(n, "overview.waiting.approvals", PATH)


def _lines(session: Session, visitor: Visitor) -> Iterator[Line]:
    found = approvals.waiting(session)
    meant = {id_ for one in found for id_ in (one.requested_by, *_ID.findall(one.summary))}
    names = names_of(session, meant)
    rules, roles = load_rules(), visitor.principal.roles if visitor.principal else frozenset()
    for one in found:
        action = rules.actions[one.action]
        yield Line(
            id=one.id,
            act=action.sentence,
            summary=_ID.sub(lambda id_: names.get(id_[0], id_[0]), one.summary),
            who=names.get(one.requested_by, one.requested_by),
            requested=one.requested,
            expires=one.expires,
            mine=one.requested_by == visitor.id,
            fits=not roles.isdisjoint(action.approvers),
        )
