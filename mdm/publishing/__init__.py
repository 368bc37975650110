"""Publish: seal what changed, stage it unseen, and let one commit make it visible as a whole.

Tables in, per kind: `<kind>_golden` (entity_id, content: canonical JSON, and where they are found by
numbers, niks), `<kind>_entities` (entity_id, status, merged_into) and, when it stands,
`<kind>_entity_events`.

Everything staged carries the run's sequence number, which is above the published one, so that no
reader sees it. A killed publishing is cleared away by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, delete, select

from matching.engine import Engine
from matching.rules import KINDS
from mdm import audit, questions
from mdm.access.restricted import restrict_parts
from mdm.audit import vouched
from mdm.compose import Hub
from mdm.eligibility.doubts import load_eligibility
from mdm.errors import IntegrityError
from mdm.hub.columns import now
from mdm.hub.dialect import table_of
from mdm.hub.runs import PUBLISHED, RUNNING, published_seq
from mdm.hub.tables import (
    Entity,
    EntityKey,
    NikToken,
    Run,
    SealedDigest,
    SealedProfile,
    StagingMark,
)
from mdm.publishing.staging import Published, Staging
from mdm.review import renewing
from mdm.seal.profiles import SealingKeys
from mdm.seal.tokens import token_key
from mdm.work.beside import Beside
from mdm.work.progress import Progress

#: What a publishing stages, with the column that says by which run.
_STAGED: tuple[tuple[type[SQLModel], str], ...] = (
    (SealedProfile, "run_seq"),
    (EntityKey, "run_seq"),
    (NikToken, "run_seq"),
    (SealedDigest, "run_seq"),
    (Entity, "created_run"),
)

__all__ = ["Published", "clear_staged", "publish"]


def publish(
    hub: Hub,
    engine: Engine,
    run: Run,
    progress: Progress,
    kinds: Sequence[str] = KINDS,
    *,
    only: Mapping[str, Collection[str]] | None = None,
    sealed: Sequence[str] | None = None,
    within: Callable[[Session], None] | None = None,
    meanwhile: Callable[[Engine], None] = lambda _: None,
) -> dict[str, Published]:
    """Seal and publish a run's golden profiles; what each kind came to.

    `only`: per kind the entities that were looked at, those that were before and those that are now;
    all others stay as they are. `sealed`: the kinds whose golden tables tell of profiles that may have
    changed, when not all do. `within` runs in the unit of work that makes the run visible, for
    what must become visible with it; `meanwhile` beside the sealing, before that. Publishing a run
    that is published already changes nothing and gives an empty answer.
    """
    if not _must_publish(hub, run):
        return {}
    clear_staged(hub)
    with hub.sessions.begin() as session:
        session.add(StagingMark(run_seq=run.seq))
    sealed = kinds if sealed is None else sealed
    staging = Staging(hub, engine, sealed, sealing_keys(hub, run.seq), progress, only)
    with Beside(engine) as beside:
        asked = beside.do(lambda own: _ask(hub, own, kinds, run, only))
        beside.later(meanwhile)
        done = staging.stage() if sealed else {}
        staging.stage_events()
        tasks = asked.result()
        beside.wait()
    with hub.sessions.begin() as session:
        hub.sessions.still_alone()
        staging.turn_entities(session)
        if within is not None:
            within(session)
        tasks.write(session)
        restrict_parts(session, run.seq)
        _make_visible(session, run, done, staging.digest())
    staging.forget()
    return done


def _ask(
    hub: Hub,
    engine: Engine,
    kinds: Sequence[str],
    run: Run,
    only: Mapping[str, Collection[str]] | None,
) -> renewing.Renewal:
    """Stage what the run leaves open, and work out the tasks that follow from it."""
    weak_bits = load_eligibility(hub.settings.home).weak_link_bits
    for kind in kinds:
        questions.stage(hub, engine, kind, run.seq, only, weak_bits=weak_bits)
    return renewing.prepare(hub, engine, kinds, run, only)


def _make_visible(session: Session, run: Run, done: dict[str, Published], sealed: str) -> None:
    """The one word that readers look at, and the audit event that goes with it."""
    held = session.exec(select(Run).where(Run.id == run.id).with_for_update()).one()
    if held.status != RUNNING or held.seq <= published_seq(session):
        raise _too_late()  # whoever thought that nobody works here gave it up
    held.status, held.finished = PUBLISHED, now()
    session.delete(session.get_one(StagingMark, held.seq))
    session.flush()
    audit.record(
        session,
        "system",
        "publish",
        run=held.id,
        run_seq=held.seq,
        rules=held.rules,
        model=held.model,
        counts={kind: asdict(counts) for kind, counts in done.items()},
        sealed=sealed,
        holds=vouched.of_run(session, held.seq) | vouched.standing(session, (vouched.RUN, held.id)),
    )


def _must_publish(hub: Hub, run: Run) -> bool:
    """Whether the run still waits for its publishing; IntegrityError when it came too late."""
    with hub.sessions.read() as session:
        held = session.get_one(Run, run.id)
        if held.status == PUBLISHED:
            return False
        if held.status == RUNNING and held.seq > published_seq(session):
            return True
    raise _too_late()


def _too_late() -> IntegrityError:
    return IntegrityError(
        "This run was given up, or a later one is published already.", "Start a new run."
    )


def clear_staged(hub: Hub) -> None:
    """Remove what a killed or given-up publishing staged: all that no reader can see.

    The marks go last, so that a clearing that is killed itself is done again.
    """
    with hub.sessions.read() as session:
        marked = session.exec(select(StagingMark.run_seq).limit(1)).first() is not None
        seq = published_seq(session)
    if not marked:
        return
    with hub.sessions.bulk() as bulk:
        for model, run in _STAGED:
            table = table_of(model)
            gone = _keys(hub, table, table.c[run] > seq)
            bulk.execute(sa.delete(table).where(*_same_key(table)), gone)
            bulk.rest()
        tokens = table_of(NikToken)
        back = _keys(hub, tokens, tokens.c.retired_seq > seq)
        kept = sa.update(tokens).where(*_same_key(tokens)).values(retired_seq=None)
        bulk.execute(kept, back)
    with hub.sessions.begin() as session:
        questions.clear(session, seq)
        session.exec(delete(StagingMark))


def _keys(hub: Hub, table: sa.Table, where: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    """The primary keys of some rows, as parameters of `_same_key`; read without a turn to write."""
    columns = [column.label(f"at_{column.name}") for column in table.primary_key]
    with hub.sessions.read() as session:
        rows = session.connection().execute(sa.select(*columns).where(where))
        return [dict(row) for row in rows.mappings()]


def _same_key(table: sa.Table) -> list[sa.ColumnElement[bool]]:
    return [column == sa.bindparam(f"at_{column.name}") for column in table.primary_key]


def sealing_keys(hub: Hub, seq: int) -> SealingKeys:
    """What publishing a run seals with, from every profile domain key that still opens."""
    active = hub.keys.domain("profile")
    wrapping = tuple(
        (version, hub.keys.domain("profile", version).subkey("wrap entity key"))
        for version in hub.keys.versions("profile")
    )
    index, domains, index_version = token_key(hub)
    mac = active.subkey("content mac")
    return SealingKeys(seq, active.version, mac, index, domains, wrapping, index_version)
