"""Values as typed → values that can be trusted, as SQL fragments in DuckDB's dialect.

Every function takes a SQL expression of type VARCHAR and returns a SQL expression; NULL in gives NULL out, and a
value that cannot be read gives NULL, never an error. `tidy` comes first; the others expect what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# Words that people type where there is no value (own list; catalogue D01).
NOTHING_WORDS: tuple[str, ...] = tuple(
    "TIDAK ADA;TDK ADA;TIDAK TAHU;TDK TAHU;TIDAK DIKETAHUI;TIDAK PUNYA;BELUM ADA;NIHIL;KOSONG;NULL;NONE;NAN;N/A;#N/A".split(
        ";"
    )
)

MONTHS = {
    "JANUARI": "01", "JANUARY": "01", "JAN": "01", "FEBRUARI": "02", "FEBRUARY": "02", "FEB": "02",
    "PEBRUARI": "02", "PEB": "02", "MARET": "03", "MARCH": "03", "MAR": "03", "APRIL": "04", "APR": "04",
    "MEI": "05", "MAY": "05", "JUNI": "06", "JUNE": "06", "JUN": "06", "JULI": "07", "JULY": "07",
    "JUL": "07", "AGUSTUS": "08", "AUGUST": "08", "AGU": "08", "AGS": "08", "AUG": "08",
    "SEPTEMBER": "09", "SEP": "09", "OKTOBER": "10", "OCTOBER": "10", "OKT": "10", "OCT": "10",
    "NOVEMBER": "11", "NOPEMBER": "11", "NOV": "11", "NOP": "11", "DESEMBER": "12",
    "DECEMBER": "12", "DES": "12", "DEC": "12",
}  # fmt: skip

# The last day a spreadsheet serial may mean: 60000 is in 2064. The first, 3654, is 1 January 1910.
SERIAL_FIRST, SERIAL_LAST = 3654, 60000
_ORDERS = {"dmy": ("%d", "%m", "%Y"), "mdy": ("%m", "%d", "%Y"), "ymd": ("%Y", "%m", "%d")}


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def one_of(column: str, words: Iterable[str]) -> str:
    """Whether a value is one of the words."""
    return f"{column} IN ({', '.join(quote(word) for word in words)})"


def tidy(column: str) -> str:
    """Blank for control characters, NBSP and zero-width marks; one blank between words; trimmed; '' is NULL."""
    # Most values are plain ASCII without doubled blanks: one cheap look spares them the work.
    blanks = r"[\s\x00-\x1F\x{7F}-\x{A0}\x{200B}-\x{200D}\x{2028}\x{2029}\x{202F}\x{FEFF}]+"
    needs = f"regexp_matches({column}, '[^!-~ ]|  |^ | $')"
    done = f"trim(regexp_replace({column}, '{blanks}', ' ', 'g'))"
    return f"nullif(CASE WHEN {needs} THEN {done} ELSE {column} END, '')"


def text(column: str) -> str:
    """Upper case text; a value of marks only, or a word that says nothing is there, is absent."""
    upper = f"upper({column})"
    mute = f"(length({column}) < 4 AND NOT regexp_matches({column}, '[0-9A-Za-z]'))"
    return f"CASE WHEN {mute} OR {one_of(upper, NOTHING_WORDS)} THEN NULL ELSE {upper} END"


def name(column: str) -> str:
    """A name as typed, upper case; without one letter it is no name."""
    upper = f"upper({column})"
    letterless = f"{upper} = lower({column})"
    return f"CASE WHEN {letterless} OR {one_of(upper, NOTHING_WORDS)} THEN NULL ELSE {upper} END"


def digits(column: str, least: int = 1) -> str:
    """The digits of a value; NULL when fewer than `least`, or all zero."""
    only = f"CASE WHEN {_is_digits(column)} THEN {column} ELSE regexp_replace({column}, '[^0-9]', '', 'g') END"
    return f"CASE WHEN length({only}) >= {least} AND ltrim({only}, '0') <> '' THEN {only} END"


def is_scientific(column: str) -> str:
    """Whether a spreadsheet wrote a long number as 3.20711E+15: its last digits are lost."""
    return f"regexp_full_match(upper({column}), '[''=]?[0-9]+([.,][0-9]+)?E[+]?[0-9]{{1,2}}')"


def compact(column: str) -> str:
    """A number as typed, without blanks, marks and a decimal zero: digits and letters only; NULL when none."""
    marks = f"regexp_replace(regexp_replace(upper({column}), '[.,]0+$', ''), '[^0-9A-Z]', '', 'g')"
    return f"CASE WHEN {_is_registry(column)} THEN {column} ELSE nullif({marks}, '') END"


def is_placeholder(number: str) -> str:
    """Whether a compact number only fills the field: one digit repeated, a counting row, all zero after the region."""
    runs = "0+|1+|2+|3+|4+|5+|6+|7+|8+|9+"
    fixed = "1234567890123456|0123456789012345|1234567890|123456789|12345678|123456|12345|1234|123|X+|NA|NIHIL|NULL|NONE|TIDAKADA|TDKADA|BELUMADA|KOSONG"
    return f"regexp_full_match({number}, '({runs}|{fixed}|[0-9]{{4,6}}0{{10,12}})')"


def number_raw(column: str) -> str:
    """What was typed where a NIK or KK number belongs: digits and letters; NULL when nothing or a placeholder."""
    number = compact(column)
    # A number whose digits vary cannot be a placeholder; the first look is cheap and clears nearly all rows.
    plain = f"({_is_registry(column)} AND right({column}, 4) <> '0000' AND substr({column}, 3, 8) <> '34567890'"
    varied = f"{plain} AND left({column}, 8) <> right({column}, 8))"
    return f"CASE WHEN {varied} THEN {column} WHEN {is_placeholder(number)} THEN NULL ELSE {number} END"


def registry_number(raw: str) -> str:
    """A NIK or KK number of 16 digits with a serial that is ever given out (0000 is not); else NULL."""
    return f"CASE WHEN {_is_registry(raw)} AND right({raw}, 4) <> '0000' THEN {raw} END"


def label(column: str) -> str:
    """An RT or RW number without leading zeros; 000 and words are NULL."""
    plain = f"try_cast({column} AS INTEGER)"
    figures = f"nullif(ltrim(regexp_extract({column}, '[0-9]{{1,9}}'), '0'), '')"
    return (
        f"CASE WHEN {plain} > 0 THEN {plain}::VARCHAR "
        f"WHEN length({column}) <= 16 THEN {figures} END"
    )


def rt(column: str) -> str:
    """The RT of `003/005`: the part before the slash."""
    return label(f"split_part({column}, '/', 1)")


def rw(column: str) -> str:
    """The RW of `003/005`: the part after the slash."""
    return label(f"split_part({column}, '/', 2)")


def day(column: str) -> str:
    """The date part of a value, slashes as dashes: the time of day goes."""
    cut = rf"regexp_replace({column}, '^(\S{{6,10}})[ T][0-9]{{1,2}}[:.].*$', '\1')"
    stamp = f"substr({column}, 14, 1) = ':'"
    short = (
        f"CASE WHEN length({column}) <= 10 THEN {column} "
        f"WHEN {stamp} THEN left({column}, 10) ELSE {cut} END"
    )
    return f"replace({short}, '/', '-')"


def date(whole: str, order: str, delivered: str) -> str:
    """A DATE from what `day` returns; `order` (dmy, mdy, ymd) says how figures follow each other.

    ISO dates, spreadsheet serials, eight figures without marks and month names are always
    understood. A two-digit year takes the latest century in which the date is not after
    `delivered`. Day and month the other way round are understood where only that makes a date.
    Plausibility is judged elsewhere.
    """
    usual = f"try_strptime({whole}, {_formats(order)})"
    plain = f"CASE WHEN year({usual}) >= 1000 THEN {usual}::DATE END"
    dashed = f"translate({whole}, '. ', '--')"
    two = r"\d{1,2}-\d{1,2}-\d{2}"
    cases = [
        (f"regexp_full_match({dashed}, '{two}')", _short_year(dashed, order, delivered)),
        (rf"regexp_full_match({whole}, '\d{{8}}')", _eight(whole, order)),
        (rf"regexp_full_match({whole}, '\d{{4,5}}(\.0+)?')", _serial(whole)),
        (f"regexp_matches({whole}, '[A-Za-z]')", _worded(whole)),
        ("TRUE", _swapped(dashed, order)),
    ]
    slow = " ".join(f"WHEN {condition} THEN {value}" for condition, value in cases)
    return f"CASE WHEN {whole} IS NULL THEN NULL ELSE coalesce({plain}, CASE {slow} END) END"


def is_short_year(column: str) -> str:
    """Whether a date was written with two figures for the year."""
    return rf"(length({column}) <= 8 AND regexp_full_match({column}, '\d{{1,2}}[-/. ]\d{{1,2}}[-/. ]\d{{2}}'))"


def plausible(date_column: str, delivered: str) -> str:
    """A date from 1900 to the day of delivery; else NULL."""
    return (
        f"CASE WHEN {date_column} BETWEEN DATE '1900-01-01' AND {delivered} THEN {date_column} END"
    )


def code(column: str) -> str:
    """The key of a code list entry: upper case, without leading zeros and without `.0` of a spreadsheet."""
    short = f"CASE WHEN length({column}) <= 6 THEN regexp_replace({column}, '^0+([0-9])|[.]0+$', '\\1') ELSE {column} END"
    return f"upper({short})"


def sex(column: str) -> str:
    """M or F from 1/2, L/P, M/F or words; NULL otherwise."""
    short = f"upper({column})"
    male = (
        "1",
        "L",
        "M",
        "LK",
        "LAKI-LAKI",
        "LAKI LAKI",
        "LAKI",
        "PRIA",
        "LELAKI",
        "MALE",
        "01",
        "1.0",
    )
    female = ("2", "P", "F", "W", "PR", "PEREMPUAN", "WANITA", "FEMALE", "02", "2.0")
    return f"CASE WHEN {one_of(short, male)} THEN 'M' WHEN {one_of(short, female)} THEN 'F' END"


def boolean(
    column: str,
    true: Sequence[str],
    false: Sequence[str],
    when_empty: bool | None = None,
    when_filled: bool | None = None,
) -> str:
    """TRUE or FALSE by words; the last two arguments say what an empty or any other value means."""
    cases = [f"WHEN {column} IS NULL THEN {_constant(when_empty)}"]
    cases += [f"WHEN {one_of(f'upper({column})', true)} THEN TRUE"] if true else []
    cases += [f"WHEN {one_of(f'upper({column})', false)} THEN FALSE"] if false else []
    return f"CASE {' '.join(cases)} ELSE {_constant(when_filled)} END"


def decimal(column: str, least: float | None = None, most: float | None = None) -> str:
    """A DOUBLE inside its bounds; a decimal comma, a thousands dot and a unit behind the figures are understood."""
    bare = rf"regexp_replace({column}, '\s*[A-Za-z][A-Za-z0-9²]*\.?$', '')"
    point = (
        rf"CASE WHEN regexp_full_match({bare}, '-?\d{{1,3}}(\.\d{{3}})+,\d+') "
        f"THEN replace(replace({bare}, '.', ''), ',', '.') ELSE replace({bare}, ',', '.') END"
    )
    value = f"coalesce(try_cast({column} AS DOUBLE), try_cast({point} AS DOUBLE))"
    return _bounded(value, least, most)


def integer(column: str, least: float | None = None, most: float | None = None) -> str:
    """An INTEGER inside its bounds; `1.300 VA` is 1300, `2.0` is 2, `2.5` is NULL."""
    bare = rf"regexp_replace(upper({column}), '\s*[A-Z]+\.?$', '')"
    grouped = rf"CASE WHEN regexp_full_match({bare}, '\d{{1,3}}([.,]\d{{3}})+') THEN regexp_replace({bare}, '[.,]', '', 'g') "
    loose = rf"{grouped} WHEN regexp_full_match({bare}, '-?\d+([.,]0+)?') THEN regexp_replace({bare}, '[.,]0+$', '') END"
    plain = (
        f"CASE WHEN regexp_full_match({column}, '-?[0-9]{{1,9}}') THEN {column} ELSE {loose} END"
    )
    return _bounded(f"try_cast({plain} AS INTEGER)", least, most)


REGION_LENGTHS = {"kemendagri": (2, 4, 6, 10), "bps": (2, 4, 7, 10)}
REGION_PARTS = {"kemendagri": (2, 2, 2, 4), "bps": (2, 2, 3, 3)}


def region(columns: Sequence[str], system: str) -> str:
    """A region code: its digits, when there are as many as a level of `system` has.

    Given in parts, each part is filled with zeros, and the code goes as deep as the first missing
    part.
    """
    figures = _bare(columns[0]) if len(columns) == 1 else _from_parts(columns, system)
    lengths = ", ".join(map(str, REGION_LENGTHS[system]))
    return f"CASE WHEN length({figures}) IN ({lengths}) THEN {figures} END"


def _bare(column: str) -> str:
    """The digits of one column; marks and a spreadsheet's `.0` go."""
    marks = f"regexp_replace(regexp_replace({column}, '[.]0$', ''), '[^0-9]', '', 'g')"
    return f"CASE WHEN {_is_digits(column)} THEN {column} ELSE {marks} END"


def _from_parts(columns: Sequence[str], system: str) -> str:
    """A code put together from its parts; parts of full width, the usual case, need no mending."""
    sizes = REGION_PARTS[system][: len(columns)]
    whole = " || ".join(columns)
    wide = " AND ".join(
        f"length({column}) = {size}" for column, size in zip(columns, sizes, strict=True)
    )
    mended = " || ".join(_deeper(columns, place, system) for place in range(len(columns)))
    return (
        f"CASE WHEN {wide} AND regexp_full_match({whole}, '[0-9]{{{sum(sizes)}}}') "
        f"THEN {whole} ELSE {mended} END"
    )


def kk_list(column: str, separator: str) -> str:
    """KK numbers of a list, each 16 digits, without repeats and in order; NULL when none is left."""
    parts = f"string_split(regexp_replace({column}, '[;/&|\\s]+', {quote(separator)}, 'g'), {quote(separator)})"
    clean = f"list_transform({parts}, lambda part: regexp_replace(part, '[^0-9]', '', 'g'))"
    valid = f"list_filter({clean}, lambda part: length(part) = 16 AND right(part, 4) <> '0000')"
    return f"CASE WHEN len({valid}) > 0 THEN list_sort(list_distinct({valid})) END"


def digest(columns: Sequence[str]) -> str:
    """32 hexadecimal figures of SHA-256 over values, an absent value being different from any text."""
    joined = " || ".join(f"coalesce({column} || chr(31), chr(30))" for column in columns)
    return f"left(sha256({joined}), 32)"


def _is_digits(column: str) -> str:
    return f"regexp_full_match({column}, '[0-9]+')"


def _is_registry(column: str) -> str:
    return f"regexp_full_match({column}, '[0-9]{{16}}')"


def _constant(value: bool | None) -> str:
    return "NULL" if value is None else str(value).upper()


def _bounded(value: str, least: float | None, most: float | None) -> str:
    if least is None and most is None:
        return value
    low = f"{value} >= {least}" if least is not None else "TRUE"
    high = f"{value} <= {most}" if most is not None else "TRUE"
    return f"CASE WHEN {low} AND {high} THEN {value} END"


def _part(column: str, size: int) -> str:
    figures = f"regexp_replace({column}, '[.]0$', '')"
    return f"CASE WHEN regexp_full_match({figures}, '[0-9]{{1,{size}}}') THEN lpad({figures}, {size}, '0') END"


def _deeper(columns: Sequence[str], place: int, system: str) -> str:
    """The part at `place`, if it and all parts above are there."""
    parts = [
        _part(column, REGION_PARTS[system][i]) for i, column in enumerate(columns[: place + 1])
    ]
    there = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {there} THEN {parts[-1]} ELSE '' END"


def _formats(order: str) -> str:
    """Formats with a four-digit year: the layout's order with each mark, then ISO."""
    formats = dict.fromkeys(
        mark.join(_ORDERS[each]) for mark in ("-", ".") for each in (order, "ymd")
    )
    return "[" + ", ".join(quote(item) for item in formats) + "]"


def _short_year(dashed: str, order: str, delivered: str) -> str:
    year = f"split_part({dashed}, '-', {1 if order == 'ymd' else 3})"
    rest = [
        f"split_part({dashed}, '-', {place})" for place in ((2, 3) if order == "ymd" else (1, 2))
    ]
    month, dom = (rest[1], rest[0]) if order == "dmy" else (rest[0], rest[1])

    def century(figures: str) -> str:
        return f"try_strptime('{figures}' || {year} || '-' || {month} || '-' || {dom}, '%Y-%m-%d')::DATE"

    this, last = century("20"), century("19")
    return f"CASE WHEN {this} <= {delivered} THEN {this} ELSE {last} END"


def _eight(whole: str, order: str) -> str:
    usual = quote("".join(_ORDERS[order]))
    iso = f"try_strptime({whole}, '%Y%m%d')"
    first = f"CASE WHEN year({iso}) BETWEEN 1900 AND 2099 THEN {iso}::DATE END"
    other = f"try_strptime({whole}, {usual})::DATE"
    return f"coalesce({first}, {other})" if order == "ymd" else f"coalesce({other}, {first})"


def _serial(whole: str) -> str:
    days = f"try_cast(split_part({whole}, '.', 1) AS INTEGER)"
    return f"CASE WHEN {days} BETWEEN {SERIAL_FIRST} AND {SERIAL_LAST} THEN DATE '1899-12-30' + {days} END"


def _worded(column: str) -> str:
    word = f"regexp_extract(upper({column}), '[A-Z]{{3,9}}')"
    month = f"CASE {word} " + " ".join(f"WHEN '{w}' THEN '{n}'" for w, n in MONTHS.items()) + " END"
    dom = rf"regexp_extract({column}, '(^|[^0-9])([0-9]{{1,2}})([^0-9]|$)', 2)"
    year = rf"regexp_extract({column}, '(^|[^0-9])([0-9]{{4}})([^0-9]|$)', 2)"
    return f"try_strptime({year} || '-' || {month} || '-' || {dom}, '%Y-%m-%d')::DATE"


def _swapped(dashed: str, order: str) -> str:
    other = {"dmy": ["%m-%d-%Y"], "mdy": ["%d-%m-%Y"], "ymd": ["%d-%m-%Y", "%Y-%d-%m"]}[order]
    value = f"try_strptime({dashed}, [{', '.join(quote(item) for item in other)}])"
    return f"CASE WHEN year({value}) >= 1000 THEN {value}::DATE END"
