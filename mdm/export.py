"""What leaves the hub on request: which row of which file belongs to which entity.

Links name records by source, layout and record key; where a record stands in the delivered files is
a fact of the landed rows. So the published links are joined with the accepted records, made again
from what landed. Nothing is written but the file that was asked for, readable by its owner only.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

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
    """Make a table (source, file, row, record_key, entity_id) of the published run; return its name.

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
    write = _writer(out)
    the_published_run(hub)
    engine = hub.engine()
    try:
        accept_again(hub, engine, progress)
        name = published_links(hub, engine, kind, progress)
        columns = ", ".join(f'"{column}"' for column in COLUMNS)
        rows = int(engine.scalar(f"SELECT count(*) FROM {name}"))
        with progress.task(f"write {out.name}", total=rows) as advance:
            reader = engine.stream(f"SELECT {columns} FROM {name} ORDER BY source, file, row")
            write(out, reader, advance)
        return rows
    finally:
        engine.close()


Write = Callable[[Path, pa.RecordBatchReader, Callable[[int], None]], None]


def _writer(out: Path) -> Write:
    makers = {".parquet": pq.ParquetWriter, ".csv": pacsv.CSVWriter}
    make = makers.get(out.suffix.lower())
    if make is None:
        raise UsageError("The file to write must end in .parquet or .csv.")
    if not out.parent.is_dir():
        raise InputError("The folder for the file to write does not exist.", "Make it first.")

    def write(path: Path, reader: pa.RecordBatchReader, advance: Callable[[int], None]) -> None:
        temporary = path.with_name(path.name + ".new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as sink, make(sink, reader.schema) as writer:
                for batch in reader:
                    writer.write_batch(batch)
                    advance(batch.num_rows)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    return write
