"""Values as typed → values that can be trusted, as SQL fragments in DuckDB's dialect.

Every function takes a SQL expression of type VARCHAR and returns a SQL expression; NULL in gives
NULL out, and a value that cannot be read gives NULL, never an error. `tidy` comes first; the others
expect what it returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reference import nik
from reference.text import quote

# Words that people type, or spreadsheets show, where there is no value (own list; catalogue D01).
NOTHING_WORDS = (
    "TIDAK ADA", "TDK ADA", "TIDAK TAHU", "TDK TAHU", "TIDAK DIKETAHUI", "TIDAK PUNYA", "BELUM ADA",
    "NIHIL", "KOSONG", "NULL", "NONE", "NAN", "N/A", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!",
    "#NUM!", "#NULL!",
)  # fmt: skip

_MARK = "\x1f"


def one_of(column: str, words: Iterable[str]) -> str:
    """Whether a tidy value is one of the words."""
    # Long IN lists become joins, one each; a look into one constant text is far cheaper. A tidy
    # value never has the mark between the words in it.
    known = list(words)
    text = quote(_MARK + _MARK.join(known) + _MARK)
    longest = max(map(len, known), default=0)
    mark = quote(_MARK)
    found = f"contains({text}, {mark} || {column} || {mark})"
    return f"(length({column}) <= {longest} AND {found})"


def tidy(column: str, needed: str | None = None) -> str:
    """Blank for control characters, NBSP and zero-width marks; one blank between words; trimmed; ''
    is NULL.

    `needed`: a condition that is true wherever a value is not tidy yet (see `untidy`).
    """
    # Most values are plain ASCII without doubled blanks: one cheap look spares them the work.
    blanks = r"[\s\x00-\x1F\x{7F}-\x{A0}\x{200B}-\x{200D}\x{2028}\x{2029}\x{202F}\x{FEFF}]+"
    needs = f"regexp_matches({column}, '[^!-~ ]|  |^ | $')"
    needs = f"{needed} AND {needs}" if needed else needs
    done = f"trim(regexp_replace({column}, '{blanks}', ' ', 'g'))"
    return f"nullif(CASE WHEN {needs} THEN {done} ELSE {column} END, '')"


def untidy(columns: Sequence[str]) -> str:
    """Whether any of the values may need `tidy`: one look at the whole row."""
    # A value with the mark between blanks inside is taken for untidy, which does no harm.
    row = ", '|', ".join(columns)
    return rf"regexp_matches(concat({row}), '[^!-~ ]|  |(^|\|) | (\||$)')"


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
    marks = f"regexp_replace({column}, '[^0-9]', '', 'g')"
    only = f"CASE WHEN {_is_digits(column)} THEN {column} ELSE {marks} END"
    careful = f"CASE WHEN length({only}) >= {least} AND ltrim({only}, '0') <> '' THEN {only} END"
    # The usual case: figures only, and not three zeros in front.
    plain = f"{_is_digits(column)} AND length({column}) >= {max(least, 3)}"
    return (
        f"CASE WHEN {plain} AND NOT starts_with({column}, '000') THEN {column} ELSE {careful} END"
    )


def compact(column: str) -> str:
    """A number as typed, without blanks, marks and a decimal zero: digits and letters only; NULL
    when none.
    """
    marks = f"regexp_replace(regexp_replace(upper({column}), '[.,]0+$', ''), '[^0-9A-Z]', '', 'g')"
    return f"CASE WHEN {_is_registry(column)} THEN {column} ELSE nullif({marks}, '') END"


def is_placeholder(number: str) -> str:
    """Whether a compact number only fills the field.

    One digit repeated, a counting row, all zero after the region, or a word that says "none".
    """
    forms = [
        *nik.FILLERS, "X+",
        "NA", "NIHIL", "NULL", "NONE", "TIDAKADA", "TDKADA", "BELUMADA", "KOSONG",
    ]  # fmt: skip
    return f"regexp_full_match({number}, '{'|'.join(forms)}')"


def number_raw(column: str) -> str:
    """What was typed where a NIK or KK number belongs: digits and letters.

    NULL when nothing was, or a placeholder.
    """
    number = compact(column)
    other = f"WHEN {is_placeholder(number)} THEN NULL ELSE {number}"
    return f"CASE WHEN {is_plain_number(column)} THEN {column} {other} END"


def is_plain_number(column: str) -> str:
    """A cheap first look that clears nearly all rows: 16 digits that vary are a number as it should
    be. Says nothing against the others.
    """
    # Four figures alike, such as 0000 or 7777, are what 1111 divides.
    varied = f"try_cast({column} AS UBIGINT) % 10000 % 1111 <> 0"
    return f"({_is_registry(column)} AND {varied} AND NOT contains({column}, '34567890'))"


def own_number(column: str) -> str:
    """What a provider numbers its own rows with; NULL where it only says that the row has no number."""
    return f"CASE WHEN NOT ({_says_nothing(column)}) THEN {column} END"


def registry_number(raw: str) -> str:
    """A NIK or KK number of 16 digits with a serial that is ever given out (0000 is not); else
    NULL.
    """
    return f"CASE WHEN {_is_registry(raw)} AND right({raw}, 4) <> '0000' THEN {raw} END"


def label(column: str) -> str:
    """An RT or RW number without leading zeros; 000 and words are NULL, and more than three figures: a spreadsheet
    makes a date of 3/5, or its serial.
    """
    plain = f"try_cast({column} AS INTEGER)"
    figures = f"ltrim(regexp_extract({column}, '[0-9]+'), '0')"
    return (
        f"CASE WHEN {plain} BETWEEN 1 AND 999 THEN {plain}::VARCHAR "
        f"WHEN length({column}) <= 16 AND length({figures}) BETWEEN 1 AND 3 THEN {figures} END"
    )


def rt(column: str) -> str:
    """The RT of `003/005`: the part before the slash."""
    return label(f"split_part({column}, '/', 1)")


def rw(column: str) -> str:
    """The RW of `003/005`: the part after the slash."""
    return label(f"split_part({column}, '/', 2)")


def code(column: str) -> str:
    """The key of a code list entry: upper case, without leading zeros and without `.0` of a
    spreadsheet.
    """
    bare = f"regexp_replace({column}, '^0+([0-9])|[.]0+$', '\\1')"
    needs = f"length({column}) <= 6 AND (starts_with({column}, '0') OR contains({column}, '.'))"
    return f"upper(CASE WHEN {needs} THEN {bare} ELSE {column} END)"


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
    *,
    filled: str = "TRUE",
) -> str:
    """TRUE or FALSE by words; what an empty value means, and what any other that counts as `filled` (SQL).

    A value that only says that nothing is there (a word for it, marks or zeros alone) is an empty one.
    """
    upper, nothing = f"upper({column})", _says_nothing(column)
    cases = [f"WHEN {column} IS NULL THEN {_constant(when_empty)}"]
    cases += [f"WHEN {one_of(upper, true)} THEN TRUE"] if true else []
    cases += [f"WHEN {one_of(upper, false)} THEN FALSE"] if false else []
    cases += [
        f"WHEN {holds} THEN {_constant(means)}"
        for holds, means in ((nothing, when_empty), (filled, when_filled))
    ]
    return f"CASE {' '.join(cases)} END"


def decimal(column: str, least: float | None = None, most: float | None = None) -> str:
    """A DOUBLE inside its bounds; a decimal comma, a thousands dot and a unit behind the figures
    are understood.
    """
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
    thousands = rf"regexp_full_match({bare}, '\d{{1,3}}([.,]\d{{3}})+')"
    whole = rf"regexp_full_match({bare}, '-?\d+([.,]0+)?')"
    loose = (
        f"CASE WHEN {thousands} THEN regexp_replace({bare}, '[.,]', '', 'g') "
        f"WHEN {whole} THEN regexp_replace({bare}, '[.,]0+$', '') END"
    )
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
    """KK numbers of a list, each 16 digits, without repeats, in order; NULL when none is left."""
    mark = quote(separator)
    parts = f"string_split(regexp_replace({column}, '[;/&|\\s]+', {mark}, 'g'), {mark})"
    clean = f"list_transform({parts}, lambda part: regexp_replace(part, '[^0-9]', '', 'g'))"
    given = "length(part) = 16 AND right(part, 4) <> '0000'"
    valid = f"list_filter({clean}, lambda part: {given})"
    return f"CASE WHEN len({valid}) > 0 THEN list_sort(list_distinct({valid})) END"


def digest(columns: Sequence[str]) -> str:
    """32 hexadecimal figures of SHA-256 over values; an absent value is no text's equal."""
    joined = " || ".join(f"coalesce({column} || chr(31), chr(30))" for column in columns)
    return f"left(sha256({joined}), 32)"


def _says_nothing(column: str) -> str:
    """Whether a tidy value is marks or zeros alone, or a word that says that nothing is there."""
    word = one_of(f"upper({column})", NOTHING_WORDS)
    return f"NOT regexp_matches({column}, '[1-9A-Za-z]') OR {word}"


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
    fits = f"regexp_full_match({figures}, '[0-9]{{1,{size}}}')"
    return f"CASE WHEN {fits} THEN lpad({figures}, {size}, '0') END"


def _deeper(columns: Sequence[str], place: int, system: str) -> str:
    """The part at `place`, if it and all parts above are there."""
    parts = [
        _part(column, REGION_PARTS[system][i]) for i, column in enumerate(columns[: place + 1])
    ]
    there = " AND ".join(f"{part} IS NOT NULL" for part in parts)
    return f"CASE WHEN {there} THEN {parts[-1]} ELSE '' END"
