"""Publish: seal what changed, stage it unseen, and let one commit make it visible as a whole.

Tables in, per kind: `<kind>_golden` (entity_id, content: canonical JSON, and for persons niks),
`<kind>_entities` (entity_id, status, merged_into) and, when it stands, `<kind>_entity_events`.

Everything staged carries the run's sequence number, which is above the published one, so that no
reader sees it. A killed publishing is cleared away by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from sqlmodel import Session, col, delete, select, update

from matching.engine import Engine
from mdm import audit
from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.hub.columns import now
from mdm.hub.runs import PUBLISHED, RUNNING, published_seq
from mdm.hub.tables import Entity, EntityKey, NikToken, Run, SealedProfile, StagingMark
from mdm.progress import Progress
from mdm.sealing import SealingKeys
from mdm.staging import Published, Staging
from mdm.tokens import token_key

KINDS = ("person", "family", "household")

__all__ = ["KINDS", "Published", "clear_staged", "publish"]


def publish(
    hub: Hub,
    engine: Engine,
    run: Run,
    progress: Progress,
    kinds: Sequence[str] = KINDS,
    *,
    actor: str = "system",
    within: Callable[[Session], None] | None = None,
) -> dict[str, Published]:
    """Seal and publish a run's golden profiles; what each kind came to.

    `within` runs in the unit of work that makes the run visible, for what must become visible
    with it. Publishing a run that is published already changes nothing and gives an empty answer.
    """
    if not _must_publish(hub, run):
        return {}
    clear_staged(hub)
    with hub.sessions.begin() as session:
        session.add(StagingMark(run_seq=run.seq))
    staging = Staging(hub, engine, kinds, sealing_keys(hub, run.seq), progress)
    done = staging.stage()
    with hub.sessions.begin() as session:
        staging.turn_entities(session)
        staging.write_events(session)
        if within is not None:
            within(session)
        _make_visible(session, run, done, staging.digest(), actor)
    staging.forget()
    return done


def _make_visible(
    session: Session, run: Run, done: dict[str, Published], sealed: str, actor: str
) -> None:
    """The one word that readers look at, and the audit event that goes with it."""
    held = session.get_one(Run, run.id)
    held.status, held.finished = PUBLISHED, now()
    session.delete(session.get_one(StagingMark, held.seq))
    audit.record(
        session,
        actor,
        "publish",
        run=held.id,
        run_seq=held.seq,
        rules=held.rules,
        model=held.model,
        counts={kind: asdict(counts) for kind, counts in done.items()},
        sealed=sealed,
    )


def _must_publish(hub: Hub, run: Run) -> bool:
    """Whether the run still waits for its publishing; IntegrityError when it came too late."""
    with hub.sessions.read() as session:
        held = session.get_one(Run, run.id)
        if held.status == PUBLISHED:
            return False
        if held.status == RUNNING and held.seq > published_seq(session):
            return True
    raise IntegrityError(
        "This run was given up, or a later one is published already.", "Start a new run."
    )


def clear_staged(hub: Hub) -> None:
    """Remove what a killed or given-up publishing staged: all that no reader can see."""
    with hub.sessions.begin() as session:
        marks = session.exec(select(StagingMark)).all()
        if not marks:
            return
        seq = published_seq(session)
        session.exec(delete(SealedProfile).where(col(SealedProfile.run_seq) > seq))
        session.exec(delete(EntityKey).where(col(EntityKey.run_seq) > seq))
        session.exec(delete(NikToken).where(col(NikToken.run_seq) > seq))
        session.exec(
            update(NikToken).where(col(NikToken.retired_seq) > seq).values(retired_seq=None)
        )
        session.exec(delete(Entity).where(col(Entity.created_run) > seq))
        for mark in marks:
            session.delete(mark)


def sealing_keys(hub: Hub, seq: int) -> SealingKeys:
    """What publishing a run seals with, from every profile domain key that still opens."""
    active = hub.keys.domain("profile")
    wrapping = tuple(
        (version, hub.keys.domain("profile", version).subkey("wrap entity key"))
        for version in hub.keys.versions("profile")
    )
    index, domain = token_key(hub)
    return SealingKeys(seq, active.version, active.subkey("content mac"), index, domain, wrapping)
