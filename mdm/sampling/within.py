"""The wall of regions around a sample of links: which entities lie in somebody's regions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, false
from sqlmodel import Session, and_, col, func, or_, select

from mdm.hub.tables import SealedProfile

DIGITS = 6  # a profile's region is kept to the kecamatan


def within(regions: Sequence[str]) -> ColumnElement[bool]:
    """Whether a profile lies in one of some regions (Kemendagri prefixes)."""
    region = col(SealedProfile.region)
    # In no region at all there is nobody; without that, no condition would be left.
    return or_(false(), *(region.startswith(prefix[:DIGITS]) for prefix in regions))


def entities_within(session: Session, kind: str, regions: Sequence[str], seq: int) -> set[str]:
    """Ids of the entities of a kind whose newest profile as of a run lies in some regions."""
    known = (
        select(
            col(SealedProfile.entity_id).label("entity_id"),
            func.max(SealedProfile.version).label("version"),
        )
        .where(SealedProfile.kind == kind, SealedProfile.run_seq <= seq)
        .group_by(col(SealedProfile.entity_id))
        .subquery()
    )
    query = select(SealedProfile.entity_id).join(
        known,
        and_(
            col(SealedProfile.entity_id) == known.c.entity_id,
            col(SealedProfile.version) == known.c.version,
        ),
    )
    region = col(SealedProfile.region)
    # To the letter, unlike `within`: who has a village only has nobody whose village is not kept.
    lies = or_(false(), *(region.startswith(prefix) for prefix in regions))
    here = query.where(lies, col(SealedProfile.ciphertext).is_not(None))
    return set(session.exec(here).all())
