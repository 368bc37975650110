"""The way back to the provider: what was found, and the rows that stay out, in files they can open,
mend and resubmit. What they have mended and delivered since is left out (`standing.py`).

These files hold personal data as typed. They are written only when asked for, only to the path
given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
from sqlmodel import col, select

from mdm.arrow import rows_of
from mdm.compose import Hub
from mdm.contracts import Contract, Layout, contract_for, load_contracts
from mdm.errors import UsageError
from mdm.files.sheets import Row, guarded, write_csv, write_xlsx
from mdm.hub.tables import Batch
from mdm.validation.quality import QualityRules, load_quality
from mdm.validation.standing import hold_standing

#: The rows of a batch of which findings stand, and whether they are kept out.
_Rows = Mapping[object, bool]

_Told = tuple[Batch, _Rows]

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
    rules = load_quality()
    layouts = list(dict.fromkeys((b.source, b.layout) for b, _ in batches))
    held = [
        (contract_for(contracts, s), contract_for(contracts, s).layout(name)) for s, name in layouts
    ]
    if fmt == "xlsx":
        return _write_workbook(hub, out, batches, held, rules)
    found = write_csv(out, HEADER, (guarded(row) for row in _findings(hub, batches, rules)))
    files, kept = [out], 0
    for contract, layout in held:
        out_rows = list(_quarantined(hub, batches, contract, layout))
        if out_rows:
            path = out.with_name(f"{out.stem}.{contract.source}.{layout.name}.quarantine.csv")
            kept += _write_layout(path, contract, layout, out_rows)
            files.append(path)
    return FindingsFile(found, kept, tuple(files))


def _batches(hub: Hub, source: str | None, batch: str | None) -> list[_Told]:
    with hub.sessions.read() as session:
        held = session.exec(select(Batch).order_by(col(Batch.created), col(Batch.file))).all()
    chosen = [b for b in held if source in (None, b.source) and batch in (None, b.id)]
    if not chosen and (source or batch):
        raise UsageError("No batch has landed that fits.", "See `dtsen status` for the batches.")
    standing = _standing(hub)
    return [(b, standing.get(b.id, {})) for b in chosen]


def _standing(hub: Hub) -> Mapping[str, _Rows]:
    engine = hub.engine()
    try:
        if not hold_standing(hub, engine, "found"):
            return {}
        sql = """SELECT batch, "row", bool_or(severity = 'quarantine') AS out FROM found GROUP BY ALL"""
        standing: dict[str, dict[object, bool]] = defaultdict(dict)
        for batch, row, out in rows_of(engine.fetch(sql)):
            standing[batch][row] = out
        return standing
    finally:
        engine.close()


def _findings(hub: Hub, batches: Sequence[_Told], rules: QualityRules) -> Iterator[Row]:
    """All findings that stand, batch by batch, as they are written."""
    for batch, standing in batches:
        for row in _rows(hub, "findings", batch.id) if standing else ():
            if row["row"] not in standing:
                continue
            rule = rules[str(row["rule"])]
            yield (
                row["source"], row["layout"], row["file"], row["row"], row["column_name"],
                rule.name,
                row["severity"], row["value"], rule.reason.id, rule.reason.en, rule.remedy.id,
                rule.remedy.en,
            )  # fmt: skip


def _quarantined(
    hub: Hub, batches: Sequence[_Told], contract: Contract, layout: Layout
) -> Iterator[dict[str, object]]:
    """The landed rows that are still kept out, as they stood, each once."""
    dataset = f"landed/{contract.source}/{layout.name}"
    for batch, standing in batches:
        out = {row for row, kept_out in standing.items() if kept_out}
        if (batch.source, batch.layout) == (contract.source, layout.name) and out:
            yield from (row for row in _rows(hub, dataset, batch.id) if row["row"] in out)


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


def _write_workbook(
    hub: Hub,
    out: Path,
    batches: Sequence[_Told],
    held: Sequence[tuple[Contract, Layout]],
    rules: QualityRules,
) -> FindingsFile:
    sheets: list[tuple[str, Row, Iterator[Row]]] = [
        ("findings", HEADER, _findings(hub, batches, rules))
    ]
    for contract, layout in held:
        rows = list(_quarantined(hub, batches, contract, layout))
        if rows:
            cells = (
                _cells(layout, row) if row["_text"] is None else [str(row["_text"])] for row in rows
            )
            sheets.append((f"{layout.name} quarantine", layout.columns, cells))
    counts = write_xlsx(out, sheets)
    return FindingsFile(counts[0], sum(counts[1:]), (out,))


def _rows(hub: Hub, dataset: str, owner: str) -> Iterator[dict[str, object]]:
    """The rows of one owner in a dataset, one by one."""
    reader = hub.lake.reader(dataset, owner)
    batches: Iterator[pa.RecordBatch] = iter(reader or ())
    for batch in batches:
        yield from batch.to_pylist()
