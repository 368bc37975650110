"""What an erasure takes from the lake: landed rows, the findings about them, what runs kept of the records.

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
from mdm.contracts.ties import tie, tie_columns
from mdm.hub.tables import Batch
from mdm.lake import LakeFile
from mdm.rights.shredlist import ShredList

KEYS = ("source", "layout", "record_key")
#: (source, layout) → landed record keys worth a look; None: look at every row.
Hint = Mapping[tuple[str, str], frozenset[str]]
#: Whether a source record (source, layout, record key) stood behind who is erased.
Erased = Callable[[tuple[str, str, str]], bool]


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
    ties = _ties(hub, layout, batch) if shred.shared else [""] * batch.num_rows
    columns = (batch[name].to_pylist() for name in _LANDED)
    for key, digest, row, own in zip(*columns, ties, strict=True):
        if shred.names(source, layout.name, key, tie=own, digest=digest or ""):
            yield row


def _ties(hub: Hub, layout: Layout, batch: pa.RecordBatch) -> list[str]:
    """What tells the rows from others of their key."""
    engine = hub.engine(threads=1)
    try:
        numbered = pa.table(batch).append_column(
            "place", pa.array(range(batch.num_rows), pa.int64())
        )
        engine.register("landed_rows", numbered)
        found = engine.fetch(f"SELECT {tie(layout, 'l')} AS tie FROM landed_rows l ORDER BY place")
        return [row["tie"] for row in found.to_pylist()]
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
    """Leave the records out of every table that runs kept of records by their keys."""
    sources = {source for source, _ in hint or ()}
    for dataset in hub.lake.datasets("run/"):
        for file in hub.lake.files(dataset):
            if not set(KEYS) <= set(hub.lake.columns(file)):
                break
            doomed = False
            for batch in hub.lake.batches(file, KEYS):
                doomed = doomed or pc.any(_erased(erased, batch, sources)).as_py()
            if doomed:
                fresh = hub.lake.rewrite(
                    file, lambda batch: batch.filter(pc.invert(_erased(erased, batch, sources)))
                )
                taken.swaps.append((file, fresh))


def _erased(erased: Erased, batch: pa.RecordBatch, sources: set[str]) -> pa.Array[Any]:
    """Which rows name an erased record. `sources`: only records of these are looked at, if any."""
    columns = [batch[name].to_pylist() for name in KEYS]
    return pa.array(
        [
            None not in record and (not sources or record[0] in sources) and erased(record)
            for record in zip(*columns, strict=True)
        ],
        pa.bool_(),
    )
