"""Forgetting: when somebody is erased, the proposals about them open for nobody any more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, delete, or_, select

from mdm.compose import Hub
from mdm.corrections import evidence
from mdm.hub.tables import CorrectionKey, CorrectionPlace, CorrectionTarget


def forget(hub: Hub, session: Session, entity_ids: Sequence[str]) -> int:
    """Delete the keys and the evidence of all proposals about some entities; how many. That there were proposals, and
    who decided them, stays."""
    about = select(CorrectionTarget.correction).where(
        or_(
            col(CorrectionTarget.entity_id).in_(list(entity_ids)),
            col(CorrectionTarget.correction).in_(
                select(CorrectionPlace.record_key).where(
                    col(CorrectionPlace.entity_id).in_(list(entity_ids))
                )
            ),
        )
    )
    found = sorted(set(session.exec(about).all()))
    for correction in found:
        for file in evidence.of(session, correction):
            evidence.remove(hub, file)
        session.exec(delete(CorrectionKey).where(col(CorrectionKey.id) == correction))
    return len(found)
