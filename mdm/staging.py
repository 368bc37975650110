"""Stage what a run changed: sealed, written, and seen by nobody until the run is published."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter

import pyarrow as pa
from sqlmodel import Session, col, update

from matching.engine import Engine
from mdm.arrow import rows_of
from mdm.compose import Hub
from mdm.hub.tables import Entity, EntityEvent, EntityKey, SealedProfile
from mdm.progress import Progress
from mdm.sealers import WORK, Sealed, SealingKeys, seal_all, sealers
from mdm.standing import hold
from mdm.tokens import stage_tokens

BATCH = 4_000  # profiles per sealing batch
CHUNK = 40_000  # rows per unit of work
_PROFILE = ("entity_id", "version", "kind", "run_seq", "key_id", "content_mac", "ciphertext")
_KEY = ("entity_id", "key_id", "run_seq", "wrapped")
_ENTITY = ("entity_id", "kind", "created_run", "status", "merged_into")
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
    seq: int
    keys: SealingKeys
    progress: Progress
    digests: list[bytes] = field(default_factory=list, repr=False)

    def stage(self, kind: str) -> Published:
        """Write all that changed for one kind, in units of work that no reader sees."""
        hold(self.hub, self.engine, kind)
        created = self._stage_entities(kind)
        total = int(self.engine.scalar(f"SELECT count(*) FROM {kind}_golden"))
        sealed = self._stage_profiles(kind, total)
        tombstones = self._stage_tombstones(kind)
        if "niks" in self.engine.columns(f"{kind}_golden"):
            stage_tokens(self.hub, self.engine, kind, self.seq, progress=self.progress)
        redirected = int(self.engine.scalar(f"SELECT count(*) FROM {kind}_turned"))
        return Published(sealed, total - sealed, tombstones, created, redirected)

    def turn_entities(self, session: Session, kind: str) -> None:
        """Known entities that were merged, or live again: visible with the commit of the run."""
        turned = self.engine.fetch(f"SELECT entity_id, status, merged_into FROM {kind}_turned")
        for row in turned.to_pylist():
            session.exec(
                update(Entity)
                .where(col(Entity.entity_id) == row["entity_id"])
                .values(status=row["status"], merged_into=row["merged_into"])
            )

    def write_events(self, session: Session, kind: str) -> None:
        """Keep, merge and split events. A creation is told by the entity's own row."""
        if not self.engine.exists(f"{kind}_entity_events"):
            return
        events = self.engine.fetch(
            "SELECT entity_id, event, other_entity_id, records "
            f"FROM {kind}_entity_events WHERE event <> 'create' ORDER BY ALL"
        )
        rows = [(self.seq, i, kind, e, o, n) for i, e, o, n in rows_of(events)]
        self.hub.dialect.load(session.connection(), EntityEvent, _EVENT, rows)

    def digest(self) -> str:
        """One digest over all new ciphertexts, whatever order they were sealed in."""
        return hashlib.sha256(b"".join(sorted(self.digests))).hexdigest()

    def _stage_entities(self, kind: str) -> int:
        """New entities are staged now; what changed for known ones waits in `<kind>_turned`."""
        self.engine.table(
            f"{kind}_turned",
            f"SELECT e.entity_id, e.status, e.merged_into FROM {kind}_entities e "
            f"JOIN {kind}_known k USING (entity_id) "
            "WHERE e.status <> k.status OR e.merged_into IS DISTINCT FROM k.merged_into",
        )
        fresh = self.engine.stream(
            f"SELECT entity_id, status, merged_into FROM {kind}_entities "
            f"ANTI JOIN {kind}_known USING (entity_id) ORDER BY entity_id"
        )
        created = 0
        for batch in fresh:
            rows = [(i, kind, self.seq, status, into) for i, status, into in rows_of(batch)]
            with self.hub.sessions.connect() as connection:
                created += self.hub.dialect.load(connection, Entity, _ENTITY, rows)
        return created

    def _stage_profiles(self, kind: str, total: int) -> int:
        """Seal what changed and stage it, chunk by chunk; how many new versions there are."""
        sealed = 0
        with (
            self.progress.task(f"seal {kind} profiles", total) as advance,
            sealers(self.keys, total) as team,
        ):
            for chunk in _chunks(seal_all(team, self._work(kind, advance))):
                sealed += self._store(kind, chunk)
        return sealed

    def _work(self, kind: str, advance: Callable[[int], None]) -> Iterator[pa.RecordBatch]:
        """Golden profiles with what the hub holds of them, as WORK batches.

        A profile sealed under an older key version counts as changed: a rotation reseals it.
        """
        if self.engine.scalar(f"SELECT count(*) FROM {kind}_held"):
            sql = (
                "SELECT g.entity_id, g.content, h.version, "
                f"CASE WHEN h.key_id = {self.keys.key_id} THEN h.content_mac END AS content_mac, "
                "h.wrapped, h.wrapped_key_id "
                f"FROM {kind}_golden g LEFT JOIN {kind}_held h USING (entity_id)"
            )
        else:  # nothing to compare with: no join has to carry the contents
            sql = f"SELECT entity_id, content, NULL, NULL, NULL, NULL FROM {kind}_golden"
        for batch in self.engine.stream(sql, BATCH):
            for start in range(0, batch.num_rows, BATCH):
                part = batch.slice(start, BATCH)
                columns = [c.cast(f.type) for c, f in zip(part.columns, WORK, strict=True)]
                yield pa.record_batch(columns, schema=WORK)
                advance(part.num_rows)

    def _store(self, kind: str, chunk: list[Sealed]) -> int:
        """One unit of work: sealed profiles and new entity keys of a chunk."""
        chunk = sorted(chunk, key=attrgetter("entity_id"))  # neighbours share index pages
        key_id = self.keys.key_id
        profiles = [
            (s.entity_id, s.version, kind, self.seq, key_id, s.content_mac, s.ciphertext)
            for s in chunk
        ]
        wraps = [(s.entity_id, key_id, self.seq, s.wrapped) for s in chunk if s.wrapped]
        self.digests.extend(s.digest for s in chunk)
        with self.hub.sessions.connect() as connection:
            self.hub.dialect.load(connection, SealedProfile, _PROFILE, profiles)
            self.hub.dialect.load(connection, EntityKey, _KEY, wraps)
        return len(profiles)

    def _stage_tombstones(self, kind: str) -> int:
        """End the profiles of entities that are golden no more."""
        gone = self.engine.fetch(
            f"SELECT entity_id, version FROM {kind}_held "
            f"ANTI JOIN {kind}_golden USING (entity_id) WHERE content_mac IS NOT NULL"
        )
        rows = [
            (entity_id, version + 1, kind, self.seq, self.keys.key_id, None, None)
            for entity_id, version in rows_of(gone)
        ]
        with self.hub.sessions.connect() as connection:
            return self.hub.dialect.load(connection, SealedProfile, _PROFILE, rows)


def _chunks(batches: Iterator[list[Sealed]]) -> Iterator[list[Sealed]]:
    """Batches gathered into chunks of about CHUNK rows."""
    held: list[Sealed] = []
    for batch in batches:
        held.extend(batch)
        if len(held) >= CHUNK:
            yield held
            held = []
    if held:
        yield held
