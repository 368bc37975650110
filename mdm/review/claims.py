"""Claims: for a while a task is one person's. Nobody is shut out for long, and conflict is told kindly."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from mdm.access import Principal, Resource, decide
from mdm.access.restricted import restricted
from mdm.errors import ConflictError, UnknownError
from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.tables import ReviewAnswer, ReviewTask, ReviewTaskEntity
from mdm.review.document import load_rules
from mdm.review.terms import OPEN, PARKED, WAITING

DECIDE, SUPERVISE = "review.decide", "review.supervise"


class TakenError(ConflictError):
    """Somebody else has the task. `by`: who, as the audit log names them; `since`: when."""

    def __init__(self, by: str, since: datetime) -> None:
        super().__init__("Somebody else has this task.", "Take the next one; this one is in hand.")
        self.by, self.since = by, since


class ChangedError(ConflictError):
    """The task is about something else now, or is answered. `by`: who answered it, where one did."""

    def __init__(self, by: str | None = None, since: datetime | None = None) -> None:
        super().__init__("This task has changed meanwhile.", "Look at it again, and answer then.")
        self.by, self.since = by, since


def task_for(session: Session, principal: Principal, task_id: str, action: str) -> ReviewTask:
    """A task as somebody may have it. UnknownError for one that is not there, is not in a region of theirs, or is about
    somebody whose processing is restricted: all look the same."""
    task = session.get(ReviewTask, task_id)
    entities = select(ReviewTaskEntity.entity_id).where(ReviewTaskEntity.task_id == task_id)
    if task is not None and not restricted(session, session.exec(entities).all()):
        resource = Resource(task.kind, region=task.region)
        if decide(principal, action, resource).allowed:
            return task
    raise UnknownError("There is no such task.", "Take one from the list.")


def claim(session: Session, principal: Principal, task_id: str) -> ReviewTask:
    """Take a task, or keep it longer, in the caller's unit of work. TakenError, ChangedError."""
    task = locked(session, principal, task_id)
    at = now()
    taken = holder_of(task, at)
    if taken is not None and taken != principal.id:
        raise TakenError(taken, task.claimed or at)
    must_be_answerable(session, principal, task)
    if taken is None:
        task.claimed_by, task.claimed = principal.id, at
    task.claimed_until = at + timedelta(minutes=load_rules().claim.minutes)
    session.add(task)
    return task


def release(session: Session, principal: Principal, task_id: str) -> None:
    """Give a task back; nothing happens when it is not one's own."""
    task = locked(session, principal, task_id)
    if task.claimed_by == principal.id:
        free(task)
        session.add(task)


def locked(session: Session, principal: Principal, task_id: str) -> ReviewTask:
    """A task that nobody else changes until this unit of work ends."""
    connection = session.connection()
    dialect_of(connection).exclusive(connection, f"review {task_id}")
    task = task_for(session, principal, task_id, DECIDE)
    session.refresh(task, with_for_update=True)  # a run that is being published may change it
    return task


def holder_of(task: ReviewTask, at: datetime) -> str | None:
    """Who has the task at a moment."""
    held = task.claimed_until is not None and task.claimed_until > at
    return task.claimed_by if held else None


def must_be_answerable(session: Session, principal: Principal, task: ReviewTask) -> None:
    """ChangedError unless the task waits for an answer of this person."""
    if task.status == PARKED:
        task_for(session, principal, task.id, SUPERVISE)
    elif task.status != OPEN:
        last = session.exec(
            select(ReviewAnswer)
            .where(ReviewAnswer.task_id == task.id)
            .order_by(col(ReviewAnswer.at).desc())
        ).first()
        raise ChangedError(last.actor if last else None, task.ended)
    elif has_answered(session, principal, task):
        raise ChangedError(principal.id)


def has_answered(session: Session, principal: Principal, task: ReviewTask) -> bool:
    """Whether this person's answer to the task as it is now waits for another's."""
    query = select(ReviewAnswer.id).where(
        ReviewAnswer.task_id == task.id,
        ReviewAnswer.version == task.version,
        ReviewAnswer.actor == principal.id,
        ReviewAnswer.state == WAITING,
    )
    return session.exec(query).first() is not None


def free(task: ReviewTask) -> None:
    """Nobody has the task."""
    task.claimed_by = task.claimed = task.claimed_until = None
