"""Stage what a run changed: sealed, written, and seen by nobody until the run is published.

All kinds go together in the order of their entity ids, so that every table and index grows at its
end: ids are random, and rows in another order would touch all pages of an index again and again.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, count, islice, pairwise
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from matching.engine import Engine
from mdm.arrow import rows_of
from mdm.compose import Hub
from mdm.hub.bulk import Bulk
from mdm.hub.tables import Entity, EntityEvent, EntityKey, SealedDigest, SealedProfile
from mdm.publishing.standing import hold
from mdm.publishing.tokens import stage_tokens
from mdm.seal.processes import Sealer, sealer
from mdm.seal.profiles import (
    KEY,
    PROFILE,
    WORK,
    Sealed,
    SealingKeys,
    key_rows,
    profile_digest,
    profile_place,
    profile_rows,
)
from mdm.seal.tokens import PURPOSES
from mdm.work.progress import Advance, Progress
from reference.text import quote

BATCH = 4_000  # profiles per sealing batch
CHUNK = 80_000  # profiles put in order at once
SAMPLED = 64  # one id of so many is looked at to cut all ids into chunks
_ENTITY = ("entity_id", "kind", "created_run", "status", "merged_into")
_DIGESTS = ("run_seq", "part", "digests")
_EVENT = ("run_seq", "entity_id", "kind", "event", "other", "records")


@dataclass(frozen=True)
class Published:
    """What one publishing did to one kind of entity."""

    sealed: int  # new profile versions
    unchanged: int  # profiles that stayed as they were
    tombstones: int  # profiles that ended: merged away, or no record left
    created: int  # new entities
    redirected: int  # entities whose status or redirect changed


@dataclass(frozen=True)
class Staging:
    """One run's publishing in progress."""

    hub: Hub
    engine: Engine
    kinds: Sequence[str]
    keys: SealingKeys
    progress: Progress
    only: Mapping[str, Collection[str]] | None = None  # the entities looked at, when not all were
    digests: Any = field(default_factory=hashlib.sha256, repr=False)
    parts: Iterator[int] = field(default_factory=count, repr=False)

    def stage(self) -> dict[str, Published]:
        """Write all that changed, in units of work that no reader sees."""
        hold(self.hub, self.engine, self.kinds, self.only)
        for kind in self.kinds:
            self._compare_entities(kind)
        totals = {kind: self._count(f"{kind}_golden") for kind in self.kinds}
        with sealer(self.keys, sum(totals.values())) as team:
            created, sealed = self._stage_chunks(team, sum(totals.values()))
            for kind in self.kinds:
                if kind in PURPOSES and "niks" in self.engine.columns(f"{kind}_golden"):
                    self._stage_tokens(team, kind)
        tombstones = self._stage_tombstones()
        return {
            kind: Published(
                sealed[kind],
                totals[kind] - sealed[kind],
                tombstones[kind],
                created[kind],
                self._count(f"{kind}_turned"),
            )
            for kind in self.kinds
        }

    def stage_events(self) -> None:
        """Keep, merge and split events. A creation is told by the entity's own row.

        They count when their run is published. Their table may only grow, so that a publishing
        that is taken up again goes on where the killed one stopped.
        """
        with self.hub.sessions.bulk() as bulk:
            for kind in self.kinds:
                if not self.engine.exists(f"{kind}_entity_events"):
                    continue
                events = self.engine.fetch(
                    "SELECT entity_id, event, other_entity_id, records "
                    f"FROM {kind}_entity_events WHERE event <> 'create' ORDER BY ALL"
                )
                seq = self.keys.run_seq
                rows = ((seq, i, kind, e, o, n) for i, e, o, n in rows_of(events))
                bulk.load(EntityEvent, _EVENT, islice(rows, self._events_there(kind), None))

    def _events_there(self, kind: str) -> int:
        there = select(func.count()).where(
            EntityEvent.run_seq == self.keys.run_seq, EntityEvent.kind == kind
        )
        with self.hub.sessions.read() as session:
            return session.exec(there).one()

    def turn_entities(self, session: Session) -> None:
        """Known entities that were merged, or live again: visible with the commit of the run."""
        turn = (
            sa.update(Entity)
            .where(col(Entity.entity_id) == sa.bindparam("i"))
            .values(status=sa.bindparam("s"), merged_into=sa.bindparam("m"))
        )
        for kind in self.kinds:
            turned = self.engine.fetch(
                f"SELECT entity_id AS i, status AS s, merged_into AS m FROM {kind}_turned"
            ).to_pylist()
            if turned:
                session.connection().execute(turn, turned)

    def digest(self) -> str:
        """One digest over the digests of all new profiles, in the order of their entity ids, those that end last."""
        return str(self.digests.hexdigest())

    def forget(self) -> None:
        """Drop what was brought from the hub."""
        for kind in self.kinds:
            self.engine.drop(*(f"{kind}_{name}" for name in ("held", "known", "turned", "fresh")))

    def _compare_entities(self, kind: str) -> None:
        """`<kind>_fresh`: entities to stage now. `<kind>_turned`: what changed for known ones,
        which waits for the commit of the run."""
        self.engine.table(
            f"{kind}_turned",
            f"SELECT e.entity_id, e.status, e.merged_into FROM {kind}_entities e "
            f"JOIN {kind}_known k USING (entity_id) "
            "WHERE e.status <> k.status OR e.merged_into IS DISTINCT FROM k.merged_into",
        )
        self.engine.table(
            f"{kind}_fresh",
            f"SELECT entity_id, '{kind}' AS kind, {self.keys.run_seq} AS created_run, status, "
            f"merged_into FROM {kind}_entities ANTI JOIN {kind}_known USING (entity_id)",
        )

    def _stage_chunks(self, team: Sealer, total: int) -> tuple[Counter[str], Counter[str]]:
        """Stage new entities and sealed profiles, a chunk in a unit of work; how many of each kind.

        Entities are written between answers: the sealer need not wait for this process, nor this
        process for the sealer.
        """
        created: Counter[str] = Counter()
        sealed: Counter[str] = Counter()
        fresh: deque[pa.RecordBatch] = deque()
        with (
            self.progress.task("seal profiles", total) as advance,
            self.hub.sessions.bulk() as bulk,
        ):
            for work, answer in team.profiles(self._work(fresh, advance)):
                self._create(bulk, fresh, 1, created)
                self._store(bulk, work, answer, sealed)
                bulk.rest()
            self._create(bulk, fresh, len(fresh), created)
        return created, sealed

    def _create(
        self,
        bulk: Bulk,
        fresh: deque[pa.RecordBatch],
        batches: int,
        created: Counter[str],
    ) -> None:
        """Write some of the batches of new entities that wait."""
        for _ in range(min(batches, len(fresh))):
            batch = fresh.popleft()
            bulk.load(Entity, _ENTITY, rows_of(batch))
            kinds: list[Any] = batch.column(1).to_pylist()
            created.update(kinds)

    def _store(
        self, bulk: Bulk, work: pa.RecordBatch, answer: Sealed, sealed: Counter[str]
    ) -> None:
        """Write a batch's sealed profiles and new entity keys."""
        bulk.load(SealedProfile, PROFILE, profile_rows(self.keys, work, answer))
        bulk.load(EntityKey, KEY, key_rows(self.keys, work, answer))
        self._vouch(bulk, answer.digests)
        kinds: list[Any] = work.column("kind").to_pylist()
        sealed.update(compress(kinds, answer.changed))

    def _vouch(self, bulk: Bulk, digests: bytearray) -> None:
        """Keep digests for who verifies, and go on with the one over all of them."""
        if digests:
            bulk.load(SealedDigest, _DIGESTS, [(self.keys.run_seq, next(self.parts), digests)])
        self.digests.update(digests)

    def _work(self, fresh: deque[pa.RecordBatch], advance: Advance) -> Iterator[pa.RecordBatch]:
        """Golden profiles with what the hub holds of them, as WORK batches in order of entity id;
        new entities of the same chunk are left in `fresh`.

        A chunk at a time is put in order, so that no second copy of all contents is ever held.
        """
        for where in self._chunks():
            entities = self._united(f"SELECT * FROM {{kind}}_fresh WHERE {where}")
            fresh.extend(self.engine.fetch(entities).to_batches(BATCH))
            work = " UNION ALL ".join(self._golden(kind, where) for kind in self.kinds)
            for whole in self.engine.stream(f"SELECT * FROM ({work}) ORDER BY entity_id", BATCH):
                for start in range(0, whole.num_rows, BATCH):
                    part = whole.slice(start, BATCH)
                    columns = [c.cast(f.type) for c, f in zip(part.columns, WORK, strict=True)]
                    yield pa.record_batch(columns, schema=WORK)
                    advance(part.num_rows)

    def _chunks(self) -> Iterator[str]:
        """Conditions on entity_id that cut all golden profiles into chunks, in order."""
        ids = self._united(
            f"SELECT entity_id FROM {{kind}}_golden WHERE hash(entity_id) % {SAMPLED} = 0"
        )
        sample = self.engine.fetch(ids).column(0)
        cuts = [quote(str(cut)) for cut in sample[:: CHUNK // SAMPLED].to_pylist()]
        for low, high in pairwise([None, *cuts[1:], None]):
            above = f"entity_id >= {low}" if low is not None else "true"
            yield f"{above} AND entity_id < {high}" if high is not None else above

    def _golden(self, kind: str, where: str) -> str:
        """A chunk's profiles of one kind in the columns of WORK.

        A profile sealed under an older key version counts as changed: a rotation reseals it. So
        does one that lies in another region now: its family moved, and it did not say so itself.
        """
        region = "region" if "region" in self.engine.columns(f"{kind}_golden") else "NULL::VARCHAR"
        golden = f"SELECT entity_id, content, {region} AS region FROM {kind}_golden WHERE {where}"
        if self._count(f"{kind}_held") == 0:  # nothing to compare with
            return (
                f"SELECT entity_id, '{kind}' AS kind, content, region, NULL::INTEGER AS version, "
                "NULL::BLOB AS content_mac, NULL::BLOB AS wrapped, NULL::INTEGER AS wrapped_key_id "
                f"FROM ({golden})"
            )
        return (
            f"SELECT g.entity_id, '{kind}' AS kind, g.content, g.region, h.version, "
            f"CASE WHEN h.key_id = {self.keys.key_id} AND h.region IS NOT DISTINCT FROM g.region "
            "THEN h.content_mac END AS content_mac, "
            f"h.wrapped, h.wrapped_key_id FROM ({golden}) g "
            f"LEFT JOIN (SELECT * FROM {kind}_held WHERE {where}) h USING (entity_id)"
        )

    def _stage_tokens(self, team: Sealer, kind: str) -> None:
        seq, version = self.keys.run_seq, self.keys.index_version
        stage_tokens(
            self.hub, self.engine, kind, seq, version,
            sealer=team, progress=self.progress, only=self._only(kind),
        )  # fmt: skip

    def _stage_tombstones(self) -> Counter[str]:
        """End the profiles of entities that are golden no more."""
        ended: Counter[str] = Counter()
        gone = self.engine.fetch(
            self._united(
                "SELECT '{kind}' AS kind, entity_id, version + 1 AS version FROM {kind}_held "
                "ANTI JOIN {kind}_golden USING (entity_id) WHERE content_mac IS NOT NULL"
            )
        )
        key_id, rows, digests = self.keys.key_id, [], bytearray()
        for kind, entity_id, version in rows_of(gone):
            place = profile_place(entity_id, version, key_id)
            digests += profile_digest(place, kind, None, None)
            rows.append((entity_id, version, kind, self.keys.run_seq, key_id, None, None, None))
            ended[kind] += 1
        with self.hub.sessions.bulk() as bulk:
            bulk.load(SealedProfile, PROFILE, rows)
            self._vouch(bulk, digests)
        return ended

    def _only(self, kind: str) -> Collection[str] | None:
        return None if self.only is None else self.only.get(kind, ())

    def _united(self, sql: str) -> str:
        """One query over the tables of all kinds, in order of entity id."""
        parts = " UNION ALL ".join(sql.format(kind=kind) for kind in self.kinds)
        return f"SELECT * FROM ({parts}) ORDER BY entity_id"

    def _count(self, table: str) -> int:
        return int(self.engine.scalar(f"SELECT count(*) FROM {table}"))
