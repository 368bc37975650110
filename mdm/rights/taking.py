"""What an erasure takes from the lake: landed rows, the findings about them, what runs kept of the records and of the
families that they told of (`implied.py`).

Nothing is adopted here: files without the erased rows are written, and change places with the old ones in the
unit of work that carries the erasure out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session

from mdm.audit import changes, vouched
from mdm.compose import Hub
from mdm.contracts import Layout, contract_for, load_contracts
from mdm.contracts.ties import behind_key, landed_keys, parted, tie_columns
from mdm.hub.tables import Batch
from mdm.judgements import RecordRef
from mdm.lake import Keep, LakeFile
from mdm.rights.implied import ENTITIES, KEYS, Implied, Record, make_again, records
from mdm.rights.shredlist import ShredList

#: (source, layout) → landed record keys worth a look; None: look at every row.
Hint = Mapping[tuple[str, str], frozenset[str]]
#: Whether a source record (source, layout, record key) stood behind who is erased.
Erased = Callable[[Record], bool]


@dataclass
class Taken:
    """What leaves the lake: landed rows by batch, how many of them were quarantined, and the files
    that give their place to others. `persons`: whom runs took the records for; `implied`: the families that they told
    of; `renamed`: records left alone with a number, and what they are from now on; `jobs`: how many were ended that
    asked about the erased."""

    rows: dict[str, set[int]] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    swaps: list[tuple[LakeFile, LakeFile]] = field(default_factory=list)
    persons: set[str] = field(default_factory=set)
    implied: Implied = field(default_factory=Implied)
    renamed: dict[RecordRef, RecordRef] = field(default_factory=dict)
    jobs: int = 0

    @property
    def landed(self) -> int:
        """Landed rows taken out."""
        return sum(map(len, self.rows.values()))

    def adopt(self, hub: Hub, session: Session) -> None:
        """Swap the files and mend the batches' counts, in the caller's unit of work."""
        changes.note(session, vouched.FILES, *sorted({old.owner for old, _ in self.swaps}))
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


def take_landed(
    hub: Hub, shred: ShredList, files: Iterable[LakeFile], hint: Hint | None = None
) -> Taken:
    """Write landed files without the erased rows, and the findings about them; adopt nothing yet."""
    taken, contracts = Taken(), load_contracts(hub.settings.home / "contracts")
    for file in files:
        _, source, name = file.dataset.split("/")
        layout = contract_for(contracts, source).layout(name)
        keys = None if hint is None else hint.get((source, name), frozenset())
        rows: set[int] = set()
        for batch in hub.lake.batches(file, (*_LANDED, *tie_columns(layout))):
            rows |= set(_doomed_rows(hub, shred, source, layout, batch, keys))
        if rows:
            taken.rows.setdefault(file.owner, set()).update(rows)
            taken.swaps.append((file, hub.lake.rewrite(file, _without(rows))))
    for file in hub.lake.files("findings"):
        if file.owner in taken.rows:
            _take_findings(hub, taken, file)
    return taken


_LANDED = ("record_key", "row_digest", "row")


def _doomed_rows(  # noqa: PLR0917 - of which file, and where to look
    hub: Hub,
    shred: ShredList,
    source: str,
    layout: Layout,
    batch: pa.RecordBatch,
    keys: frozenset[str] | None,
) -> Iterator[int]:
    """Numbers of the rows of a landed file that the list names."""
    batch = batch.filter(pc.is_valid(batch["record_key"]))
    if keys is not None:
        batch = batch.filter(pc.is_in(batch["record_key"], pa.array(sorted(keys), pa.string())))
    behind = _behind(hub, layout, batch) if shred.shared else [""] * batch.num_rows
    columns = (batch[name].to_pylist() for name in _LANDED)
    for key, digest, row, own in zip(*columns, behind, strict=True):
        if shred.names(source, layout.name, key, behind=own, digest=digest or ""):
            yield row


def _behind(hub: Hub, layout: Layout, batch: pa.RecordBatch) -> list[str]:
    """Digests of what identifies the rows behind their keys: what tells them from others of their key."""
    engine = hub.engine(threads=1)
    try:
        numbered = pa.table(batch).append_column(
            "place", pa.array(range(batch.num_rows), pa.int64())
        )
        engine.register("landed_rows", numbered)
        sql = f"SELECT {behind_key(layout, 'l')} AS behind FROM landed_rows l ORDER BY place"
        return [row["behind"] for row in engine.fetch(sql).to_pylist()]
    finally:
        engine.close()


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


def take_linked(hub: Hub, erased: Erased, taken: Taken, hint: Hint | None) -> None:
    """Leave the records out of every table that runs kept of records by their keys, and what only they told of their
    families."""
    keys = None if hint is None else pa.array(set[str]().union(*hint.values()), pa.string())
    alone, cards = _alone(hub, erased), set[str]()
    taken.renamed = {RecordRef(*one): RecordRef(*one[:2], key) for one, key in alone.items()}
    for file in _kept(hub, "person"):
        doomed = []
        for batch in hub.lake.batches(file, (*KEYS, *ENTITIES, "kk")):
            doomed += batch.filter(_erased(erased, batch, keys)).to_pylist()
        for row in doomed:
            taken.persons |= {row[name] for name in ENTITIES if row.get(name) is not None}
            cards |= {row["kk"]} - {None} if "kk" in row else set()
        if doomed:
            taken.swaps.append((file, hub.lake.rewrite(file, _staying(erased, keys, alone))))
    taken.implied = make_again(hub, cards, erased)
    for file in (*_kept(hub, "family"), *_kept(hub, "household")):
        made = taken.implied.rewrite(hub, file)
        if made is not None:
            taken.swaps.append((file, made))


def _alone(hub: Hub, erased: Erased) -> Mapping[Record, str]:
    """The records that are left alone with a key that they shared with an erased one, or that had it next: the next run
    gives it to them without a tie (mdm/validation/doubles.py, hands.py), and must know them by it, so that they keep
    their id."""
    tied: dict[Record, set[Record]] = {}
    for file in hub.lake.files("run/person_links"):
        for batch in hub.lake.batches(file, KEYS):
            for record in records(batch.filter(pc.match_substring(batch["record_key"], "#"))):
                key = *record[:2], parted(record[2])[0]
                if key != record and erased(key) and not erased(record):
                    tied.setdefault(key, set()).add(record)
    began = _began(hub) if tied else {}
    found: dict[Record, str] = {}
    for key, some in tied.items():
        next_ = sorted((began[one], one) for one in some if one in began)
        if next_ or len(some) == 1:
            found[next_[0][1] if next_ else some.pop()] = key[2]
    return found


def _began(hub: Hub) -> Mapping[Record, str]:
    """When the records began that have a tie because their key had been another's before."""
    found: dict[Record, str] = {}
    for file in hub.lake.files("run/person_hands"):
        for batch in hub.lake.batches(file, (*KEYS, "landed_key", "since", "beside")):
            tied = batch.filter(pc.match_substring(batch["record_key"], "#"))
            for record, row in zip(records(tied), tied.to_pylist(), strict=True):
                if not row["beside"] and parted(record[2])[0] == row["landed_key"]:
                    found[record] = min(row["since"], found.get(record, row["since"]))
    return found


def _staying(erased: Erased, keys: pa.Array[Any] | None, alone: Mapping[Record, str]) -> Keep:
    """What is left of a table of persons' records."""

    def staying(batch: pa.RecordBatch) -> pa.RecordBatch:
        batch = batch.filter(pc.invert(_erased(erased, batch, keys)))
        if not alone:
            return batch
        named = [alone.get(record, record[2]) for record in records(batch)]
        at = batch.schema.get_field_index("record_key")
        return batch.set_column(at, batch.schema.field(at), pa.array(named, pa.string()))

    return staying


def _kept(hub: Hub, kind: str) -> Iterator[LakeFile]:
    """The files of runs with records of a kind."""
    for dataset in hub.lake.datasets(f"run/{kind}_"):
        for file in hub.lake.files(dataset):
            if not set(KEYS) <= set(hub.lake.columns(file)):
                break
            yield file


def _erased(erased: Erased, batch: pa.RecordBatch, keys: pa.Array[Any] | None) -> pa.Array[Any]:
    """Which rows name an erased record. `keys`: of those that landed with one of these; None: of all."""
    worth = pc.is_valid(batch["record_key"])
    if keys is not None:
        worth = pc.and_(worth, pc.is_in(landed_keys(batch["record_key"]), keys))
    named = [erased(record) for record in records(batch.filter(worth))]
    found: pa.Array[Any] = pc.replace_with_mask(worth, worth, pa.array(named, pa.bool_()))
    return found
