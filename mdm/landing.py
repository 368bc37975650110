"""Step 1, land: a provider's files → landed records, as they stood, each file a batch.

The files of one call are one delivery: they become part of the hub together or not at all. They are streamed: a file
larger than memory lands, and nothing plain touches the disk on the way.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
from sqlmodel import Session, select

from matching.engine import Engine
from mdm import audit
from mdm.compose import Hub
from mdm.contracts import Contract, Layout, contract_for, load_contracts
from mdm.errors import InputError
from mdm.files import Chunk, OpenFile, Survey, open_file, survey
from mdm.handover import Handover, read_handover
from mdm.headers import Header, match_header, recognise
from mdm.hub.columns import now
from mdm.hub.tables import Batch
from mdm.lake import LakeFile
from mdm.landed import landed_schema, landed_sql, prepare
from mdm.progress import Advance, Progress
from mdm.quality import FINDING_COLUMNS, WHOLE_FILE, load_quality

SUFFIXES = (".csv", ".csv.gz", ".txt", ".parquet", ".xlsx")


@dataclass(frozen=True)
class BatchResult:
    """What became of one file. `new` rows were not held before in this form; `already`: nothing was done."""

    file: str
    layout: str
    rows: int
    new: int
    unchanged: int
    bad: int
    declared: int | None
    batch: str
    already: bool = False


@dataclass(frozen=True)
class _Delivery:
    """What the files of one call have in common."""

    contract: Contract
    handover: Handover
    delivered_on: date
    office: str | None
    moment: datetime


@dataclass
class _Plan:
    """One file, recognised and ready to land."""

    survey: Survey
    file: OpenFile
    layout: Layout
    header: Header
    declared: int | None


@dataclass
class _Written:
    """One file in the lake, not yet part of it."""

    plan: _Plan
    batch: str
    files: list[LakeFile]
    rows: int = 0
    bad: int = 0
    unchanged: int = 0


def land(
    hub: Hub,
    source: str,
    paths: Sequence[Path],
    *,
    progress: Progress,
    delivered_on: date | None = None,
    bast: Path | None = None,
    office: str | None = None,
    layout: str | None = None,
) -> list[BatchResult]:
    """Land the files (or the files of the directories) of one delivery; one result per file, in order.

    `delivered_on` is by default the date of the handover record, else today. A file landed before changes nothing.
    UsageError for an unknown source or layout, InputError for a file that cannot be taken; then nothing is landed.
    """
    contract = contract_for(load_contracts(hub.settings.home / "contracts"), source)
    found = _expand(paths)
    handover = read_handover(bast, found)
    moment = now()
    delivery = _Delivery(
        contract,
        handover,
        delivered_on or handover.date_ or moment.date(),
        office or handover.office,
        moment,
    )
    with hub.lock("land"):
        hub.lake.sweep()
        plans, repeated = _plan(hub, delivery, found, layout, progress)
        written = _write(hub, delivery, plans, progress)
        _adopt(hub, delivery, written)
    results = {item.plan.survey.path: _result(item) for item in written} | repeated
    _say(progress, results.values(), handover)
    return [results[path] for path in found]


def _expand(paths: Sequence[Path]) -> list[Path]:
    """Files as given, directories as their data files by name; each once."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [p for p in sorted(path.iterdir()) if p.name.lower().endswith(SUFFIXES)]
            if not inside:
                raise InputError(
                    f"There is no data file in {path.name}.", "Name CSV, Parquet or XLSX files."
                )
            found += inside
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def _plan(
    hub: Hub,
    delivery: _Delivery,
    paths: Sequence[Path],
    layout: str | None,
    progress: Progress,
) -> tuple[list[_Plan], dict[Path, BatchResult]]:
    """Recognise every file before anything is written; files landed before are set apart."""
    plans: list[_Plan] = []
    repeated: dict[Path, BatchResult] = {}
    seen: set[tuple[str, str]] = set()
    contract = delivery.contract
    for path in paths:
        with progress.task(f"look at {path.name}"):
            looked = survey(path)
        file = open_file(
            looked,
            contract.file.encoding,
            contract.file.delimiter,
            lambda header: recognise(contract, header),
        )
        chosen, header = match_header(contract, file.header, looked.name, layout)
        before = _before(hub, contract.source, chosen.name, looked)
        if before is not None or (chosen.name, looked.checksum) in seen:
            repeated[path] = before or BatchResult(
                looked.name, chosen.name, 0, 0, 0, 0, None, "", already=True
            )
            continue
        seen.add((chosen.name, looked.checksum))
        declared = delivery.handover.declared(looked.name, len(paths))
        plans.append(_Plan(looked, file, chosen, header, declared))
    return plans, repeated


def _before(hub: Hub, source: str, layout: str, looked: Survey) -> BatchResult | None:
    """The batch this very file became earlier."""
    query = select(Batch).where(
        Batch.source == source, Batch.layout == layout, Batch.checksum == looked.checksum
    )
    with hub.sessions.read() as session:
        batch = session.exec(query).first()
    if batch is None:
        return None
    return BatchResult(
        looked.name, layout, batch.landed, 0, batch.landed, 0, batch.declared_rows, batch.id,
        already=True,
    )  # fmt: skip


def _write(
    hub: Hub, delivery: _Delivery, plans: Sequence[_Plan], progress: Progress
) -> list[_Written]:
    """Stream every file into the lake."""
    written: list[_Written] = []
    engine = hub.engine()
    try:
        for plan in plans:
            item = _Written(plan, secrets.token_hex(8), [])
            earlier = _hold_earlier(hub, engine, delivery.contract.source, plan.layout)
            prepare(engine, plan.layout)
            dataset = f"landed/{delivery.contract.source}/{plan.layout.name}"
            with progress.task(f"land {plan.survey.name}", total=plan.declared) as advance:
                rows = _rows(engine, delivery, item, advance, earlier)
                reader = pa.RecordBatchReader.from_batches(landed_schema(plan.layout), rows)
                item.files.append(hub.lake.write(dataset, reader, owner=item.batch))
            item.files += _whole_file_findings(hub, delivery, item)
            written.append(item)
    finally:
        engine.close()
    return written


def _hold_earlier(hub: Hub, engine: Engine, source: str, layout: Layout) -> bool:
    """Put the keys and digests landed before into the engine; False when this layout is new."""
    reader = hub.lake.reader(f"landed/{source}/{layout.name}", columns=["record_key", "row_digest"])
    if reader is None:
        return False
    engine.register("earlier_rows", reader)
    engine.table("earlier", "SELECT DISTINCT record_key, row_digest FROM earlier_rows")
    engine.drop("earlier_rows")
    return True


def _rows(
    engine: Engine, delivery: _Delivery, item: _Written, advance: Advance, earlier: bool
) -> Iterator[pa.RecordBatch]:
    """The landed rows of one file, chunk by chunk."""
    plan = item.plan
    schema = landed_schema(plan.layout)
    origin = {
        "batch": item.batch,
        "delivery": delivery.moment.isoformat(),
        "file": plan.survey.name,
        "delivered_on": delivery.delivered_on,
        "office": delivery.office,
    }
    sql = landed_sql(plan.layout, plan.header, origin)
    for chunk in plan.file.chunks():
        if chunk.table.num_rows:
            numbered = chunk.table.append_column("n", pa.array(chunk.rows, pa.int32()))
            engine.register("chunk", numbered)
            if earlier:
                engine.table("chunk_landed", sql)
                item.unchanged += int(engine.scalar(_UNCHANGED))
                rows = engine.fetch("SELECT * FROM chunk_landed")
            else:
                rows = engine.fetch(sql)
            yield from rows.cast(schema).to_batches()
        if chunk.bad:
            yield _bad_rows(chunk, schema, origin)
        size = chunk.table.num_rows + len(chunk.bad)
        item.rows += size
        item.bad += len(chunk.bad)
        advance(size)


_UNCHANGED = (
    "SELECT count(*) FROM chunk_landed WHERE (record_key, row_digest) IN "
    "(SELECT record_key, row_digest FROM earlier)"
)


def _bad_rows(chunk: Chunk, schema: pa.Schema, origin: dict[str, object]) -> pa.RecordBatch:
    """Rows that do not fit the header, kept as their text."""
    count = len(chunk.bad)
    own = {
        "row": [row.row for row in chunk.bad],
        "_problem": [row.problem for row in chunk.bad],
        "_text": [row.text for row in chunk.bad],
    } | {name: [value] * count for name, value in origin.items()}
    arrays = [pa.array(own.get(field.name, [None] * count), field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _whole_file_findings(hub: Hub, delivery: _Delivery, item: _Written) -> list[LakeFile]:
    """Findings about the file as a whole, as row 0."""
    plan = item.plan
    found = [("column_missing", column, None) for column in plan.header.missing]
    if plan.declared is not None and plan.declared != item.rows:
        found.append(("declared_rows_differ", None, f"{plan.declared} / {item.rows}"))
    if _other_encoding(plan.survey, delivery.contract):
        found.append(("encoding_other", None, None))
    if not found:
        return []
    rules = load_quality()
    rows = [
        dict(
            zip(
                FINDING_COLUMNS,
                (
                    item.batch, delivery.contract.source, plan.layout.name, plan.survey.name,
                    WHOLE_FILE, column, rule, rules[rule].severity, value, rules[rule].reason.en,
                ),
                strict=True,
            )
        )
        for rule, column, value in found
    ]  # fmt: skip
    types = {name: pa.int32() if name == "row" else pa.string() for name in FINDING_COLUMNS}
    table = pa.Table.from_pylist(rows, pa.schema(list(types.items())))
    return [hub.lake.write("findings", table, owner=item.batch)]


def _other_encoding(looked: Survey, contract: Contract) -> bool:
    """Whether a text file is in another encoding than agreed; plain ASCII is every encoding but UTF-16."""
    if looked.encoding is None:
        return False
    if looked.encoding == "unknown":
        return contract.file.encoding != "cp1252"
    agreed = contract.file.encoding
    return looked.encoding != agreed and not (looked.encoding == "utf-8" and looked.ascii)


def _adopt(hub: Hub, delivery: _Delivery, written: Sequence[_Written]) -> None:
    """Make the delivery part of the hub, in one unit of work."""
    if not written:
        return
    with hub.sessions.begin() as session:
        for item in written:
            hub.lake.adopt(session, item.files)
            session.add(_batch(delivery, item))
            _note(session, delivery, item)


def _batch(delivery: _Delivery, item: _Written) -> Batch:
    plan, handover = item.plan, delivery.handover
    return Batch(
        id=item.batch,
        source=delivery.contract.source,
        layout=plan.layout.name,
        file=plan.survey.name,
        checksum=plan.survey.checksum,
        format=plan.survey.format,
        provider=delivery.office,
        delivered_on=delivery.delivered_on,
        agreement=handover.agreement,
        handover_on=handover.date_,
        period=handover.period,
        declared_rows=plan.declared,
        landed=item.rows,
        unchanged=item.unchanged,
        created=delivery.moment,
    )


def _note(session: Session, delivery: _Delivery, item: _Written) -> None:
    audit.record(
        session,
        "system",
        "land",
        batch=item.batch,
        source=delivery.contract.source,
        layout=item.plan.layout.name,
        rows=item.rows,
    )


def _result(item: _Written) -> BatchResult:
    plan = item.plan
    return BatchResult(
        plan.survey.name,
        plan.layout.name,
        item.rows,
        item.rows - item.unchanged,
        item.unchanged,
        item.bad,
        plan.declared,
        item.batch,
    )


def _say(progress: Progress, results: object, handover: Handover) -> None:
    """What the user should know beyond the table of results."""
    landed: list[BatchResult] = list(results)  # type: ignore[call-overload]
    for result in landed:
        if result.already:
            progress.note(f"{result.file} was landed before; nothing changed.")
        elif result.bad:
            progress.note(f"{result.file}: {result.bad} rows do not fit the header (quarantined).")
        if result.rows == 0 and not result.already:
            progress.note(f"{result.file} has a header and no rows.")
        if result.declared is not None and result.declared != result.rows and not result.already:
            progress.note(
                f"{result.file}: the handover record declares {result.declared} rows, "
                f"the file has {result.rows}."
            )
    whole = handover.declared_whole
    if len(landed) > 1 and whole is not None and whole != sum(result.rows for result in landed):
        progress.note(f"The handover record declares {whole} rows for the whole delivery.")
