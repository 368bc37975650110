"""The landed table: a provider's rows as they stood, with where they came from and what makes them
the same record.
"""

from __future__ import annotations

import pyarrow as pa

import reference
from matching import cleaners
from matching.engine import Engine
from mdm.contracts import LANDED_ORIGIN, LANDED_TAIL, Layout
from mdm.headers import Header

_TYPES: dict[str, pa.DataType] = {"row": pa.int32(), "delivered_on": pa.date32()}


def landed_schema(layout: Layout) -> pa.Schema:
    """The columns of `landed/<source>/<layout>`, the same for every file of the layout."""
    own = [layout.landed_name(column) for column in layout.columns]
    names = [*LANDED_ORIGIN, *own, *LANDED_TAIL]
    return pa.schema([(name, _TYPES.get(name, pa.string())) for name in names])


def prepare(engine: Engine, layout: Layout) -> None:
    """Put what `landed_sql` looks up into the engine: the regency or city behind a region code."""
    if layout.office is None or engine.exists("office_of"):
        return
    engine.register("landed_places", reference.tables()["ref_place"])
    engine.table(
        "office_of",
        "SELECT system, code, left(today, 4) AS office FROM landed_places "
        "WHERE level IN ('regency', 'district') AND length(today) >= 4",
    )
    engine.drop("landed_places")


def landed_sql(layout: Layout, header: Header, origin: dict[str, object]) -> str:
    """The query over table `chunk` (columns `c<place>`, row number `n`) that gives landed rows."""
    cells = {column: f"c{place}" for column, place in header.places.items()}
    constants = {name: _constant(value) for name, value in origin.items()}
    office, joins = constants["office"], ""
    if layout.office is not None and origin["office"] is None:
        office, joins = _office(layout, cells)
    made = constants | {
        "office": office,
        "row": "n",
        "record_key": _record_key(layout, cells, "o.office" if joins else office),
        "row_digest": _row_digest(layout, cells),
    }
    select = [f'{made[name]} AS "{name}"' for name in LANDED_ORIGIN]
    select += [
        f"{cells.get(c, 'NULL::VARCHAR')} AS {_quoted(layout.landed_name(c))}"
        for c in layout.columns
    ]
    select += [f"{_extra(header)} AS _extra", "NULL::VARCHAR AS _problem", "NULL::VARCHAR AS _text"]
    return f"SELECT {', '.join(select)} FROM chunk {joins}"


def _office(layout: Layout, cells: dict[str, str]) -> tuple[str, str]:
    """The row's office and the join that finds it: today's regency or city of the row's region
    code.
    """
    rule = layout.office
    assert rule is not None
    code = cleaners.region([cleaners.tidy(cells.get(rule.column, "NULL::VARCHAR"))], rule.system)
    system = cleaners.quote(rule.system)
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
        f"upper({cleaners.tidy(cells[column])})" if column in cells else "NULL::VARCHAR"
        for column in rule.digest
    ]
    key = cleaners.digest(identifying)
    if rule.column is not None and rule.column in cells:
        own = cleaners.tidy(cells[rule.column])
        if rule.registry_number:
            own = cleaners.registry_number(cleaners.number_raw(own))
        key = f"coalesce({own}, {key})"
    return f"coalesce({office}, '-') || ':' || {key}" if rule.by_office else key


def _row_digest(layout: Layout, cells: dict[str, str]) -> str:
    """A digest of the row as it stood, columns that move without meaning left out."""
    steady = [cells.get(c, "NULL::VARCHAR") for c in layout.columns if c not in layout.volatile]
    return cleaners.digest(steady)


def _extra(header: Header) -> str:
    """Columns the contract does not know, as JSON."""
    if not header.extra:
        return "NULL::VARCHAR"
    pairs = ", ".join(f"{cleaners.quote(name)}, c{place}" for name, place in header.extra.items())
    return f"json_object({pairs})::VARCHAR"


def _constant(value: object) -> str:
    return "NULL::VARCHAR" if value is None else f"{cleaners.quote(str(value))}"


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
