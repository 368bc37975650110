"""No such task for this person now: who has it, how it was answered, what became of it; and the way on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from litestar import Response
from sqlmodel import Session, col, select

from api.web.pages import AnyRequest, page
from api.web.review.asked import NEXT, TASK, asked_of
from mdm.access import Principal, Resource, decide
from mdm.access.named import names_of
from mdm.compose import Hub
from mdm.errors import UnknownError
from mdm.hub.tables import ReviewAnswer, ReviewTask
from mdm.review.claims import DECIDE, SUPERVISE, ChangedError, TakenError, task_for
from mdm.review.terms import CLOSED, DECIDED, JUDGED, WAITING

TEMPLATE = "review/elsewhere.html"


@dataclass(frozen=True)
class ElsewherePage:
    """`why`: none (left), unknown, taken, changed, answered, yours (waits for another's), closed.
    `outcome`: what the answer came to; `lost`: an answer was sent just now and is not kept;
    `onward`: the task that took the records over; `answer`: the answer that this person may take back."""

    why: str
    next_path: str
    by: str = ""
    at: datetime | None = None
    outcome: str = ""
    lost: bool = False
    onward: str = ""
    answer: str = ""


def elsewhere(
    request: AnyRequest, hub: Hub, principal: Principal, task_id: str, error: Exception
) -> Response[bytes]:
    """The page; 404 where there is nothing to tell of, 409 otherwise."""
    next_path = NEXT + asked_of(request).query
    if isinstance(error, UnknownError):
        return page(request, TEMPLATE, ElsewherePage("unknown", next_path), status=404)
    with hub.sessions.read() as session:
        if isinstance(error, TakenError):
            found = ElsewherePage("taken", next_path, _name(session, error.by), error.since)
        else:
            lost = request.method == "POST" and isinstance(error, ChangedError)
            found = _ended(session, principal, task_id, next_path, lost)
    return page(request, TEMPLATE, found, status=409)


def _ended(
    session: Session, principal: Principal, task_id: str, next_path: str, lost: bool
) -> ElsewherePage:
    task = task_for(session, principal, task_id, DECIDE)
    answers = session.exec(
        select(ReviewAnswer)
        .where(ReviewAnswer.task_id == task.id)
        .order_by(col(ReviewAnswer.at).desc())
    ).all()
    for one in answers:
        if task.status in (DECIDED, CLOSED) and one.state == JUDGED:
            by = _name(session, one.actor)
            found = ElsewherePage("answered", next_path, by, one.at, one.outcome, lost)
            return replace(found, answer=one.id if _may_undo(principal, task, one) else "")
        if one.state == WAITING and one.actor == principal.id and one.version == task.version:
            return ElsewherePage("yours", next_path, "", one.at, one.outcome, lost)
    if task.status == CLOSED:
        onward = _standing(session, principal, task.followed_by)
        return ElsewherePage("closed", next_path, at=task.ended, lost=lost, onward=onward)
    return ElsewherePage("changed", next_path, lost=lost, onward=TASK + task.id)


def _may_undo(principal: Principal, task: ReviewTask, one: ReviewAnswer) -> bool:
    resource = Resource(task.kind, region=task.region)
    return one.actor == principal.id or decide(principal, SUPERVISE, resource).allowed


def _standing(session: Session, principal: Principal, task_id: str | None) -> str:
    """The address of a task that this person may have and that has not ended; '' for none."""
    task = session.get(ReviewTask, task_id) if task_id else None
    if task is None or task.status in (DECIDED, CLOSED):
        return ""
    try:
        return TASK + task_for(session, principal, task.id, DECIDE).id
    except UnknownError:
        return ""


def _name(session: Session, actor: str) -> str:
    return names_of(session, [actor]).get(actor, "")
