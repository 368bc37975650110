"""Carrying an erasure out: what it takes from the lake and from the database, once, as a whole.

The same code serves the first time and the replay after a restore: it knows the entries of the shred
list only, so that nobody need remember who was erased. Call it under the work lock.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session, col, delete, func, or_, select, update

from mdm import audit, judgements
from mdm.compose import Hub
from mdm.corrections import forgetting as corrections
from mdm.exchanges import Exchanges
from mdm.hub.runs import published_seq
from mdm.hub.tables import (
    Batch,
    Entity,
    EntityEvent,
    EntityKey,
    EntityQuestion,
    JudgementKey,
    NikToken,
    SealedProfile,
    ShredEntry,
)
from mdm.jobs import forgetting as jobs
from mdm.judgements import RecordRef
from mdm.lake import LakeFile
from mdm.opening import niks_told, open_every_version
from mdm.publishing import clear_staged
from mdm.review import forgetting as review
from mdm.rights.shredlist import Erasure, ShredList
from mdm.work.progress import Progress

ERASED = "erased"  # status of an entity whose key was shredded
KEYS = ("source", "layout", "record_key")
Layouts = Iterable[tuple[str, str]]
#: (source, layout) → landed record keys worth a look; None: look at every row.
Hint = Mapping[tuple[str, str], frozenset[str]]


@dataclass
class Taken:
    """What leaves the lake: landed rows by batch, how many of them were quarantined, and the files
    that give their place to others. `jobs`: how many were ended that asked about the erased."""

    rows: dict[str, set[int]] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    swaps: list[tuple[LakeFile, LakeFile]] = field(default_factory=list)
    jobs: int = 0

    @property
    def landed(self) -> int:
        """Landed rows taken out."""
        return sum(map(len, self.rows.values()))

    def settle(self, hub: Hub, session: Session) -> None:
        """Swap the files and mend the batches' counts, in the caller's unit of work."""
        for old, new in self.swaps:
            hub.lake.swap(session, old, new)
        for name, rows in self.rows.items():
            batch = session.get_one(Batch, name)
            batch.erased += len(rows)
            if batch.accepted is not None and batch.quarantined is not None:
                kept_out = self.quarantined.get(name, 0)
                batch.quarantined -= kept_out
                batch.accepted -= len(rows) - kept_out
            session.add(batch)


def carry_out(
    hub: Hub, shred: ShredList, n: int, progress: Progress, *, actor: str, hint: Hint | None = None
) -> Taken:
    """Do what line `n` of the list says, and note that it is done, in one unit of work."""
    erasure = dict(shred.erasures).get(n)
    if erasure is None:
        with hub.sessions.begin() as session:
            session.add(ShredEntry(n=n, line=shred.lines[n]))
        return Taken()
    clear_staged(hub)
    with progress.task("take records out of the lake"):
        taken = take_landed(hub, shred, _files(hub, erasure.layouts), hint)
        _take_linked(hub, shred, taken, hint)
    with hub.sessions.begin() as session:
        session.add(ShredEntry(n=n, line=shred.lines[n]))
        taken.settle(hub, session)
        counts = _shred(hub, session, shred, erasure) | {"landed": taken.landed}
        taken.jobs = counts["jobs"]
        audit.record(
            session,
            actor,
            "erase",
            entity_id=list(erasure.entities),
            reason=erasure.reason,
            approved_by=erasure.approved_by,
            requested_by=erasure.actor,
            counts=counts,
        )
    hub.lake.remove(old for old, _ in taken.swaps)
    hub.sessions.scrub("entity_key", "judgement_key", "correction_key", "nik_token")
    return taken


def take_landed(
    hub: Hub, shred: ShredList, files: Iterable[LakeFile], hint: Hint | None = None
) -> Taken:
    """Write landed files without the erased rows, and the findings about them; adopt nothing yet."""
    taken = Taken()
    for file in files:
        _, source, layout = file.dataset.split("/")
        keys = None if hint is None else hint.get((source, layout), frozenset())
        rows: set[int] = set()
        for batch in hub.lake.batches(file, ("record_key", "row_digest", "row")):
            rows |= set(_doomed_rows(shred, source, layout, batch, keys))
        if rows:
            taken.rows.setdefault(file.owner, set()).update(rows)
            taken.swaps.append((file, hub.lake.rewrite(file, _without(rows))))
    for file in hub.lake.files("findings"):
        if file.owner in taken.rows:
            _take_findings(hub, taken, file)
    return taken


def _files(hub: Hub, layouts: Layouts) -> Iterator[LakeFile]:
    for source, layout in layouts:
        yield from hub.lake.files(f"landed/{source}/{layout}")


def _doomed_rows(
    shred: ShredList, source: str, layout: str, batch: pa.RecordBatch, keys: frozenset[str] | None
) -> Iterator[int]:
    """Numbers of the rows of a landed file that the list names."""
    if keys is not None:
        batch = batch.filter(pc.is_in(batch["record_key"], pa.array(sorted(keys), pa.string())))
    columns = (batch[name].to_pylist() for name in ("record_key", "row_digest", "row"))
    for key, digest, row in zip(*columns, strict=True):
        if key is not None and (
            shred.mac(source, layout, key) in shred.records
            or (shred.rows and shred.mac(source, layout, key, digest or "") in shred.rows)
        ):
            yield row


def _without(rows: set[int]) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    gone = pa.array(sorted(rows), pa.int32())
    return lambda batch: batch.filter(pc.invert(pc.is_in(batch["row"], gone)))


def _take_findings(hub: Hub, taken: Taken, file: LakeFile) -> None:
    rows, kept_out = taken.rows[file.owner], set()
    found = 0
    for batch in hub.lake.batches(file, ("row", "severity")):
        for row, severity in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            found += row in rows
            if row in rows and severity == "quarantine":
                kept_out.add(row)
    if found:
        taken.quarantined[file.owner] = taken.quarantined.get(file.owner, 0) + len(kept_out)
        taken.swaps.append((file, hub.lake.rewrite(file, _without(rows))))


def _take_linked(hub: Hub, shred: ShredList, taken: Taken, hint: Hint | None) -> None:
    """Leave the records out of every table that runs kept of records by their keys."""
    sources = {source for source, _ in hint or ()}
    for dataset in hub.lake.datasets("run/"):
        for file in hub.lake.files(dataset):
            if not set(KEYS) <= set(hub.lake.columns(file)):
                break
            doomed = False
            for batch in hub.lake.batches(file, KEYS):
                doomed = doomed or pc.any(_erased(shred, batch, sources)).as_py()
            if doomed:
                fresh = hub.lake.rewrite(
                    file, lambda batch: batch.filter(pc.invert(_erased(shred, batch, sources)))
                )
                taken.swaps.append((file, fresh))


def _erased(shred: ShredList, batch: pa.RecordBatch, sources: set[str]) -> pa.Array[Any]:
    """Which rows name an erased record. `sources`: only records of these are looked at, if any."""
    columns = [batch[name].to_pylist() for name in KEYS]
    return pa.array(
        [
            None not in record
            and (not sources or record[0] in sources)
            and shred.mac(*record) in shred.records
            for record in zip(*columns, strict=True)
        ],
        pa.bool_(),
    )


def _shred(hub: Hub, session: Session, shred: ShredList, erasure: Erasure) -> dict[str, int]:
    """Everything in the database that would tell of the erased; how much of each there was."""
    ids = list(erasure.entities)

    def erased(ref: RecordRef) -> bool:
        return shred.mac(*ref) in shred.records

    counts = {
        "exchanges": Exchanges(hub.keys).forget_answers(session),
        "jobs": jobs.forget(hub, session, niks_told(hub, session, ids)),
        "versions shared": _blank_shared(hub, session, shred, erasure),
        "judgements": _forget_judgements(hub, session, shred),
        "corrections": corrections.forget(hub, session, ids, erased),
        "answers": review.forget(hub, session, ids, erased),
    }
    _bury(hub, session, ids)
    gone = {
        "keys": delete(EntityKey).where(col(EntityKey.entity_id).in_(ids)),
        "tokens": delete(NikToken).where(col(NikToken.entity_id).in_(ids)),
        "questions": delete(EntityQuestion).where(
            or_(col(EntityQuestion.entity_id).in_(ids), col(EntityQuestion.other).in_(ids))
        ),
    }
    return counts | {name: session.exec(one).rowcount for name, one in gone.items()}


def _bury(hub: Hub, session: Session, ids: Sequence[str]) -> None:
    """A tombstone as the newest version of each profile; no digest of what it said."""
    seq, key_id = published_seq(session), hub.keys.domain("profile").version
    for entity_id in ids:
        session.exec(
            update(SealedProfile)
            .where(col(SealedProfile.entity_id) == entity_id)
            .values(content_mac=None, region=None)
        )
        version = session.exec(
            select(func.max(SealedProfile.version)).where(SealedProfile.entity_id == entity_id)
        ).one()
        newest = session.get(SealedProfile, (entity_id, version)) if version else None
        if newest is not None and newest.ciphertext is not None:
            session.add(
                SealedProfile(
                    entity_id=entity_id,
                    version=newest.version + 1,
                    kind=newest.kind,
                    run_seq=seq,
                    key_id=key_id,
                )
            )
        entity = session.get(Entity, entity_id)
        if entity is not None and entity.merged_into is None:
            entity.status = ERASED
    session.flush()


def _blank_shared(hub: Hub, session: Session, shred: ShredList, erasure: Erasure) -> int:
    """Old versions of other entities, from a time when records of both were taken for one. That they
    are gone is on record, so that the log does not miss them."""
    ids = erasure.entities
    events = session.exec(
        select(EntityEvent.entity_id, EntityEvent.other).where(
            or_(col(EntityEvent.entity_id).in_(ids), col(EntityEvent.other).in_(ids))
        )
    ).all()
    others = {one for pair in events for one in pair if one} - set(ids)
    blank = [
        opened
        for opened in open_every_version(hub, session, sorted(others))
        if any(
            shred.mac(*record[:3]) in shred.records
            for record in json.loads(opened.content)["records"]
        )
    ]
    for opened in blank:
        session.exec(
            update(SealedProfile)
            .where(
                col(SealedProfile.entity_id) == opened.entity_id,
                col(SealedProfile.version) == opened.version,
            )
            .values(ciphertext=None, content_mac=None)
        )
    if blank:
        audit.record(
            session,
            "system",
            "blank",
            entity_id=sorted({opened.entity_id for opened in blank}),
            reason=erasure.reason,
            counts={"versions": len(blank)},
        )
    return len(blank)


def _forget_judgements(hub: Hub, session: Session, shred: ShredList) -> int:
    """The keys of judgements about erased records: who judged stays, about whom does not."""
    gone = [
        judgement.id
        for judgement, pair in judgements.pairs(hub, session)
        if any(shred.mac(*record) in shred.records for record in pair)
    ]
    for identity in gone:
        session.exec(delete(JudgementKey).where(col(JudgementKey.id) == identity))
    return len(gone)
