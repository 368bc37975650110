"""From a contract's readings to SQL: the typed table of one layout.

`typed_sql` gives one query over the landed rows of a layout. Its result has, per row: where it came
from, every attribute of the layout with its type, and beside them what the quality rules ask about:

- `has_<attribute>`  whether the provider filled the column
- `<number>_raw`     what was typed for a NIK or KK number
- `<date>_read`      the date as read, before it is judged plausible
- `<attribute>_lost` whether digits, an RT or RW, a region or a list say something that was not read
- `accepted`         whether the row reaches the contract's minimum
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matching import amounts, cleaners, dates, quarters, rt_rw
from matching.engine import Engine
from mdm.contracts import Layout
from mdm.contracts.accepted import COLUMNS
from mdm.contracts.readings import (
    BooleanReading,
    CodeReading,
    DateReading,
    DecimalReading,
    DigitsReading,
    IntegerReading,
    LabelReading,
    NameReading,
    NumberReading,
    NumbersReading,
    PeriodReading,
    Reading,
    RegionReading,
    RtRwReading,
    SexReading,
    TextReading,
)
from reference.text import identifier, quote

# `id` is the landed row's place in the engine's table: what tables of one validation are joined by.
CARRIED = ("id", "batch", "delivery", "file", "row", "record_key", "delivered_on")
# What validation reads of every landed row, beside the provider's own columns.
LANDED = (*CARRIED[1:], "row_digest", "office", "_problem", "_text")
# What `plain_sql` needs of them.
PLAIN = ("batch", "row", "office", "_problem")
_DELIVERED = "c.delivered_on"


def typed_sql(layout: Layout, landed: str, lists: set[tuple[str, str]]) -> str:
    """The query that types the readable rows of table `landed`; `lists` are the code lists
    `ref_code` holds.
    """
    steps = _steps(layout, lists)
    sql = _tidied(layout, landed)
    # Each step stands on the one before, so that no expression is written out twice.
    for step in steps[:-1]:
        sql = f"SELECT c.*, {_select(step)} FROM ({sql}) c" if step else sql
    joins = " ".join(_code_joins(layout, lists))
    origin = ", ".join(f"c.{name}" for name in CARRIED)
    sql = f"SELECT {origin}, {_select(steps[-1])} FROM ({sql}) c {joins}"
    return f"SELECT *, {minimum_sql(layout)} AS accepted FROM ({sql})"


def plain_sql(layout: Layout, attribute: str, landed: str) -> str:
    """The query that types one attribute, a text, and nothing else of the readable rows of table `landed`: `batch`,
    `row`, `office` and the attribute, where there is one. It needs of them PLAIN and the attribute's own columns.
    """
    reading = layout.values[attribute]
    tidy = [
        f"{cleaners.tidy(identifier(layout.landed_name(name)))} AS {identifier('c ' + name)}"
        for name in reading.from_
    ]
    rows = f'SELECT batch, "row", office, {", ".join(tidy)} FROM {landed} WHERE _problem IS NULL'
    if read := _read_columns(attribute, reading, _joined(reading.from_)):
        rows = f"SELECT c.*, {_select(read)} FROM ({rows}) c"
    made = _final_columns(layout, attribute, set())[attribute]
    typed = f'SELECT c.batch, c."row", c.office, {made} AS {attribute} FROM ({rows}) c'
    return f"SELECT * FROM ({typed}) WHERE {attribute} IS NOT NULL"


def minimum_sql(layout: Layout) -> str:
    """Whether a typed row reaches the minimum. A malformed number counts: the person does not
    disappear with it.
    """
    every = [f"{presence(layout, attribute)}" for attribute in layout.minimum.all_of]
    some = [f"{presence(layout, attribute)}" for attribute in layout.minimum.any_of]
    parts = every + ([f"({' OR '.join(some)})"] if some else [])
    return f"({' AND '.join(parts)})" if parts else "TRUE"


def presence(layout: Layout, attribute: str) -> str:
    """Whether a typed row carries an attribute, as SQL."""
    number = layout.values[attribute].parser in {"nik", "kk"}
    return f"{attribute}_raw IS NOT NULL" if number else f"{attribute} IS NOT NULL"


def accepted_sql(layout: Layout, source: str, typed: str) -> str:
    """The layout's current rows in the shape of the accepted table of its kind.

    From table `typed`, and `<typed>_current` with the rows that count, their keys and their rid.
    """
    made = _steps(layout, set())[-1]
    values = [
        f"t.{name}::{kind} AS {name}" if name in made else f"NULL::{kind} AS {name}"
        for name, kind in COLUMNS[layout.kind].items()
    ]
    origin = [
        "k.rid",
        f"{quote(source)} AS source",
        f"{quote(layout.name)} AS layout",
        't.file, t."row", k.record_key, t.batch, t.value_date',
    ]
    return f"SELECT {', '.join(origin + values)} FROM {typed} t JOIN {typed}_current k USING (id)"


def source_columns(layout: Layout) -> list[str]:
    """The provider's columns that the layout reads, in order, once each."""
    readings: Iterable[str] = (name for reading in layout.values.values() for name in reading.from_)
    extra = [layout.value_date] if layout.value_date else []
    return list(dict.fromkeys([*readings, *extra]))


def landed_columns(layout: Layout) -> list[str]:
    """The columns of the landed dataset that validation needs."""
    own = [*source_columns(layout), *layout.record_key.digest]
    return [*LANDED, *dict.fromkeys(layout.landed_name(name) for name in own)]


def complete(engine: Engine, landed: str, columns: Sequence[str]) -> None:
    """Give landed rows the columns that their contract has got since, empty: no file has them yet."""
    held = set(engine.columns(landed))
    for name in columns:
        if name not in held:
            engine.run(f"ALTER TABLE {landed} ADD COLUMN {identifier(name)} VARCHAR")


def _tidied(layout: Layout, landed: str) -> str:
    """Readable landed rows, the columns that are read tidied, as `c <provider's name>`."""
    names = {name: identifier(layout.landed_name(name)) for name in source_columns(layout)}
    tidy = [
        f"CASE WHEN tidied IS NULL THEN nullif({column}, '') ELSE tidied[{place}] END AS {identifier('c ' + name)}"
        for place, (name, column) in enumerate(names.items(), start=1)
    ]
    origin = ", ".join((*CARRIED, "office"))
    rows = f"SELECT *, rowid AS id, {cleaners.tidied(list(names.values()))} AS tidied FROM {landed}"
    return f"SELECT {origin}, {', '.join(tidy)} FROM ({rows} WHERE _problem IS NULL)"


def _steps(layout: Layout, lists: set[tuple[str, str]]) -> list[dict[str, str]]:
    """Columns made step by step: dates without their time, and which numbers are as they should be; which dates are;
    regions, and dates, numbers and counts that are not, as read; the typed columns.
    """
    cut: dict[str, str] = {}
    usual: dict[str, str] = {}
    read: dict[str, str] = _unusual(layout)
    final: dict[str, str] = {"office": "c.office", "value_date": _DELIVERED}
    for name, column, order in _dates(layout):
        cut[f"{name}_cut"] = dates.day(column)
        usual[f"{name}_usual"] = dates.usual(f"c.{name}_cut", order)
    if layout.value_date is not None:
        final["value_date_read"] = dates.plausible(_date(layout, "value_date"), _DELIVERED)
        final["value_date"] = f"coalesce({final['value_date_read']}, {_DELIVERED})"
        final["has_value_date"] = f"({_cell(layout.value_date)} IS NOT NULL)"
    for attribute, reading in layout.values.items():
        cell = _joined(reading.from_)
        if isinstance(reading, NumberReading):
            cut[f"{attribute}_plain"] = cleaners.is_plain_number(cell)
        read |= _read_columns(attribute, reading, cell)
        final |= _final_columns(layout, attribute, lists)
        if lost := _lost(attribute, reading, cell):
            final[f"{attribute}_lost"] = lost
        filled = " OR ".join(f"{_cell(name)} IS NOT NULL" for name in reading.from_)
        final[f"has_{attribute}"] = f"({filled})"
    return [cut, usual, read, final]


def _dates(layout: Layout) -> list[tuple[str, str, str]]:
    """What is read as a date: its name, what was typed, the order of its figures."""
    found: list[tuple[str, str, str]] = [
        (attribute, _joined(reading.from_), reading.order)
        for attribute, reading in layout.values.items()
        if isinstance(reading, DateReading)
    ]
    if layout.value_date is not None:
        found.append(("value_date", _cell(layout.value_date), layout.value_date_order))
    return found


def _numbers(layout: Layout) -> list[str]:
    """What is read as a NIK or a KK number."""
    return [name for name, reading in layout.values.items() if isinstance(reading, NumberReading)]


def _integers(layout: Layout) -> dict[str, amounts.Integer]:
    """What is read as a count."""
    return {
        attribute: amounts.Integer(
            _joined(reading.from_), reading.least, reading.most, reading.units, reading.words
        )
        for attribute, reading in layout.values.items()
        if isinstance(reading, IntegerReading)
    }


def _unusual(layout: Layout) -> dict[str, str]:
    """Lists of the dates of each order, of the numbers and of the counts: what a careful reading finds where it is
    needed."""
    orders: dict[str, list[tuple[str, str]]] = {}
    for name, _, order in _dates(layout):
        orders.setdefault(order, []).append((f"c.{name}_cut", f"c.{name}_usual"))
    columns = {f"dates_{o}": dates.unusual(each, o, _DELIVERED) for o, each in orders.items()}
    if numbers := _numbers(layout):
        needed = [(_joined(layout.values[name].from_), f"NOT c.{name}_plain") for name in numbers]
        columns["numbers"] = cleaners.where_needed(needed, cleaners.number_raw)
    if counts := _integers(layout):
        columns["counts"] = amounts.unusual_integers(list(counts.values()))
    return columns


def _date(layout: Layout, wanted: str) -> str:
    """A date as read, before it is judged plausible."""
    order = next(order for name, _, order in _dates(layout) if name == wanted)
    alike = [name for name, _, other in _dates(layout) if other == order]
    return f"coalesce(c.{wanted}_usual, c.dates_{order}[{alike.index(wanted) + 1}])"


def _count(layout: Layout, attribute: str) -> str:
    counts = _integers(layout)
    return amounts.integer(counts[attribute], f"c.counts[{list(counts).index(attribute) + 1}]")


def _read_columns(attribute: str, reading: Reading, cell: str) -> dict[str, str]:
    """What is read of one attribute before it is typed: more than one column asks for it."""
    match reading:
        case RegionReading():
            parts = [_cell(name) for name in reading.from_]
            return {"region_code": cleaners.region(parts, reading.system)}
        case RtRwReading():
            return {"rt": rt_rw.paired(cell, "RT"), "rw": rt_rw.paired(cell, "RW")}
        case LabelReading():
            return {attribute: rt_rw.alone(cell, "RW" if attribute == "rw" else "RT")}
        case DigitsReading():
            return {attribute: cleaners.digits(cell, reading.least, reading.most)}
    return {}


def _final_columns(  # noqa: PLR0911, PLR0912 - one return per reading says more than a table of functions
    layout: Layout, attribute: str, lists: set[tuple[str, str]]
) -> dict[str, str]:
    """The typed columns of one attribute."""
    reading: Reading = layout.values[attribute]
    cell = _joined(reading.from_)
    match reading:
        case NumberReading():
            typed = f"c.numbers[{_numbers(layout).index(attribute) + 1}]"
            # A number that is as it should be, as it is.
            unless = f"CASE WHEN c.{attribute}_plain THEN {cell} ELSE"
            number = cleaners.registry_number(typed)
            return {
                f"{attribute}_raw": f"{unless} {typed} END",
                attribute: f"{unless} {number} END",
            }
        case DateReading():
            return _date_columns(layout, attribute, reading.order)
        case RegionReading():
            system = f"CASE WHEN c.region_code IS NOT NULL THEN {quote(reading.system)} END"
            return {"region_code": "c.region_code", "region_system": system}
        case RtRwReading():
            return {"rt": "c.rt", "rw": "c.rw"}
        case CodeReading():
            known = (reading.concept, reading.system) in lists
            return {attribute: f"k_{attribute}.canonical" if known else cleaners.text(cell)}
        case IntegerReading():
            return {attribute: _count(layout, attribute)}
        case DecimalReading():
            return {attribute: amounts.decimal(cell, reading.least, reading.most, reading.units)}
        case PeriodReading():
            return {attribute: quarters.quarter(cell)}
        case BooleanReading():
            return {attribute: _boolean(layout, reading, cell)}
        case NumbersReading():
            return {attribute: cleaners.kk_list(cell, reading.separator)}
        case DigitsReading() | LabelReading():
            return {attribute: f"c.{attribute}"}
        case NameReading():
            return {attribute: cleaners.name(cell)}
        case SexReading():
            return {attribute: cleaners.sex(cell)}
        case TextReading() if reading.none_words:
            none = cleaners.one_of(f"upper({cell})", reading.none_words)
            return {attribute: f"CASE WHEN NOT {none} THEN {cleaners.text(cell)} END"}
    return {attribute: cleaners.text(cell)}


def _lost(attribute: str, reading: Reading, cell: str) -> str | None:
    """Whether a value says something that was not read, where a rule asks for it."""
    match reading:
        case DigitsReading():
            return f"c.{attribute} IS NULL AND coalesce({cleaners.has_figures(cell)}, FALSE)"
        case LabelReading():
            return f"c.{attribute} IS NULL AND coalesce({rt_rw.speaks(cell)}, FALSE)"
        case RtRwReading():
            return rt_rw.paired_lost(cell, "c.rt", "c.rw")
        case NumbersReading():
            return cleaners.kk_list_lost(cell, reading.separator)
        case RegionReading():
            cells = [_cell(name) for name in reading.from_]
            return cleaners.region_lost(cells, "c.region_code", reading.system)
    return None


def _boolean(layout: Layout, reading: BooleanReading, cell: str) -> str:
    """Yes or no. Where the value is read as a date, too, only one up to the day of delivery counts as filled."""
    filled = "TRUE"
    for name, other in layout.values.items():
        if isinstance(other, DateReading) and other.from_ == reading.from_:
            filled = f"{dates.plausible(_date(layout, name), _DELIVERED)} IS NOT NULL"
    return cleaners.boolean(
        cell,
        reading.true_words,
        reading.false_words,
        reading.when_empty,
        reading.when_filled,
        filled=filled,
    )


def _date_columns(layout: Layout, attribute: str, order: str) -> dict[str, str]:
    read = _date(layout, attribute)
    columns = {f"{attribute}_read": read, attribute: dates.plausible(read, _DELIVERED)}
    if attribute == "birth_date":
        short = dates.is_short_year("c.birth_date_cut")
        columns["birth_date_precision"] = (
            f"CASE WHEN {columns[attribute]} IS NULL THEN NULL "
            f"WHEN {short} THEN 'short_year' ELSE 'day' END"
        )
        columns["birth_date_turned"] = dates.is_turned("c.birth_date_cut", read, order)
    return columns


def _select(columns: dict[str, str]) -> str:
    return ", ".join(f"{sql} AS {_name(name)}" for name, sql in columns.items())


def _code_joins(layout: Layout, lists: set[tuple[str, str]]) -> list[str]:
    """One join to the code list per coded attribute that has a list."""
    return [
        f"LEFT JOIN ref_code k_{attribute} ON k_{attribute}.concept = {quote(reading.concept)} "
        f"AND k_{attribute}.system = {quote(reading.system)} "
        f"AND k_{attribute}.code = {cleaners.code(_joined(reading.from_))}"
        for attribute, reading in layout.values.items()
        if isinstance(reading, CodeReading) and (reading.concept, reading.system) in lists
    ]


def _joined(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return _cell(names[0])
    return f"nullif(concat_ws(' ', {', '.join(map(_cell, names))}), '')"


def _cell(column: str) -> str:
    return f"c.{identifier('c ' + column)}"


def _name(column: str) -> str:
    return identifier(column) if column == "row" else column
