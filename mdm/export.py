"""What leaves the hub on request: which row of which file belongs to which entity.

Links name records by source, layout and record key; where a record stands in the delivered files is
a fact of the landed rows. So the published links are joined with the accepted records, made again
from what landed. Nothing is written but the file that was asked for, readable by its owner only.
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
from mdm.compose import Hub
from mdm.errors import HomeError, InputError, UsageError
from mdm.hub.runs import published_run
from mdm.hub.tables import Batch, Run
from mdm.progress import Progress
from mdm.sheets import private_file
from mdm.validation import validate

COLUMNS = ("source", "file", "row", "record_key", "entity_id")


def the_published_run(hub: Hub) -> Run:
    """The run that readers see. HomeError before the first."""
    with hub.sessions.read() as session:
        run = published_run(session)
    if run is None:
        raise HomeError("Nothing is published in this home yet.", "Run `dtsen run` first.")
    return run


def accept_again(hub: Hub, engine: Engine, progress: Progress) -> None:
    """Make the accepted tables of the batches that runs have validated; record nothing."""
    with hub.sessions.read() as session:
        known = session.exec(select(Batch.id).where(col(Batch.accepted).is_not(None))).all()
    validate(hub, engine, progress, list(known))


def published_links(hub: Hub, engine: Engine, kind: Kind, progress: Progress) -> str:
    """Make a table (source, file, row, record_key, entity_id) of the published run; its name.

    Needs the accepted tables (`accept_again`). Households: dwelling rows and the family rows placed
    in them. Families that only their members tell of have no row of their own, and are left out.
    """
    run = the_published_run(hub)
    columns = ["source", "layout", "record_key", "entity_id"]
    reader = hub.lake.reader(f"run/{kind}_links", owner=run.id, columns=columns)
    if reader is None:
        raise HomeError(f"The published run holds no {kind} links.", "Run `dtsen run` again.")
    with progress.task(f"read {kind} links"):
        engine.register("published_links", reader)
        accepted = ["household", "family"] if kind == "household" else [kind]
        places = " UNION ALL ".join(
            f'SELECT source, layout, record_key, file, "row" FROM {one}_accepted'
            for one in accepted
        )
        name = f"{kind}_export"
        engine.table(
            name,
            f"""
            SELECT p.source, p.file, p."row", p.record_key, l.entity_id
            FROM ({places}) p JOIN published_links l USING (source, layout, record_key)
            ORDER BY p.source, p.file, p."row"
            """,
        )
        engine.drop("published_links")
    return name


def export_links(hub: Hub, kind: Kind, out: Path, progress: Progress) -> int:
    """Write the links of one kind to `out` (.parquet or .csv); return the rows."""
    check_target(out)
    the_published_run(hub)
    engine = hub.engine()
    try:
        accept_again(hub, engine, progress)
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
    temporary = out.with_name(out.name + ".new")
    try:
        with (
            progress.task(f"write {out.name}", total=rows) as advance,
            private_file(temporary) as sink,
            make(sink, reader.schema) as writer,
        ):
            for batch in reader:
                writer.write_batch(batch)
                advance(batch.num_rows)
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def check_target(out: Path) -> Any:
    """The writer for a file by its ending; UsageError or InputError before any work is done."""
    makers = {".parquet": pq.ParquetWriter, ".csv": pacsv.CSVWriter}
    make = makers.get(out.suffix.lower())
    if make is None:
        raise UsageError("The file to write must end in .parquet or .csv.")
    if not out.parent.is_dir():
        raise InputError("The folder for the file to write does not exist.", "Make it first.")
    return make
