"""What reviewers have said of a task whose answer is still open: whoever settles it hears them first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from mdm.compose import Hub
from mdm.hub.tables import ReviewAnswer, ReviewTask
from mdm.judgements import RecordRef
from mdm.review import contents
from mdm.review.terms import WAITING


@dataclass(frozen=True)
class Voice:
    """One reviewer's answer. `outcome`, `reason`: codes; `groups`: the records that were said to be one,
    `unsure`: those nothing was said of. A note may tell of people: it is for whom values are opened."""

    actor: str
    at: datetime
    outcome: str
    reason: str
    groups: tuple[tuple[RecordRef, ...], ...] = field(repr=False)
    unsure: tuple[RecordRef, ...] = field(repr=False)
    note: str = field(repr=False)


def answers_to(session: Session, task: ReviewTask) -> list[ReviewAnswer]:
    """The answers to a task as it is now that wait for others', the earliest first."""
    query = select(ReviewAnswer).where(
        ReviewAnswer.task_id == task.id,
        ReviewAnswer.version == task.version,
        ReviewAnswer.state == WAITING,
    )
    return list(session.exec(query.order_by(col(ReviewAnswer.at))).all())


def voices(hub: Hub, session: Session, task: ReviewTask) -> list[Voice]:
    """The same, unsealed; without those whose records were erased."""
    return [
        Voice(
            one.actor,
            one.at,
            one.outcome,
            one.reason,
            content.partition.groups,
            content.partition.unsure,
            content.note or "",
        )
        for one in answers_to(session, task)
        if (content := contents.opened(hub, session, one)) is not None
    ]
