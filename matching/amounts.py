"""Numbers as typed → INTEGER and DOUBLE, as SQL fragments in DuckDB's dialect.

`cleaners.tidy` comes first. What can be read as two numbers (`1.200` is 1200 to one office and 1.2 to another) is read
only where the bounds leave one of them, and what is written in a unit that nobody declared is not read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reference.text import quote

#: Figures that nobody can read in two ways: no mark, or a decimal point that parts no group of three.
_PLAIN = r"-?[0-9]+([.]([0-9]{1,2}|[0-9]{4,}))?|-?0[.][0-9]+"
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
    careful = _once(typed, "typed", _only(meant, least, most))
    plain = _bounded(f"try_cast({column} AS DOUBLE)", least, most)
    return f"CASE WHEN regexp_full_match({column}, '{_PLAIN}') THEN {plain} ELSE {careful} END"


def integer(
    column: str,
    least: float | None = None,
    most: float | None = None,
    units: Collection[str] = (),
    words: Mapping[str, int] | None = None,
) -> str:
    """An INTEGER inside its bounds; `1.300` is 1300, `2.0` is 2, `2.5` is NULL.

    Where no `units` are declared, any word may stand behind the figures: it tells what is counted. `words` are values
    that stand for a number.
    """
    unit = "|".join(units) if units else "[A-Z]+"
    bare = rf"regexp_replace(upper({column}), '\s*({unit})\.?$', '')"
    large = "try_cast(regexp_replace(bare, '[.,]', '', 'g') AS INTEGER)"
    small = "try_cast(regexp_replace(bare, '[.,]0+$', '') AS INTEGER)"
    meant = (
        f"CASE WHEN regexp_full_match(bare, '[1-9]\\d{{0,2}}[.,]000') THEN [{small}, {large}] "
        f"WHEN regexp_full_match(bare, '\\d{{1,3}}([.,]\\d{{3}})+') THEN [{large}] "
        f"WHEN regexp_full_match(bare, '-?\\d+([.,]0+)?') THEN [{small}] END"
    )
    careful = _once(bare, "bare", _only(meant, least, most))
    plain = _bounded(f"try_cast({column} AS INTEGER)", least, most)
    value = (
        f"CASE WHEN regexp_full_match({column}, '-?[0-9]{{1,9}}') THEN {plain} ELSE {careful} END"
    )
    if not words:
        return value
    meant = " ".join(f"WHEN {quote(word)} THEN {number}" for word, number in words.items())
    return f"CASE upper({column}) {meant} ELSE {value} END"


def _once(value: str, name: str, then: str) -> str:
    """An expression over a value that is made once. Written out at each of its places, the statement would take longer
    to plan than to run."""
    return f"list_transform([{value}], lambda {name}: {then})[1]"


def _only(meant: str, least: float | None, most: float | None) -> str:
    """Of the numbers that can be meant the one inside the bounds; NULL where there are several, or none."""
    low = f"one >= {least}" if least is not None else "one IS NOT NULL"
    high = f" AND one <= {most}" if most is not None else ""
    found = f"list_filter({meant}, lambda one: {low}{high})"
    return _once(found, "found", "CASE WHEN len(found) = 1 THEN found[1] END")


def _bounded(value: str, least: float | None, most: float | None) -> str:
    if least is None and most is None:
        return value
    low = f"{value} >= {least}" if least is not None else "TRUE"
    high = f"{value} <= {most}" if most is not None else "TRUE"
    return f"CASE WHEN {low} AND {high} THEN {value} END"
