"""One file on its way into the lake: what is known of it, its rows, its faults as a whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from matching.engine import Engine
from mdm.compose import Hub
from mdm.contracts import Contract, Layout
from mdm.files import CUT_OFF, JOINED, REPEATED, Chunk, OpenFile, Survey
from mdm.lake import LakeFile
from mdm.landing.handover import Handover
from mdm.landing.headers import Header
from mdm.landing.landed import key_columns, landed_rows_of, landed_schema, made_sql
from mdm.landing.repeated import set_apart
from mdm.validation.quality import FINDING_COLUMNS, WHOLE_FILE, load_quality
from mdm.work.ahead import ahead


@dataclass(frozen=True)
class Delivery:
    """What the files of one call have in common."""

    contract: Contract
    handover: Handover
    delivered_on: date
    office: str | None
    moment: datetime


@dataclass
class Plan:
    """One file, recognised and ready to land."""

    survey: Survey
    file: OpenFile
    layout: Layout
    header: Header
    declared: int | None


@dataclass
class Written:
    """One file in the lake, not yet part of it. `cut_off`: the row in which it ends. `joined`: rows that a quotation
    mark joins to those after them. `repeated`: rows that name the columns again. `offices`: code of the office (None
    where a row does not tell it) → rows, by the region of each row.
    """

    plan: Plan
    batch: str
    files: list[LakeFile]
    rows: int = 0
    bad: int = 0
    unchanged: int = 0
    cut_off: int | None = None
    joined: list[int] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    offices: Counter[str | None] = field(default_factory=Counter)


def hold_earlier(hub: Hub, engine: Engine, source: str, layout: Layout) -> bool:
    """Put the keys and digests landed before into the engine; False when this layout is new."""
    reader = hub.lake.reader(f"landed/{source}/{layout.name}", columns=["record_key", "row_digest"])
    if reader is None:
        return False
    engine.register("earlier_rows", reader)
    engine.table("earlier", "SELECT DISTINCT record_key, row_digest FROM earlier_rows")
    engine.drop("earlier_rows")
    return True


def landed_rows(
    engine: Engine, delivery: Delivery, item: Written, earlier: bool
) -> Iterator[pa.RecordBatch]:
    """The landed rows of one file, chunk by chunk."""
    plan = item.plan
    layout, header, schema = plan.layout, plan.header, landed_schema(plan.layout)
    origin: dict[str, object] = {
        "batch": item.batch,
        "delivery": delivery.moment.isoformat(),
        "file": plan.survey.name,
        "delivered_on": delivery.delivered_on,
        "office": delivery.office,
    }
    delimiter = plan.file.delimiter or delivery.contract.file.delimiter
    form = own_form(delivery.contract, plan)
    unchanged = _UNCHANGED if earlier else "FALSE"
    made_of = made_sql(layout, header, delivery.office)
    sql = f"SELECT *, {unchanged} AS unchanged FROM ({made_of}) ORDER BY n"
    with closing(ahead(plan.file.chunks(), depth=1)) as chunks:
        for read in chunks:
            chunk = set_apart(layout, header, plan.file.header, delimiter, read)
            if chunk.table.num_rows:
                numbers = pa.array(chunk.rows, pa.int32())
                cells = key_columns(layout, header, chunk.table, numbers)
                made = engine.fetch(sql, chunk=cells)
                item.unchanged += pc.sum(made.column("unchanged"), min_count=0).as_py()
                if layout.office is not None:
                    told: Any = pc.value_counts(made.column("told"))
                    item.offices.update({one["values"]: one["counts"] for one in told.to_pylist()})
                yield from landed_rows_of(layout, header, chunk.table, made, origin).to_batches()
            if chunk.bad:
                if chunk.bad[-1].problem == CUT_OFF:
                    item.cut_off = chunk.bad[-1].row
                item.joined += [bad.row for bad in chunk.bad if bad.problem == JOINED]
                item.repeated += [bad.row for bad in chunk.bad if bad.problem == REPEATED]
                yield _bad_rows(chunk, schema, origin | {"_extra": form})
            size = chunk.table.num_rows + len(chunk.bad)
            item.rows += size
            item.bad += len(chunk.bad)


_UNCHANGED = "(record_key, row_digest) IN (SELECT record_key, row_digest FROM earlier)"


def own_form(contract: Contract, plan: Plan) -> str | None:
    """How a file writes its rows, as JSON: names of columns, delimiter. Rows kept as text are mended and read again by
    it. None where the layout writes them so.
    """
    places, names = [*plan.header.places.values()], plan.file.header
    delimiter = plan.file.delimiter or contract.file.delimiter
    as_agreed = not plan.header.missing and places == [*range(len(names))]
    if as_agreed and delimiter == contract.file.delimiter:
        return None
    return json.dumps({"columns": names, "delimiter": delimiter})


def _bad_rows(chunk: Chunk, schema: pa.Schema, origin: dict[str, object]) -> pa.RecordBatch:
    """Rows that do not fit the header, kept as their text."""
    count = len(chunk.bad)
    own: dict[str, list[Any]] = {
        "row": [row.row for row in chunk.bad],
        "_problem": [row.problem for row in chunk.bad],
        "_text": [row.text for row in chunk.bad],
    }
    own |= {name: [value] * count for name, value in origin.items()}
    arrays = [pa.array(own.get(field.name, [None] * count), field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def whole_file_findings(hub: Hub, delivery: Delivery, item: Written) -> list[LakeFile]:
    """Findings about the file as a whole, as row 0."""
    plan = item.plan
    found: list[tuple[str, str | None, str | None]] = [
        ("column_missing", column, None) for column in plan.header.missing
    ]
    if plan.file.header_row > 1:
        found.append(("header_below", None, str(plan.file.header_row)))
    if plan.declared is not None and plan.declared != item.rows:
        found.append(("declared_rows_differ", None, f"{plan.declared} / {item.rows}"))
    if _other_encoding(plan.survey, delivery.contract):
        found.append(("encoding_other", None, None))
    return file_findings(hub, delivery, item, found)


def file_findings(
    hub: Hub, delivery: Delivery, item: Written, found: Sequence[tuple[str, str | None, str | None]]
) -> list[LakeFile]:
    """The lake's file of what was found of a delivered one: rule, column, value."""
    if not found:
        return []
    plan, rules = item.plan, load_quality()
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
    """Whether a text file is in another encoding than agreed; plain ASCII is in any of them. UTF-8 that says so by its
    mark needs no agreement: nobody has to guess it, and so our own files come back, mended.
    """
    if looked.encoding is None or (looked.encoding == "utf-8" and looked.told):
        return False
    if looked.encoding == "unknown":
        return contract.file.encoding != "cp1252"
    agreed = contract.file.encoding
    return looked.encoding != agreed and not (looked.encoding == "utf-8" and looked.ascii)
