"""Whose processing is restricted now, and for which purposes they are seen all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

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
        found.update(chain.from_iterable(_RESTRICTED.rows(session.connection(), list(some))))
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
_OTHER, _PART = aliased(Entity), aliased(Entity)


def _stands(of: sa.SQLColumnExpression[Any]) -> sa.Exists:
    """Whether a restriction of one entity holds: looked for by its id, at the same cost however many there are."""
    held = col(SubjectRestriction.entity_id) == of, col(SubjectRestriction.lifted).is_(None)
    return sa.exists().where(*held)


# Of themselves; of those merged into them; of what they are part of now, by its own name or that of others merged into
# it.
_RESTRICTED = ListQuery(
    sa.union_all(
        sa.select(col(SubjectRestriction.entity_id)).where(
            col(SubjectRestriction.entity_id).in_(_IDS), col(SubjectRestriction.lifted).is_(None)
        ),
        sa.select(col(_OTHER.merged_into)).where(
            col(_OTHER.merged_into).in_(_IDS), _stands(col(_OTHER.entity_id))
        ),
        sa.select(col(_PART.entity_id)).where(
            col(_PART.entity_id).in_(_IDS),
            col(_PART.merged_into).is_not(None),
            or_(
                _stands(col(_PART.merged_into)),
                sa.exists().where(
                    col(_OTHER.merged_into) == col(_PART.merged_into),
                    _stands(col(_OTHER.entity_id)),
                ),
            ),
        ),
    )
)
