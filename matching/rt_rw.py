"""RT and RW as typed → their numbers without leading zeros, as SQL fragments in DuckDB's dialect.

`cleaners.tidy` comes first. A number is what the word before it says; without one, it is taken by its place only where
nothing else tells what it is. A date that a spreadsheet made of `3/5` is neither, nor is the number of a hamlet.
"""

from __future__ import annotations

from typing import Literal

from matching.cleaners import NOTHING_WORDS, once, one_of
from reference.places import ROMANS
from reference.text import quote

Which = Literal["RT", "RW"]

_PLACE = {"RT": 1, "RW": 2}
# `0305` is no number of one of them: both stand in it, or a figure is missing.
_NUMBER, _ROMAN = "0*[1-9][0-9]?|[1-9][0-9]{2}", "[IVX]+"
_BEFORE, _AFTER = r"""^[\s'"`(.:#]*""", r"""[\s,;)(.'"]"""
_ALONE = rf"{_BEFORE}({_NUMBER})(?:[.,]0+)?(?: ?[A-Z]|{_AFTER}+[^0-9]*)?$"
_ROMAN_ALONE = rf"{_BEFORE}({_ROMAN}){_AFTER}*$"
_PAIR, _JOINED, _DATE = "[0-9]{1,3}/[0-9]{1,3}", "[0-9]{6}", "[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}"
_TWO = "[^0-9A-Z]*([0-9]{1,3})[^0-9A-Z]+([0-9]{1,3})[^0-9A-Z]*"
_HEADING = r"^R\.?T\.?\s*/\s*R\.?W\b\.?"  # the column's name typed before its value


def alone(column: str, which: Which) -> str:
    """The number of a column of its own; of a pair there, its part."""
    upper = f"upper({column})"
    part = f"CASE WHEN regexp_full_match({column}, '{_PAIR}') THEN {_side(upper, which)} ELSE {upper} END"
    careful = f"coalesce({_named(upper, which)}, {_unnamed(part)})"
    return f"CASE WHEN regexp_full_match({column}, '[0-9]{{1,3}}') THEN {_counted(column)} ELSE {careful} END"


def paired(column: str, which: Which) -> str:
    """The number of a column of both: `003/005`, `RT 3 RW 5`, `003005`; with one number only, that is the RT."""
    start = 1 if which == "RT" else 4
    two = f"regexp_extract(typed, '{_TWO}', {_PLACE[which]})"
    side = _side("regexp_replace(typed, '/+', '/', 'g')", which)
    words = (
        f"CASE WHEN regexp_full_match(typed, '{_TWO}') THEN {_bare(two)} "
        f"ELSE coalesce({_named('typed', which)}, {_unnamed(side)}) END"
    )
    upper = f"regexp_replace(upper({column}), {quote(_HEADING)}, '')"
    careful = (
        f"CASE WHEN regexp_full_match({column}, '{_JOINED}') THEN {_bare(f'substr({column}, {start}, 3)')} "
        f"WHEN regexp_full_match({column}, '{_DATE}') THEN NULL ELSE {once(upper, 'typed', words)} END"
    )
    return f"CASE WHEN regexp_full_match({column}, '{_PAIR}') THEN {_counted(_side(column, which))} ELSE {careful} END"


def paired_lost(column: str, rt: str, rw: str) -> str:
    """Whether a column of both has more numbers than were read, or only words."""
    numbers = f"len(regexp_extract_all({column}, '[0-9]*[1-9][0-9]*'))"
    read = f"({rt} IS NOT NULL)::INTEGER + ({rw} IS NOT NULL)::INTEGER"
    lost = f"{numbers} > {read} OR ({read} = 0 AND {speaks(column)})"
    plain = f"{column} IS NULL OR regexp_full_match({column}, '{_PAIR}')"
    return f"CASE WHEN {plain} THEN FALSE ELSE {lost} END"


def speaks(column: str) -> str:
    """Whether a value says more than that nothing is there."""
    upper = f"upper({column})"
    heading = rf"regexp_full_match({upper}, '(R\.?[TW]\.?[^0-9A-Z]*)+')"
    return f"(regexp_matches({upper}, '[1-9A-Z]') AND NOT {one_of(upper, NOTHING_WORDS)} AND NOT {heading})"


def _side(column: str, which: Which) -> str:
    return f"split_part({column}, '/', {_PLACE[which]})"


def _counted(figures: str) -> str:
    """The same for up to three figures, quicker."""
    return f"nullif(try_cast({figures} AS INTEGER), 0)::VARCHAR"


def _bare(figures: str) -> str:
    """Figures without zeros before them; none where there is nothing else."""
    return f"nullif(ltrim({figures}, '0'), '')"


def _named(upper: str, which: Which) -> str:
    """The number behind the word RT or RW."""
    word = rf"(?:^|[^A-Z])R\.?{which[1]}[^0-9A-Z]*"
    figures = f"regexp_extract({upper}, {quote(f'{word}({_NUMBER})(?:[^0-9]|$)')}, 1)"
    return f"coalesce({_bare(figures)}, {_arabic(upper, f'{word}({_ROMAN})(?:[^A-Z]|$)')})"


def _unnamed(part: str) -> str:
    """The number that stands alone, with no word before it."""
    figures = f"regexp_extract({part}, {quote(_ALONE)}, 1)"
    return f"coalesce({_bare(figures)}, {_arabic(part, _ROMAN_ALONE)})"


def _arabic(upper: str, pattern: str) -> str:
    """The Roman number that a pattern finds, in figures."""
    romans = ", ".join(map(quote, ROMANS))
    place = f"list_position([{romans}], regexp_extract({upper}, {quote(pattern)}, 1))"
    return f"nullif({place}, 0)::VARCHAR"
