"""A correction that waits about somebody in a task moves the task up: until it is decided."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from mdm.hub.lists import together
from mdm.hub.tables import Correction, CorrectionTarget, ReviewTask, ReviewTaskEntity
from mdm.hub.tables.corrections import WAITING
from mdm.review.ranking import ranked
from mdm.review.terms import OPEN, PARKED


def corrected(session: Session, ids: Collection[str]) -> set[str]:
    """Those of some entities about which a correction waits."""
    found: set[str] = set()
    for some in together(ids):
        query = (
            select(CorrectionTarget.entity_id)
            .join(Correction, col(Correction.id) == col(CorrectionTarget.correction))
            .where(col(CorrectionTarget.entity_id).in_(some), col(Correction.state).in_(WAITING))
        )
        found.update(session.exec(query).all())
    return found


def note(session: Session, correction: str) -> None:
    """Something was done with a proposal, in the caller's unit of work: the tasks about whom it names
    take their new place."""
    session.flush()
    named = select(CorrectionTarget.entity_id).where(CorrectionTarget.correction == correction)
    concerned = select(ReviewTaskEntity.task_id).where(col(ReviewTaskEntity.entity_id).in_(named))
    tasks = select(ReviewTask).where(
        col(ReviewTask.id).in_(concerned), col(ReviewTask.status).in_((OPEN, PARKED))
    )
    for task in session.exec(tasks).all():
        inside = select(ReviewTaskEntity.entity_id).where(ReviewTaskEntity.task_id == task.id)
        task.correction = bool(corrected(session, session.exec(inside).all()))
        ranked(task)
        session.add(task)
