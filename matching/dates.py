"""Dates as typed → DATE, as SQL fragments in DuckDB's dialect.

`cleaners.tidy` comes first, then `day`, then `usual`, and `unusual` for whatever that has not read.
"""

from __future__ import annotations

from collections.abc import Sequence

from matching.cleaners import once, where_needed
from reference.text import quote

MONTHS = {
    "JANUARI": "01", "JANUARY": "01", "JAN": "01", "FEBRUARI": "02", "FEBRUARY": "02", "FEB": "02",
    "PEBRUARI": "02", "PEB": "02",
    "MARET": "03", "MARCH": "03", "MAR": "03", "APRIL": "04", "APR": "04",
    "MEI": "05", "MAY": "05", "JUNI": "06", "JUNE": "06", "JUN": "06", "JULI": "07", "JULY": "07",
    "JUL": "07", "AGUSTUS": "08", "AUGUST": "08", "AGU": "08", "AGS": "08", "AGT": "08", "AUG": "08",
    "AGUST": "08", "SEPT": "09",
    "SEPTEMBER": "09", "SEP": "09", "OKTOBER": "10", "OCTOBER": "10", "OKT": "10", "OCT": "10",
    "NOVEMBER": "11", "NOPEMBER": "11", "NOV": "11", "NOP": "11", "DESEMBER": "12",
    "DECEMBER": "12", "DES": "12", "DEC": "12",
}  # fmt: skip

# The last day a spreadsheet serial may mean: 60000 is in 2064. The first, 3654, is 1 January 1910.
SERIAL_FIRST, SERIAL_LAST = 3654, 60000
# As databases write dates: 28-JUN-73.
_SHORT_WORDED = r"\d{1,2}[-/. ]?[A-Za-z]{3,9}[-/. ]?\d{2}"
_ORDERS = {"dmy": ("%d", "%m", "%Y"), "mdy": ("%m", "%d", "%Y"), "ymd": ("%Y", "%m", "%d")}


def day(column: str) -> str:
    """The date part of a value, slashes as dashes: the time of day goes."""
    cut = rf"regexp_replace({column}, '^(\S{{6,10}})[ T][0-9]{{1,2}}[:.].*$', '\1')"
    stamp = f"substr({column}, 14, 1) = ':' AND substr({column}, 11, 1) NOT BETWEEN '0' AND ':'"
    short = (
        f"CASE WHEN length({column}) <= 10 THEN {column} "
        f"WHEN {stamp} THEN left({column}, 10) ELSE {cut} END"
    )
    return f"replace({short}, '/', '-')"


def usual(whole: str, order: str) -> str:
    """A DATE from what `day` returns where its figures follow each other as `order` (dmy, mdy, ymd) says, or as in ISO
    dates, the year in four; else NULL: `unusual` reads the rest.
    """
    read = f"try_strptime({whole}, {_formats(order)})"
    return f"CASE WHEN year({read}) >= 1000 THEN {read}::DATE END"


def unusual(dates: Sequence[tuple[str, str]], order: str, delivered: str) -> str:
    """A list of DATE, one for each of `dates`: what `day` and what `usual` return for it. NULL where `usual` has read
    it; no list where it has read all.

    Spreadsheet serials, eight figures without marks and month names are always understood. A two-digit year takes the
    latest century in which the date is not after `delivered`. Day and month the other way round are understood where
    only that makes a date. Plausibility is judged elsewhere.
    """
    needed = [(whole, f"{whole} IS NOT NULL AND {read} IS NULL") for whole, read in dates]
    return where_needed(needed, lambda whole: _careful(whole, order, delivered))


def date(whole: str, order: str, delivered: str) -> str:
    """A DATE from what `day` returns, by `usual` or else by `unusual`, for a single value."""
    read = usual(whole, order)
    return f"coalesce({read}, {unusual([(whole, read)], order, delivered)}[1])"


def _careful(whole: str, order: str, delivered: str) -> str:
    dashed = f"translate({whole}, '. ', '--')"
    two = r"\d{1,2}-\d{1,2}-\d{2}"
    cases = [
        (f"{whole} IS NULL", "NULL"),
        (f"regexp_full_match({dashed}, '{two}')", _short_year(dashed, order, delivered)),
        (rf"regexp_full_match({whole}, '\d{{8}}')", _eight(whole, order)),
        (rf"regexp_full_match({whole}, '\d{{4,5}}(\.\d+)?')", _serial(whole)),
        (f"regexp_matches({whole}, '[A-Za-z]')", _worded(whole, delivered)),
    ]
    known = " ".join(f"WHEN {condition} THEN {value}" for condition, value in cases)
    return f"CASE {known} ELSE {_swapped(dashed, order)} END"


def is_short_year(column: str) -> str:
    """Whether a date was written with two figures for the year."""
    figures = r"\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2}"
    # Its fourth letter is one of the month's.
    word = f"substr({column}, 4, 1) BETWEEN 'A' AND 'z' AND regexp_full_match({column}, '{_SHORT_WORDED}')"
    return f"(length({column}) <= 8 AND regexp_full_match({column}, '{figures}') OR {word})"


def is_turned(whole: str, found: str, order: str) -> str:
    """Whether figures came month first where `order` puts the day first, or the other way round; NULL where they do not
    tell: both could be a month, or the year stands first."""
    first = "day" if order == "mdy" else "month"
    return f"CASE WHEN day({found}) > 12 THEN try_cast(split_part({whole}, '-', 1) AS UTINYINT) = {first}({found}) END"


def plausible(date_column: str, delivered: str) -> str:
    """A date from 1900 to the day of delivery; else NULL."""
    return (
        f"CASE WHEN {date_column} BETWEEN DATE '1900-01-01' AND {delivered} THEN {date_column} END"
    )


def _formats(order: str) -> str:
    """Formats with a four-digit year: the layout's order with each mark, then ISO."""
    formats = dict.fromkeys(
        mark.join(_ORDERS[each]) for mark in ("-", ".") for each in (order, "ymd")
    )
    return "[" + ", ".join(quote(item) for item in formats) + "]"


def _short_year(dashed: str, order: str, delivered: str) -> str:
    first, second, third = (f"split_part({dashed}, '-', {place})" for place in (1, 2, 3))
    year, month, dom = {
        "dmy": (third, second, first),
        "mdy": (third, first, second),
        "ymd": (first, second, third),
    }[order]
    return _latest_century(year, f"{month} || '-' || {dom}", delivered)


def _latest_century(year: str, rest: str, delivered: str) -> str:
    this, last = (_written(f"'{century}' || {year}", rest) for century in ("20", "19"))
    return f"CASE WHEN {this} <= {delivered} THEN {this} ELSE {last} END"


def _written(year: str, rest: str) -> str:
    """A DATE of a year and what comes after it: month-day."""
    return f"try_strptime({year} || '-' || {rest}, '%Y-%m-%d')::DATE"


def _eight(whole: str, order: str) -> str:
    usual = quote("".join(_ORDERS[order]))
    iso = f"try_strptime({whole}, '%Y%m%d')"
    first = f"CASE WHEN year({iso}) BETWEEN 1900 AND 2099 THEN {iso}::DATE END"
    other = f"try_strptime({whole}, {usual})::DATE"
    return f"coalesce({first}, {other})" if order == "ymd" else f"coalesce({other}, {first})"


def _serial(whole: str) -> str:
    days = f"try_cast(split_part({whole}, '.', 1) AS INTEGER)"
    meant = f"{days} BETWEEN {SERIAL_FIRST} AND {SERIAL_LAST}"
    return f"CASE WHEN {meant} THEN DATE '1899-12-30' + {days} END"


def _worded(column: str, delivered: str) -> str:
    word = f"regexp_extract(upper({column}), '[A-Z]{{3,9}}')"
    # Looked up in one text: as a CASE of forty names it took most of the time that a statement is planned in.
    names = quote("".join(f"|{name}:{number}" for name, number in MONTHS.items()))
    found = f"nullif(strpos({names}, '|' || {word} || ':'), 0)"
    month = f"substr({names}, {found} + length({word}) + 2, 2)"
    dom = rf"regexp_extract({column}, '(^|[^0-9])([0-9]{{1,2}})([^0-9]|$)', 2)"
    year = rf"regexp_extract({column}, '(^|[^0-9])([0-9]{{4}})([^0-9]|$)', 2)"
    short = _latest_century(f"right({column}, 2)", "rest", delivered)
    date = (
        f"CASE WHEN regexp_full_match({column}, '{_SHORT_WORDED}') THEN {short} "
        f"ELSE {_written(year, 'rest')} END"
    )
    return once(f"{month} || '-' || {dom}", "rest", date)


def _swapped(dashed: str, order: str) -> str:
    # With a blank between, the agreed order stands first here, too; the mark that makes a spreadsheet's text goes.
    own = "-".join(_ORDERS[order])
    other = {"dmy": ["%m-%d-%Y"], "mdy": ["%d-%m-%Y"], "ymd": ["%d-%m-%Y", "%Y-%d-%m"]}[order]
    marked = f"ltrim({dashed}, {quote(chr(39) + chr(96))})"
    value = f"try_strptime({marked}, [{', '.join(quote(item) for item in (own, *other))}])"
    return f"CASE WHEN year({value}) >= 1000 THEN {value}::DATE END"
