"""The way back to the provider: what was found, and the rows that stay out, in files they can open,
mend and resubmit. What they have mended and delivered since is left out (`standing.py`).

These files hold personal data as typed. They are written only when asked for, only to the path
given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
from sqlmodel import col, select

from mdm import audit
from mdm.arrow import rows_of
from mdm.compose import Hub
from mdm.contracts import Contract, Layout, contract_for, load_contracts
from mdm.errors import UsageError
from mdm.files.sheets import Row, guarded, write_csv, write_xlsx
from mdm.hub.tables import Batch
from mdm.validation.quality import QualityRules, load_quality
from mdm.validation.standing import hold_standing
from reference.text import quote

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
    *,
    actor: str = "system",
) -> FindingsFile:
    """Write the findings that stand, of a source, of a batch or of all batches, and beside them the
    quarantined rows.

    CSV: one file for the findings, and per layout with quarantined rows
    `<out>.<source>.<layout>.quarantine.csv` in the layout's own form; lines of a file in another form stand under that
    file's header, in a file of their own (`….quarantine.2.csv`). XLSX: one workbook with a sheet for each. UsageError
    when there is no such batch. The act is in the audit log before the file is there.
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
        with hub.sessions.begin() as session:
            audit.record(
                session, actor, "export.findings", source=source, batch=[b.id for b in batches]
            )
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
        stem = f"{out.stem}.{contract.source}.{layout.name}.quarantine"
        for number, table in enumerate(_tables(contract, layout, rows), start=1):
            path = out.with_name(f"{stem}.csv" if number == 1 else f"{stem}.{number}.csv")
            rows_out += write_csv(
                path, table.columns, table.cells, delimiter=table.delimiter, loose=table.loose
            )
            files.append(path)
    return FindingsFile(found, rows_out, tuple(files))


def _write_workbook(out: Path, told: Iterator[Row], kept: Sequence[_Kept]) -> FindingsFile:
    sheets: list[tuple[str, Row, Iterator[Row]]] = [("findings", HEADER, told)]
    for contract, layout, rows in kept:
        for number, table in enumerate(_tables(contract, layout, rows), start=1):
            name = f"{layout.name} quarantine" + ("" if number == 1 else f" {number}")
            cells = [*table.cells, *([line] for line in table.loose)]
            sheets.append((name, table.columns, iter(cells)))
    counts = write_xlsx(out, sheets)
    return FindingsFile(counts[0], sum(counts[1:]), (out,))


@dataclass(frozen=True)
class _Table:
    """Rows to be mended that stand under one header: in cells, and as the lines that could not be parted."""

    columns: Sequence[str]
    delimiter: str
    cells: list[Row]
    loose: list[str]


def _tables(
    contract: Contract, layout: Layout, rows: Iterator[dict[str, object]]
) -> Iterable[_Table]:
    """Kept-out rows by the header they belong under: the layout's; of lines of a file in another form, that file's."""
    found: dict[object, _Table] = {}
    for row in rows:
        line = row["_text"]
        form = None if line is None else row["_extra"]
        if form not in found:
            own = json.loads(str(form)) if form else {}
            columns = own.get("columns", layout.columns)
            delimiter = own.get("delimiter", contract.file.delimiter)
            found[form] = _Table(columns, delimiter, [], [])
        if line is None:
            found[form].cells.append([row[layout.landed_name(name)] for name in layout.columns])
        else:
            found[form].loose.append(str(line))
    return found.values()


def _rows(hub: Hub, dataset: str, owner: str) -> Iterator[dict[str, object]]:
    """The rows of one owner in a dataset, one by one."""
    reader = hub.lake.reader(dataset, owner)
    batches: Iterator[pa.RecordBatch] = iter(reader or ())
    for batch in batches:
        yield from batch.to_pylist()
