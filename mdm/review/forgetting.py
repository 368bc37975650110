"""Forgetting: what an erasure takes from review. Who answered stays on record; about whom does not."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlmodel import Session, col, delete, select

from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import JudgementKey, ReviewTask, ReviewTaskEntity
from mdm.judgements import RecordRef
from mdm.review import contents
from mdm.review.claims import free
from mdm.review.terms import CLOSED


def forget(
    hub: Hub, session: Session, ids: Collection[str], erased: Callable[[RecordRef], bool]
) -> int:
    """Take erased entities out of their tasks, and the keys of answers about erased records away; how
    many answers that were."""
    for task_id in session.exec(
        select(ReviewTaskEntity.task_id)
        .where(col(ReviewTaskEntity.entity_id).in_(list(ids)))
        .distinct()
    ).all():
        _leave(session, session.get_one(ReviewTask, task_id), ids)
    gone = [
        answer.id
        for answer, content in contents.every(hub, session)
        if any(erased(ref) for ref in content.entities)
    ]
    for answer_id in gone:
        session.exec(delete(JudgementKey).where(col(JudgementKey.id) == answer_id))
    return len(gone)


def _leave(session: Session, task: ReviewTask, ids: Collection[str]) -> None:
    """The task goes on about the others; about nobody it is over."""
    session.exec(
        delete(ReviewTaskEntity).where(
            col(ReviewTaskEntity.task_id) == task.id, col(ReviewTaskEntity.entity_id).in_(list(ids))
        )
    )
    left = session.exec(
        select(ReviewTaskEntity.records).where(ReviewTaskEntity.task_id == task.id)
    ).all()
    task.version += 1
    task.entities, task.records = len(left), sum(left)
    free(task)
    if not left:
        task.status, task.ended = CLOSED, task.ended or now()
    session.add(task)
