"""What leaves the hub on request: which row of which file belongs to which entity.

Every run keeps where its records stand in the delivered files (`run/<kind>_origin`) beside their
links (`run/<kind>_links`); the two are read from the lake and joined by `rid`. Nothing is written but
the file that was asked for, readable by its owner only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from sqlmodel import col, select

from matching.engine import Engine
from matching.rules import Kind
from mdm import audit, links
from mdm.compose import Hub
from mdm.errors import HomeError, InputError, UsageError
from mdm.files.sheets import FORMULA, SIGNED, private_file
from mdm.hub.runs import kept_by, published_run
from mdm.hub.tables import Batch, Run
from mdm.validation import validate
from mdm.work.progress import Progress

_ORIGIN = (
    "rid", "source", "file", "row", "record_key", "implied", "batch", "newest_batch", "newest_row",
)  # fmt: skip
COLUMNS = ("source", "file", "row", "record_key", "entity_id")


def the_published_run(hub: Hub) -> Run:
    """The run that readers see. HomeError before the first."""
    with hub.sessions.read() as session:
        run = published_run(session)
    if run is None:
        raise HomeError("Nothing is published in this home yet.", "Run `dtsen run` first.")
    return run


def accept_again(hub: Hub, engine: Engine, progress: Progress) -> None:
    """Make the accepted tables of the batches that runs have validated, to show values; record
    nothing.
    """
    with hub.sessions.read() as session:
        known = session.exec(select(Batch.id).where(col(Batch.accepted).is_not(None))).all()
    validate(hub, engine, progress, list(known))


def published_links(hub: Hub, engine: Engine, kind: Kind, progress: Progress) -> str:
    """Make a table (source, file, row, record_key, entity_id) of the published run; its name.

    A record that was said again stands where it was said last; `row` is NULL where its file was delivered
    again without it. Households: dwelling rows and the family rows placed in them. Families that only
    their members tell of (`implied`) and corrections have no row of their own in a file, and are left out.
    """
    run = the_published_run(hub)
    name = f"{kind}_export"
    with progress.task(f"read {kind} links"):
        reader = hub.lake.reader(f"run/{kind}_origin", owner=kept_by(run), columns=_ORIGIN)
        if reader is None or not links.bring(hub, engine, kind, run, "export_links"):
            raise HomeError(f"The published run holds no {kind} links.", "Run `dtsen run` again.")
        engine.register("export_origin", reader)
        engine.register("export_batches", _deliveries(hub))
        batch, row = "o.batch", 'o."row"'
        if "newest_batch" in reader.schema.names:  # not kept by runs before that
            batch, row = f"coalesce(o.newest_batch, {batch})", f"coalesce(o.newest_row, {row})"
        engine.table(
            name,
            f"""
            SELECT o.source, coalesce(b.file, o.file) AS file, CASE WHEN b.replaced IS NOT TRUE THEN {row} END AS "row",
                   o.record_key, l.entity_id
            FROM export_origin o JOIN export_links l USING (rid) LEFT JOIN export_batches b ON b.id = {batch}
            WHERE NOT o.implied AND o.source <> 'correction'
            ORDER BY ALL
            """,
        )
        engine.drop("export_origin", "export_links", "export_batches")
    return name


def _deliveries(hub: Hub) -> pa.Table:
    """id, file, replaced of every batch. A file is replaced by a later one of the same office and name that repeats
    some of the rows held; one that repeats none is another part under the same name."""
    order = col(Batch.delivered_on).desc(), col(Batch.created).desc()
    with hub.sessions.read() as session:
        batches = session.exec(select(Batch).order_by(*order)).all()
    repeated, replaced = set[tuple[str | None, ...]](), []
    for one in batches:
        name = one.source, one.layout, one.provider, one.file
        replaced.append(name in repeated)
        if one.unchanged:
            repeated.add(name)
    ids, files = [one.id for one in batches], [one.file for one in batches]
    text = pa.string()
    return pa.table(
        {
            "id": pa.array(ids, text),
            "file": pa.array(files, text),
            "replaced": pa.array(replaced, pa.bool_()),
        }
    )


def export_links(
    hub: Hub, kind: Kind, out: Path, progress: Progress, *, actor: str = "system"
) -> int:
    """Write the links of one kind to `out` (.parquet or .csv); return the rows. A record's key may be a NIK: the act is
    in the audit log before the file is there.
    """
    check_target(out)
    run = the_published_run(hub)
    engine = hub.engine()
    try:
        name = published_links(hub, engine, kind, progress)
        columns = ", ".join(f'"{column}"' for column in COLUMNS)
        rows = int(engine.scalar(f"SELECT count(*) FROM {name}"))
        with hub.sessions.begin() as session:
            audit.record(session, actor, "export.links", kind=kind, run=run.id, rows=rows)
        write_table(out, engine.stream(f"SELECT {columns} FROM {name}"), progress, rows)
        return rows
    finally:
        engine.close()


def write_table(
    out: Path, reader: pa.RecordBatchReader, progress: Progress, rows: int | None = None
) -> None:
    """Stream rows into a .parquet or .csv that appears whole or not at all (mode 0600). What a spreadsheet would run as
    a formula (providers' words stand in these rows) gets an apostrophe in a .csv."""
    make = check_target(out)
    as_it_is = out.suffix.lower() != ".csv"
    with (
        progress.task(f"write {out.name}", total=rows) as advance,
        private_file(out) as sink,
        make(sink, reader.schema) as writer,
    ):
        for batch in reader:
            writer.write_batch(batch if as_it_is else _guarded(batch))
            advance(batch.num_rows)


def _guarded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same as `mdm.files.sheets.guarded`, for a batch."""

    def guarded(column: Any) -> Any:
        if not pa.types.is_string(column.type):
            return column
        written = pc.replace_substring_regex(column, f"^({FORMULA})", r"'\1")
        return pc.if_else(pc.match_substring_regex(column, f"^{SIGNED}$"), column, written)

    return pa.RecordBatch.from_arrays([guarded(one) for one in batch.columns], schema=batch.schema)


def check_target(out: Path) -> Any:
    """The writer for a file by its ending; UsageError or InputError before any work is done."""
    makers = {".parquet": pq.ParquetWriter, ".csv": pacsv.CSVWriter}
    make = makers.get(out.suffix.lower())
    if make is None:
        raise UsageError("The file to write must end in .parquet or .csv.")
    if not out.parent.is_dir():
        raise InputError("The folder for the file to write does not exist.", "Make it first.")
    return make
