"""Who there is: entities and their keys, held against the profiles and merges that the log vouches for.

Who may write to the database could let a former id lead to somebody else, take an entity out of sight, or take a key
away, so that a profile opens for nobody, or a steward's judgement does not count any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from mdm.audit.verified import Verified
from mdm.hub.runs import PUBLISHED, published_seq
from mdm.hub.tables import (
    Correction,
    CorrectionKey,
    Entity,
    EntityEvent,
    EntityKey,
    Judgement,
    JudgementKey,
    ReviewAnswer,
    Run,
    Sample,
    SampleKey,
    SealedProfile,
)

MERGE = "merge"


def verify(session: Session, shredded: Collection[str], found: Verified) -> None:
    """Name entities that are not what their profiles and merges say, and profiles whose key is gone."""
    _verify_rows(session, shredded, found)
    _verify_redirects(session, shredded, found)


def verify_keys(session: Session, forgotten: Mapping[str, int], found: Verified) -> None:
    """Count judgements, answers, proposals and samples without their key. `forgotten`: of how many the log says that
    an erasure took it; some proposals were sealed anew then, and have one."""
    pairs = (
        ("judgements", Judgement.id, JudgementKey.id),
        ("answers", ReviewAnswer.id, JudgementKey.id),
        ("corrections", Correction.id, CorrectionKey.id),
        ("samples", Sample.id, SampleKey.id),
    )
    for what, one, key in pairs:
        query = select(func.count()).where(col(one).not_in(select(key)))
        gone = session.exec(query).one() - forgotten.get(what, 0)
        if gone > 0:
            found.fault(
                "key", f"The keys of {gone} {what} are gone: nobody can read them any more."
            )
        if gone < 0 and what != "corrections":
            found.fault(
                "key",
                f"The keys of {-gone} {what} that an erasure took stand in the database again.",
            )


def _verify_rows(session: Session, shredded: Collection[str], found: Verified) -> None:
    seq = published_seq(session)
    profile = aliased(SealedProfile)
    first = (
        sa.select(col(profile.entity_id))
        .outerjoin(Entity, col(Entity.entity_id) == col(profile.entity_id))
        .where(col(profile.version) == 1, col(profile.run_seq) <= seq)
        .where(
            sa.or_(
                col(Entity.entity_id).is_(None),
                col(Entity.kind) != col(profile.kind),
                col(Entity.created_run) > col(profile.run_seq),
            )
        )
    )
    for (entity_id,) in session.connection().execute(first):
        found.fault(
            "entity", f"The entity {entity_id} is gone, of another kind or later than its profile."
        )
    keyless = (
        sa.select(col(profile.entity_id))
        .outerjoin(EntityKey, col(EntityKey.entity_id) == col(profile.entity_id))
        .where(col(profile.ciphertext).is_not(None), col(EntityKey.entity_id).is_(None))
        .where(col(profile.run_seq) <= seq)
        .distinct()
    )
    for (entity_id,) in session.connection().execute(keyless):
        if entity_id not in shredded:
            found.fault("key", f"The key of the profile {entity_id} is gone; no erasure took it.")


def _verify_redirects(session: Session, shredded: Collection[str], found: Verified) -> None:
    merges = (
        sa.select(col(EntityEvent.entity_id), col(EntityEvent.other))
        .join(Run, col(Run.seq) == col(EntityEvent.run_seq))
        .where(col(Run.status) == PUBLISHED, col(EntityEvent.event) == MERGE)
        .order_by(col(EntityEvent.run_seq), col(EntityEvent.id))
    )
    into = {one: str(other) for one, other in session.connection().execute(merges)}
    odd = sa.select(col(Entity.entity_id), col(Entity.status), col(Entity.merged_into)).where(
        sa.or_(col(Entity.status) != "active", col(Entity.merged_into).is_not(None))
    )
    held = {one: (status, other) for one, status, other in session.connection().execute(odd)}
    for entity_id in sorted(held.keys() | into.keys()):
        end = _end(into, entity_id)
        says = ("merged", end) if end else None
        erased = not end and entity_id in shredded and held.get(entity_id) == ("erased", None)
        if held.get(entity_id) != says and not erased:
            found.fault(
                "entity",
                f"The entity {entity_id} leads elsewhere than its merges say, or is of another state.",
            )


def _end(into: Mapping[str, str], entity_id: str) -> str | None:
    """Where an id that was merged leads to in the end; None for one that was not."""
    seen = {entity_id}
    while (further := into.get(entity_id)) is not None and further not in seen:
        seen.add(further)
        entity_id = further
    return entity_id if len(seen) > 1 else None
