"""Proposals that rest, as tasks of review do: about somebody whose processing is restricted. One that rests is in no
list and no count, opens for nobody and takes no step, until the restriction is lifted (decision 99)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select

from mdm.access.restricted import barred
from mdm.hub.tables import Correction, CorrectionTarget, Entity


def resting() -> sa.ColumnElement[bool]:
    """SQL: whether a `correction` rests. Of who was merged since, by the name of today's entity."""
    target = col(CorrectionTarget.entity_id)
    part = select(Entity.entity_id).where(col(Entity.merged_into).in_(barred()))
    about = select(CorrectionTarget.correction).where(or_(target.in_(barred()), target.in_(part)))
    return col(Correction.id).in_(about)


def rests(session: Session, correction: str) -> bool:
    """Whether one proposal does."""
    query = select(Correction.id).where(Correction.id == correction, resting())
    return session.exec(query).first() is not None
