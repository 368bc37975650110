"""The way back to the provider: what was found, and the rows that stay out, in files they can open,
mend and resubmit. What they have mended and delivered since is left out (`standing.py`).

These files hold personal data as typed. They are written only when asked for, only to the path
given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
from sqlmodel import col, select

from matching.cleaners import quote
from mdm.arrow import rows_of
from mdm.compose import Hub
from mdm.contracts import Contract, Layout, contract_for, load_contracts
from mdm.errors import UsageError
from mdm.files.sheets import Row, guarded, write_csv, write_xlsx
from mdm.hub.tables import Batch
from mdm.validation.quality import QualityRules, load_quality
from mdm.validation.standing import hold_standing

#: The rows of a layout that are kept out.
_Kept = tuple[Contract, Layout, Iterator[dict[str, object]]]

#: Of a batch: the rows of which findings stand, and whether they are kept out.
_Standing = Callable[[Batch], Mapping[object, bool]]

HEADER = (
    "source", "layout", "file", "row", "column", "rule", "severity", "value",
    "alasan", "reason", "tindakan", "what_to_do",
)  # fmt: skip


@dataclass(frozen=True)
class FindingsFile:
    """What was written: findings, quarantined rows, the files (first the one asked for)."""

    findings: int
    quarantined: int
    files: tuple[Path, ...]


def write_findings(
    hub: Hub,
    out: Path,
    source: str | None = None,
    batch: str | None = None,
    fmt: Literal["csv", "xlsx"] = "csv",
) -> FindingsFile:
    """Write the findings that stand, of a source, of a batch or of all batches, and beside them the
    quarantined rows.

    CSV: one file for the findings, and per layout with quarantined rows
    `<out>.<source>.<layout>.quarantine.csv` in the layout's own form. XLSX: one workbook with a
    sheet for each. UsageError when there is no such batch.
    """
    batches = _batches(hub, source, batch)
    contracts = load_contracts(hub.settings.home / "contracts")
    layouts = list(dict.fromkeys((b.source, b.layout) for b in batches))
    held = [
        (contract_for(contracts, s), contract_for(contracts, s).layout(name)) for s, name in layouts
    ]
    with _standing(hub) as standing:
        told = _findings(hub, batches, standing, load_quality())
        kept = [
            (contract, layout, _quarantined(hub, batches, standing, contract, layout))
            for contract, layout in held
        ]
        write = _write_workbook if fmt == "xlsx" else _write_texts
        return write(out, told, kept)


def _batches(hub: Hub, source: str | None, batch: str | None) -> list[Batch]:
    with hub.sessions.read() as session:
        held = session.exec(select(Batch).order_by(col(Batch.created), col(Batch.file))).all()
    chosen = [b for b in held if source in (None, b.source) and batch in (None, b.id)]
    if not chosen and (source or batch):
        raise UsageError("No batch has landed that fits.", "See `dtsen status` for the batches.")
    return chosen


@contextmanager
def _standing(hub: Hub) -> Iterator[_Standing]:
    """What stands, asked one batch at a time: there may be more findings than fit into memory as Python's rows."""
    engine = hub.engine()
    try:
        said = hold_standing(hub, engine, "found")

        def of(batch: Batch) -> Mapping[object, bool]:
            if not said:
                return {}
            sql = """SELECT "row", bool_or(severity = 'quarantine') AS out FROM found"""
            return dict(
                rows_of(engine.fetch(f'{sql} WHERE batch = {quote(batch.id)} GROUP BY "row"'))
            )

        yield of
    finally:
        engine.close()


def _findings(
    hub: Hub, batches: Sequence[Batch], standing: _Standing, rules: QualityRules
) -> Iterator[Row]:
    """All findings that stand, batch by batch, as they are written."""
    for batch in batches:
        stands = standing(batch)
        for row in _rows(hub, "findings", batch.id) if stands else ():
            if row["row"] not in stands:
                continue
            rule = rules[str(row["rule"])]
            yield (
                row["source"], row["layout"], row["file"], row["row"], row["column_name"],
                rule.name,
                row["severity"], row["value"], rule.reason.id, rule.reason.en, rule.remedy.id,
                rule.remedy.en,
            )  # fmt: skip


def _quarantined(
    hub: Hub, batches: Sequence[Batch], standing: _Standing, contract: Contract, layout: Layout
) -> Iterator[dict[str, object]]:
    """The landed rows that are still kept out, as they stood, each once."""
    dataset = f"landed/{contract.source}/{layout.name}"
    for batch in batches:
        if (batch.source, batch.layout) != (contract.source, layout.name):
            continue
        if out := {row for row, kept_out in standing(batch).items() if kept_out}:
            yield from (row for row in _rows(hub, dataset, batch.id) if row["row"] in out)


def _write_texts(out: Path, told: Iterator[Row], kept: Sequence[_Kept]) -> FindingsFile:
    files = [out]
    found, rows_out = write_csv(out, HEADER, map(guarded, told)), 0
    for contract, layout, rows in kept:
        if held := list(rows):
            path = out.with_name(f"{out.stem}.{contract.source}.{layout.name}.quarantine.csv")
            rows_out += _write_layout(path, contract, layout, held)
            files.append(path)
    return FindingsFile(found, rows_out, tuple(files))


def _write_layout(
    path: Path, contract: Contract, layout: Layout, rows: Sequence[dict[str, object]]
) -> int:
    return write_csv(
        path,
        layout.columns,
        [_cells(layout, row) for row in rows if row["_text"] is None],
        delimiter=contract.file.delimiter,
        loose=[str(row["_text"]) for row in rows if row["_text"] is not None],
    )


def _cells(layout: Layout, row: dict[str, object]) -> list[object]:
    return [row[layout.landed_name(column)] for column in layout.columns]


def _write_workbook(out: Path, told: Iterator[Row], kept: Sequence[_Kept]) -> FindingsFile:
    sheets: list[tuple[str, Row, Iterator[Row]]] = [("findings", HEADER, told)]
    for _, layout, rows in kept:
        if held := list(rows):
            cells = [
                _cells(layout, row) if row["_text"] is None else [str(row["_text"])] for row in held
            ]
            sheets.append((f"{layout.name} quarantine", layout.columns, iter(cells)))
    counts = write_xlsx(out, sheets)
    return FindingsFile(counts[0], sum(counts[1:]), (out,))


def _rows(hub: Hub, dataset: str, owner: str) -> Iterator[dict[str, object]]:
    """The rows of one owner in a dataset, one by one."""
    reader = hub.lake.reader(dataset, owner)
    batches: Iterator[pa.RecordBatch] = iter(reader or ())
    for batch in batches:
        yield from batch.to_pylist()
