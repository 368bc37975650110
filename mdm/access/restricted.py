"""Whose processing is restricted now, and for which purposes they are seen all the same."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice

import sqlalchemy as sa
from sqlmodel import Session, col, or_

from mdm.hub.lists import ListQuery
from mdm.hub.tables import Entity, SubjectRestriction

TOGETHER = 1_000  # ids asked for in one statement
RESTRICTED = "restricted"  # the reason the log keeps
#: Purposes for which a restricted person is seen all the same (UU 27/2022 art. 41 leaves what the
#: law demands): answering that person, and examining the hub.
UNRESTRICTED = frozenset({"subject_access", "audit", "breach"})


def restricted(session: Session, entity_ids: Iterable[str]) -> set[str]:
    """Those of some entities whose processing is restricted, by their own name or that of an
    entity merged into them."""
    wanted = iter(dict.fromkeys(entity_ids))
    found: set[str] = set()
    while some := set(islice(wanted, TOGETHER)):
        rows = _RESTRICTED.rows(session.connection(), list(some))
        found |= some.intersection(chain.from_iterable(rows))
    return found


_IDS: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_RESTRICTED = ListQuery(
    sa.select(col(SubjectRestriction.entity_id), col(Entity.merged_into))
    .join(Entity, col(Entity.entity_id) == col(SubjectRestriction.entity_id), isouter=True)
    .where(col(SubjectRestriction.lifted).is_(None))
    .where(or_(col(SubjectRestriction.entity_id).in_(_IDS), col(Entity.merged_into).in_(_IDS)))
)
