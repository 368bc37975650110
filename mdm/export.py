"""What leaves the hub on request: which row of which file belongs to which entity.

Every run keeps where its records stand in the delivered files (`run/<kind>_origin`) beside their
links (`run/<kind>_links`); the two are read from the lake and joined by `rid`. Nothing is written but
the file that was asked for, readable by its owner only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from sqlmodel import col, select

from matching.engine import Engine
from matching.rules import Kind
from mdm import links
from mdm.compose import Hub
from mdm.errors import HomeError, InputError, UsageError
from mdm.files.sheets import private_file
from mdm.hub.runs import kept_by, published_run
from mdm.hub.tables import Batch, Run
from mdm.validation import validate
from mdm.work.progress import Progress

_ORIGIN = (
    "rid", "source", "file", "row", "record_key", "implied", "newest_file", "newest_row",
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

    A record that was said again stands where it was said last. Households: dwelling rows and the
    family rows placed in them. Families that only their members tell of (`implied`) and corrections
    have no row of their own in a file, and are left out.
    """
    run = the_published_run(hub)
    name = f"{kind}_export"
    with progress.task(f"read {kind} links"):
        reader = hub.lake.reader(f"run/{kind}_origin", owner=kept_by(run), columns=_ORIGIN)
        if reader is None or not links.bring(hub, engine, kind, run, "export_links"):
            raise HomeError(f"The published run holds no {kind} links.", "Run `dtsen run` again.")
        engine.register("export_origin", reader)
        place = 'o.file, o."row"'
        if "newest_row" in reader.schema.names:  # not kept by runs before that
            place = (
                'coalesce(o.newest_file, o.file) AS file, coalesce(o.newest_row, o."row") AS "row"'
            )
        engine.table(
            name,
            f"""
            SELECT o.source, {place}, o.record_key, l.entity_id
            FROM export_origin o JOIN export_links l USING (rid)
            WHERE NOT o.implied AND o.source <> 'correction'
            ORDER BY 1, 2, 3
            """,
        )
        engine.drop("export_origin", "export_links")
    return name


def export_links(hub: Hub, kind: Kind, out: Path, progress: Progress) -> int:
    """Write the links of one kind to `out` (.parquet or .csv); return the rows."""
    check_target(out)
    the_published_run(hub)
    engine = hub.engine()
    try:
        name = published_links(hub, engine, kind, progress)
        columns = ", ".join(f'"{column}"' for column in COLUMNS)
        rows = int(engine.scalar(f"SELECT count(*) FROM {name}"))
        write_table(out, engine.stream(f"SELECT {columns} FROM {name}"), progress, rows)
        return rows
    finally:
        engine.close()


def write_table(
    out: Path, reader: pa.RecordBatchReader, progress: Progress, rows: int | None = None
) -> None:
    """Stream rows into a .parquet or .csv that appears whole or not at all (mode 0600)."""
    make = check_target(out)
    with (
        progress.task(f"write {out.name}", total=rows) as advance,
        private_file(out) as sink,
        make(sink, reader.schema) as writer,
    ):
        for batch in reader:
            writer.write_batch(batch)
            advance(batch.num_rows)


def check_target(out: Path) -> Any:
    """The writer for a file by its ending; UsageError or InputError before any work is done."""
    makers = {".parquet": pq.ParquetWriter, ".csv": pacsv.CSVWriter}
    make = makers.get(out.suffix.lower())
    if make is None:
        raise UsageError("The file to write must end in .parquet or .csv.")
    if not out.parent.is_dir():
        raise InputError("The folder for the file to write does not exist.", "Make it first.")
    return make
