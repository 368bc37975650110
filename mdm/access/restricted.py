"""Whose processing is restricted now, and for which purposes they are seen all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select

from mdm import audit
from mdm.hub.lists import ListQuery
from mdm.hub.tables import Entity, EntityEvent, SubjectRestriction
from mdm.ids import short_id

TOGETHER = 1_000  # ids asked for in one statement
RESTRICTED = "restricted"  # the reason the log keeps
#: Purposes for which a restricted person is seen all the same (UU 27/2022 art. 41 leaves what the
#: law demands): answering that person, and examining the hub.
UNRESTRICTED = frozenset({"subject_access", "audit", "breach"})


def restricted(session: Session, entity_ids: Iterable[str]) -> set[str]:
    """Those of some entities whose processing is restricted, by their own name or that of an entity merged into them;
    of one that was merged since, as an old snapshot has it, by that of the entity it is part of now."""
    wanted = iter(dict.fromkeys(entity_ids))
    found: set[str] = set()
    while some := set(islice(wanted, TOGETHER)):
        rows = _RESTRICTED.rows(session.connection(), list(some))
        found |= some.intersection(chain.from_iterable(rows))
    return found


def barred() -> sa.CompoundSelect[tuple[str | None]]:
    """The query of all whose processing is restricted: few, however many people there are."""
    now_ = select(SubjectRestriction.entity_id).where(col(SubjectRestriction.lifted).is_(None))
    merged = select(col(Entity.merged_into)).where(
        col(Entity.merged_into).is_not(None), col(Entity.entity_id).in_(now_)
    )
    return sa.union_all(now_, merged)


def standing(session: Session, entity_id: str) -> Sequence[SubjectRestriction]:
    """The restrictions that hold of an entity: its own, and those of entities merged into it."""
    merged = select(Entity.entity_id).where(Entity.merged_into == entity_id)
    query = select(SubjectRestriction).where(
        col(SubjectRestriction.lifted).is_(None),
        or_(
            col(SubjectRestriction.entity_id) == entity_id,
            col(SubjectRestriction.entity_id).in_(merged),
        ),
    )
    return session.exec(query).all()


def restrict_parts(session: Session, seq: int) -> None:
    """Whoever run `seq` parts from somebody restricted, with an id of their own, is restricted on the same basis, until
    it is lifted of them, too: nobody knows of which of both it was asked."""
    parted = (
        select(EntityEvent.entity_id, EntityEvent.other)
        .join(Entity, col(Entity.entity_id) == col(EntityEvent.other))
        .where(EntityEvent.run_seq == seq, EntityEvent.event == "split", Entity.created_run == seq)
        .order_by(col(EntityEvent.entity_id), col(EntityEvent.other))
    )
    pairs = session.exec(parted).all()
    barred = restricted(session, (one for one, _ in pairs))
    for one, part in ((one, part) for one, part in pairs if part and one in barred):
        before = standing(session, one)[0]
        made = SubjectRestriction(
            id=short_id(),
            entity_id=part,
            basis=before.basis,
            case_number=before.case_number,
            actor=before.actor,
        )
        session.add(made)
        audit.record(
            session,
            "system",
            "restrict",
            entity_id=part,
            reason=made.basis,
            case=made.case_number,
            id=made.id,
        )


_IDS: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_OWN = (
    sa.select(col(SubjectRestriction.entity_id), col(Entity.merged_into))
    .join(Entity, col(Entity.entity_id) == col(SubjectRestriction.entity_id), isouter=True)
    .where(col(SubjectRestriction.lifted).is_(None))
)
_BARRED = _OWN.cte()
_PART = aliased(Entity)
_RESTRICTED = ListQuery(
    _OWN.where(
        or_(col(SubjectRestriction.entity_id).in_(_IDS), col(Entity.merged_into).in_(_IDS))
    ).union_all(
        sa.select(col(_PART.entity_id), sa.null())
        .join(_BARRED, col(_PART.merged_into).in_([_BARRED.c.entity_id, _BARRED.c.merged_into]))
        .where(col(_PART.entity_id).in_(_IDS), col(_PART.merged_into).is_not(None))
    )
)
