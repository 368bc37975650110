"""Numbers as typed → INTEGER and DOUBLE, as SQL fragments in DuckDB's dialect.

`cleaners.tidy` comes first. What can be read as two numbers (`1.200` is 1200 to one office and 1.2 to another) is read
only where the bounds leave one of them, and what is written in a unit that nobody declared is not read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from matching.cleaners import once
from reference.text import quote

#: Figures that nobody can read in two ways: no mark, or a decimal point that parts no group of three.
_PLAIN = r"-?[0-9]+([.]([0-9]{1,2}|[0-9]{4,}))?|-?0[.][0-9]+"
#: Figures of an INTEGER, and nothing else.
_COUNT = "-?[0-9]{1,9}"
_FIGURES, _UNIT = r"^([-+]?[0-9][0-9.,]*)\s*(.*)$", r"[\s.^]"
_POINTS, _COMMAS = (
    r"-?\d{1,3}(\.\d{3})+,\d+|-?\d{1,3}(\.\d{3}){2,}",
    r"-?\d{1,3}(,\d{3})+\.\d+|-?\d{1,3}(,\d{3}){2,}",
)
_EITHER, _SIMPLE = r"-?[1-9]\d{0,2}[.,]\d{3}", r"-?\d+([.,]\d*)?"


def decimal(
    column: str,
    least: float | None = None,
    most: float | None = None,
    units: Mapping[str, float] | None = None,
) -> str:
    """A DOUBLE inside its bounds; a decimal comma and marks between thousands are understood.

    `units` says what figures count for with a unit behind them, the unit in capitals without blanks; a negative one
    turns them to the other side of zero, as LS does with a latitude.
    """
    figures = f"replace(regexp_extract({column}, {quote(_FIGURES)}, 1), '+', '')"
    unit = f"regexp_replace(upper(regexp_extract({column}, {quote(_FIGURES)}, 2)), {quote(_UNIT)}, '', 'g')"
    known = {"": 1.0, **(units or {})}
    factor = " ".join(f"WHEN {quote(word)} THEN {times}" for word, times in known.items())

    def counted(number: str) -> str:
        value = f"try_cast({number} AS DOUBLE)"
        if any(times < 0 for times in known.values()):
            value = f"CASE WHEN typed.times < 0 THEN abs({value}) ELSE {value} END"
        return f"{value} * typed.times"

    small = counted("replace(typed.figures, ',', '.')")
    whole = counted("regexp_replace(typed.figures, '[.,]', '', 'g')")
    points = counted("replace(replace(typed.figures, '.', ''), ',', '.')")
    commas = counted("replace(typed.figures, ',', '')")
    meant = (
        f"CASE WHEN regexp_full_match(typed.figures, {quote(_EITHER)}) THEN [{small}, {whole}] "
        f"WHEN regexp_full_match(typed.figures, {quote(_POINTS)}) THEN [{points}] "
        f"WHEN regexp_full_match(typed.figures, {quote(_COMMAS)}) THEN [{commas}] "
        f"WHEN regexp_full_match(typed.figures, {quote(_SIMPLE)}) THEN [{small}] END"
    )
    typed = f"{{'figures': {figures}, 'times': CASE {unit} {factor} END}}"
    careful = once(typed, "typed", _only(meant, _inside("one", least, most)))
    plain = _bounded(f"try_cast({column} AS DOUBLE)", least, most)
    return f"CASE WHEN regexp_full_match({column}, '{_PLAIN}') THEN {plain} ELSE {careful} END"


class Integer(NamedTuple):
    """A column with an INTEGER inside its bounds; `1.300` is 1300, `2.0` is 2, `2.5` is NULL.

    Where no `units` are declared, any word may stand behind the figures: it tells what is counted. `words` are values
    that stand for a number.
    """

    column: str
    least: float | None = None
    most: float | None = None
    units: Collection[str] = ()
    words: Mapping[str, int] | None = None


def integer(asked: Integer, unusual: str) -> str:
    """The number, `unusual` being what `unusual_integers` reads in the same column."""
    column, least, most, _, words = asked
    plain = _bounded(f"try_cast({column} AS INTEGER)", least, most)
    value = f"CASE WHEN regexp_full_match({column}, '{_COUNT}') THEN {plain} ELSE {unusual} END"
    if not words:
        return value
    meant = " ".join(f"WHEN {quote(word)} THEN {number}" for word, number in words.items())
    return f"CASE upper({column}) {meant} ELSE {value} END"


def unusual_integers(asked: Sequence[Integer]) -> str:
    """A list of INTEGER, one for each of the columns, where they are more than figures; no list where all are figures
    only."""

    def one(column: str, least: float | None, most: float | None, units: Collection[str]) -> str:
        unit = "|".join(units) if units else "[A-Z]+"
        bare = rf"regexp_replace(upper({column}), '\s*({unit})\.?$', '')"
        low, high = (f"{end}::DOUBLE" if end is not None else "NULL" for end in (least, most))
        return f"{{'bare': {bare}, 'least': {low}, 'most': {high}}}"

    large = "try_cast(regexp_replace(typed.bare, '[.,]', '', 'g') AS INTEGER)"
    small = "try_cast(regexp_replace(typed.bare, '[.,]0+$', '') AS INTEGER)"
    meant = (
        f"CASE WHEN regexp_full_match(typed.bare, '[1-9]\\d{{0,2}}[.,]000') THEN [{small}, {large}] "
        f"WHEN regexp_full_match(typed.bare, '\\d{{1,3}}([.,]\\d{{3}})+') THEN [{large}] "
        f"WHEN regexp_full_match(typed.bare, '-?\\d+([.,]0+)?') THEN [{small}] END"
    )
    only = _only(meant, "coalesce(one >= typed.least, TRUE) AND coalesce(one <= typed.most, TRUE)")
    columns = ", ".join(item.column for item in asked)
    figures = f"regexp_full_match(concat_ws('|', {columns}), '({_COUNT}([|]|$))*')"
    each = ", ".join(one(*item[:4]) for item in asked)
    return f"CASE WHEN NOT {figures} THEN list_transform([{each}], lambda typed: {only}) END"


def _only(meant: str, inside: str) -> str:
    """Of the numbers that can be meant the `one` that is `inside` the bounds; NULL where there are several, or none."""
    found = f"list_filter({meant}, lambda one: one IS NOT NULL AND {inside})"
    return once(found, "found", "CASE WHEN len(found) = 1 THEN found[1] END")


def _bounded(value: str, least: float | None, most: float | None) -> str:
    if least is None and most is None:
        return value
    return f"CASE WHEN {_inside(value, least, most)} THEN {value} END"


def _inside(value: str, least: float | None, most: float | None) -> str:
    ends = ((">=", least), ("<=", most))
    return " AND ".join(f"{value} {sign} {end}" for sign, end in ends if end is not None) or "TRUE"
