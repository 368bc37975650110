"""The landed table: a provider's rows as they stood, with where they came from and what makes them
the same record.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from matching import cleaners
from matching.engine import Engine
from mdm.contracts import LANDED_ORIGIN, LANDED_TAIL, Layout
from mdm.landing.headers import Header
from reference.regions import region_tables
from reference.text import quote

_TYPES: dict[str, pa.DataType] = {"row": pa.int32(), "delivered_on": pa.date32()}


def landed_schema(layout: Layout) -> pa.Schema:
    """The columns of `landed/<source>/<layout>`, the same for every file of the layout."""
    own = [layout.landed_name(column) for column in layout.columns]
    names = [*LANDED_ORIGIN, *own, *LANDED_TAIL]
    return pa.schema([(name, _TYPES.get(name, pa.string())) for name in names])


def prepare(engine: Engine, layout: Layout) -> None:
    """Put what `made_sql` looks up into the engine: the regency or city behind a region code."""
    if layout.office is None or engine.exists("office_of"):
        return
    places = region_tables()["ref_place"].select(["level", "system", "code", "today"])
    below = pc.is_in(places.column("level"), pa.array(["regency", "district"]))
    engine.register("landed_places", places.filter(below))
    engine.table(
        "office_of",
        "SELECT system, code, left(today, 4) AS office FROM landed_places WHERE length(today) >= 4",
    )
    engine.drop("landed_places")


MADE = ("office", "record_key", "row_digest", "_extra")  # what `made_sql` gives, beside `n`


def made_sql(layout: Layout, header: Header, office: str | None) -> str:
    """The query over `chunk` (see `key_columns`) that gives what the hub adds to each row.

    Its result: the row number `n`, the columns of MADE and `told`, the office that the row's own region tells, in
    no order.
    """
    wanted = dict.fromkeys([*layout.record_key.digest, *_single(layout)])
    tidy = {c: f"c{header.places[c]}" for c in wanted if c in header.places}
    cells = {column: f"t{place}" for place, column in enumerate(tidy)}
    tidied = [f"{cleaners.tidy(cell)} AS {cells[column]}" for column, cell in tidy.items()]
    told, joins = _office(layout, cells)
    named = told if office is None else _constant(office)
    made = {
        "office": named,
        "record_key": _record_key(layout, cells, named),
        "row_digest": "left(sha256(whole), 32)",
        "_extra": _extra(header),
    }
    select = ", ".join(f"{made[name]} AS {name}" for name in MADE) + f", {told} AS told"
    return f"SELECT n, {select} FROM (SELECT {', '.join(['*', *tidied])} FROM chunk) {joins}"


def key_columns(layout: Layout, header: Header, rows: pa.Table, numbers: Any) -> pa.Table:
    """What `made_sql` reads of some rows: their numbers `n`, the columns that identify them, those
    the contract does not know, and `whole`, the row as one text.

    Columns that move between deliveries without meaning are left out of `whole`; an absent value is
    no empty text's equal in it.
    """
    wanted = [*layout.record_key.digest, *_single(layout)]
    places = [header.places[c] for c in wanted if c in header.places] + [*header.extra.values()]
    chosen = {f"c{place}": rows.column(f"c{place}") for place in dict.fromkeys(places)}
    steady: list[Any] = [
        rows.column(f"c{header.places[c]}") if c in header.places else pa.scalar(None, pa.string())
        for c in layout.columns
        if c not in layout.volatile
    ]
    whole = pc.binary_join_element_wise(
        *steady, "", "\x1f", null_handling="replace", null_replacement="\x1e"
    )
    return pa.table(chosen | {"n": numbers, "whole": whole})


def landed_rows_of(
    layout: Layout, header: Header, rows: pa.Table, made: pa.Table, origin: dict[str, object]
) -> pa.Table:
    """Landed rows: a chunk's own columns as they stood, what was made of them (in the same order),
    and the constants of the file.
    """
    count, schema = rows.num_rows, landed_schema(layout)
    own = {
        layout.landed_name(c): rows.column(f"c{place}") for c, place in header.places.items()
    } | {name: made.column(name) for name in MADE}
    columns = [
        own[field.name].cast(field.type)
        if field.name in own
        else pa.repeat(pa.scalar(origin.get(field.name), field.type), count)
        for field in schema
        if field.name != "row"
    ]
    columns.insert(schema.get_field_index("row"), made.column("n"))
    return pa.table(columns, schema=schema)


def _single(layout: Layout) -> list[str]:
    """The columns that the record key and the office are read from."""
    office = layout.office.column if layout.office else None
    return [column for column in (layout.record_key.column, office) if column]


def _office(layout: Layout, cells: dict[str, str]) -> tuple[str, str]:
    """The office that a row tells and the join that finds it: today's regency or city of the row's region
    code. NULL where the layout has no offices.
    """
    rule = layout.office
    if rule is None:
        return _constant(None), ""
    code = cleaners.region([cells.get(rule.column, "NULL::VARCHAR")], rule.system)
    system = quote(rule.system)
    join = (
        "LEFT JOIN (SELECT code, any_value(office) AS office FROM office_of "
        f"WHERE system = {system} GROUP BY code) o ON o.code = left({code}, 4)"
    )
    return "o.office", join


def _record_key(layout: Layout, cells: dict[str, str], office: str) -> str:
    """What makes the row the same record next time: the key column, else a digest of what
    identifies it.
    """
    rule = layout.record_key
    identifying = [
        f"upper({cells[column]})" if column in cells else "NULL::VARCHAR" for column in rule.digest
    ]
    key = cleaners.digest(identifying)
    if rule.column is not None and rule.column in cells:
        own = cells[rule.column]
        raw = cleaners.number_raw(own)
        own = cleaners.registry_number(raw) if rule.registry_number else cleaners.own_number(own)
        key = f"coalesce({own}, {key})"
    return f"coalesce({office}, '-') || ':' || {key}" if rule.by_office else key


def _extra(header: Header) -> str:
    """Columns the contract does not know, as JSON."""
    if not header.extra:
        return "NULL::VARCHAR"
    pairs = ", ".join(f"{quote(name)}, c{place}" for name, place in header.extra.items())
    return f"json_object({pairs})::VARCHAR"


def _constant(value: object) -> str:
    return "NULL::VARCHAR" if value is None else f"{quote(str(value))}"
