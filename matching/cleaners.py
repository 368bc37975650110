"""Values as typed → values that can be trusted, as SQL fragments in DuckDB's dialect.

Every function takes a SQL expression of type VARCHAR and returns a SQL expression; NULL in gives
NULL out, and a value that cannot be read gives NULL, never an error. `tidy` comes first; the others
expect what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from reference import nik
from reference.text import quote

# Words that people type, or spreadsheets show, where there is no value (own list; catalogue D01).
NOTHING_WORDS = (
    "TIDAK ADA", "TDK ADA", "TIDAK TAHU", "TDK TAHU", "TIDAK DIKETAHUI", "TIDAK PUNYA", "BELUM ADA",
    "NIHIL", "KOSONG", "NULL", "NONE", "NAN", "N/A", "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!",
    "#NUM!", "#NULL!", "BELUM", "BLM ADA", "BELUM DIISI", "BELUM TERISI", "TIDAK DIISI", "TDK DIKETAHUI",
    "(NULL)", "(NONE)", "(KOSONG)", "(BLANK)", "\\N", "N.A", "N.A.",
)  # fmt: skip

_MARK = "\x1f"
# Letters, as good as all. A class of Unicode's takes milliseconds in each statement that has it.
_LETTERS = (
    r"A-Za-z\x{AA}\x{B5}\x{BA}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1FFF}\x{2C00}-\x{2DFF}\x{3040}-\x{D7FF}"
    r"\x{F900}-\x{FDFF}"
)
_FILLERS = "|".join((*nik.FILLERS, "[A-Z]+"))


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


def tidy(column: str) -> str:
    """Blank for control characters, NBSP and zero-width marks; one blank between words; trimmed; ''
    is NULL.
    """
    # Most values are plain ASCII without doubled blanks: one cheap look spares them the work.
    blanks = r"[\s\x00-\x1F\x{7F}-\x{A0}\x{200B}-\x{200D}\x{2028}\x{2029}\x{202F}\x{FEFF}]+"
    needs = f"regexp_matches({column}, '[^!-~ ]|  |^ | $')"
    done = f"trim(regexp_replace({column}, '{blanks}', ' ', 'g'))"
    return f"nullif(CASE WHEN {needs} THEN {done} ELSE {column} END, '')"


def tidied(columns: Sequence[str]) -> str:
    """A list of the row's values, each as `tidy` makes it; no list where none of them needs it, '' aside: one look at
    the whole row tells."""
    # A value with the mark between blanks inside is taken for untidy, which does no harm.
    row = ", '|', ".join(columns)
    untidy = rf"regexp_matches(concat({row}), '[^!-~ ]|  |(^|\|) | (\||$)')"
    each = f"list_transform([{', '.join(columns)}], lambda typed: {tidy('typed')})"
    return f"CASE WHEN {untidy} THEN {each} END"


def once(value: str, name: str, then: str) -> str:
    """An expression over a value that is made once. Written out at each of its places, the statement would take longer
    to plan than to run."""
    return f"list_transform([{value}], lambda {name}: {then})[1]"


def where_needed(typed: Iterable[tuple[str, str]], careful: Callable[[str], str]) -> str:
    """A list with what a `careful` reading makes of each of several values, each with the condition that it is needed;
    NULL where it is not, and no list where none needs it. The reading is written out once for all of them."""
    values = list(typed)
    each = ", ".join(f"CASE WHEN {needed} THEN {value} END" for value, needed in values)
    some = " OR ".join(f"({needed})" for _, needed in values)
    return f"CASE WHEN {some} THEN list_transform([{each}], lambda typed: {careful('typed')}) END"


def text(column: str) -> str:
    """Upper case text; a value of marks and zeros only, or a word that says nothing is there, is absent."""
    upper = f"upper({column})"
    # Nearly all text is longer and begins with a letter, or a figure above zero.
    brief = f"(length({column}) < 4 OR {column} < '1')"
    mute = f"({brief} AND NOT regexp_matches({column}, '[1-9{_LETTERS}]'))"
    return f"CASE WHEN {mute} OR {one_of(upper, NOTHING_WORDS)} THEN NULL ELSE {upper} END"


def name(column: str) -> str:
    """A name as typed, upper case; without one letter it is no name."""
    upper = f"upper({column})"
    letterless = f"{upper} = lower({column})"
    return f"CASE WHEN {letterless} OR {one_of(upper, NOTHING_WORDS)} THEN NULL ELSE {upper} END"


def digits(column: str, least: int = 1, most: int | None = None) -> str:
    """The digits of a number; NULL when there are fewer than `least` or more than `most` (two numbers in one field),
    when all are one figure, and in scientific notation, which has lost some.
    """
    # A spreadsheet's decimal zero is no figure of the number.
    bare = f"regexp_replace({column}, '^([^0-9]*[0-9]+)[.,]0{{1,2}}$', '\\1')"
    marks = f"regexp_replace({bare}, '[^0-9]', '', 'g')"
    one_figure = "length(ltrim(found, left(found, 1))) = 0 AND length(found) > 6"
    filler = f"ltrim(found, '0') = '' OR ({one_figure})"
    only = once(
        f"CASE WHEN {_is_digits(column)} THEN {column} ELSE {marks} END",
        "found",
        f"CASE WHEN {_is_long('found', least, most)} AND NOT ({filler}) THEN found END",
    )
    careful = f"CASE WHEN NOT {_is_scientific(column)} THEN {only} END"
    # The usual case: figures only, the last four not alike.
    varied = f"try_cast({column} AS UBIGINT) % 10000 % 1111 <> 0"
    plain = f"{_is_digits(column)} AND {_is_long(column, max(least, 4), most)} AND {varied}"
    return f"CASE WHEN {plain} THEN {column} ELSE {careful} END"


def has_figures(column: str) -> str:
    """Whether a value has figures other than zeros."""
    return f"regexp_matches({column}, '[1-9]')"


def compact(column: str) -> str:
    """A number as typed, without blanks, marks and a decimal zero: digits and letters only; NULL
    when none.
    """
    marks = f"regexp_replace(regexp_replace(upper({column}), '[.,]0+$', ''), '[^0-9A-Z]', '', 'g')"
    return f"CASE WHEN {_is_registry(column)} THEN {column} ELSE nullif({marks}, '') END"


def is_placeholder(number: str) -> str:
    """Whether a compact number only fills the field.

    One digit repeated, a counting row, all zero after the region, or words without a figure.
    """
    return f"regexp_full_match({number}, '{_FILLERS}')"


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
        "1", "L", "M", "LK", "LAKI-LAKI", "LAKI LAKI", "LAKI", "PRIA", "LELAKI", "MALE", "01", "1.0",
        "L.", "LK.", "LAKI - LAKI", "LAKI2", "COWOK",
    )  # fmt: skip
    female = (
        "2", "P", "F", "W", "PR", "PEREMPUAN", "WANITA", "FEMALE", "02", "2.0",
        "P.", "PR.", "PREMPUAN", "CEWEK",
    )  # fmt: skip
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


REGION_LENGTHS = {"kemendagri": (2, 4, 6, 10), "bps": (2, 4, 7, 10)}
REGION_PARTS = {"kemendagri": (2, 2, 2, 4), "bps": (2, 2, 3, 3)}


def region(columns: Sequence[str], system: str) -> str:
    """A region code: its digits, when there are as many as a level of `system` has.

    Given in parts, each part is filled with zeros, and the code goes as deep as the first missing
    part; one of zeros only is missing.
    """
    if len(columns) > 1:
        return _from_parts(columns, system)
    figures = _bare(columns[0])
    lengths = ", ".join(map(str, REGION_LENGTHS[system]))
    return f"CASE WHEN length({figures}) IN ({lengths}) THEN {figures} END"


def region_lost(columns: Sequence[str], code: str, system: str) -> str:
    """Whether parts of a region say more than went into its code."""
    sizes = REGION_PARTS[system][: len(columns)]
    spoken = [
        f"(coalesce(length({code}), 0) < {sum(sizes[: place + 1])} AND coalesce(regexp_matches({column}, "
        f"'[1-9A-Za-z]'), FALSE))"
        for place, column in enumerate(columns)
    ]
    whole = f"coalesce(length({code}), 0) = {sum(sizes)}"
    return f"CASE WHEN {whole} THEN FALSE ELSE {' OR '.join(spoken)} END"


def _bare(column: str) -> str:
    """The digits of one column; marks and a spreadsheet's `.0` go. With words beside them they are the code of a
    district or village; a number of a province, or of an RT, may stand in any address.
    """
    marks = f"regexp_replace(regexp_replace({column}, '[.,]0{{1,2}}$', ''), '[^0-9]', '', 'g')"
    code = f"length({marks}) >= 6 AND NOT {_is_scientific(column)}"
    told = f"NOT regexp_matches({column}, '[A-Za-z]') OR ({code})"
    return f"CASE WHEN {_is_digits(column)} THEN {column} WHEN {told} THEN {marks} END"


def _from_parts(columns: Sequence[str], system: str) -> str:
    """A code put together from its parts; parts of full width, the usual case, need no mending."""
    sized = list(zip(columns, REGION_PARTS[system], strict=False))
    whole = " || ".join(columns)
    wide = " AND ".join(f"length({column}) = {size}" for column, size in sized)
    figures = f"regexp_full_match({whole}, '[0-9]+')"
    zeros = " OR ".join(f"{column} = '{'0' * size}'" for column, size in sized)
    each = ", ".join(f"{{'typed': {column}, 'size': {size}}}" for column, size in sized)
    parts = f"array_to_string(list_transform([{each}], lambda part: {_part('part.typed', 'part.size')}), '|')"
    # As deep as the first part that is missing.
    mended = f"replace(regexp_extract({parts}, '^[0-9]+([|][0-9]+)*'), '|', '')"
    return (
        f"CASE WHEN {wide} AND {figures} AND NOT ({zeros}) THEN {whole} "
        f"ELSE nullif({mended}, '') END"
    )


def kk_list(column: str, separator: str) -> str:
    """KK numbers of a list, each 16 digits, without repeats, in order; NULL when none is left."""
    valid = _kk_listed(column, separator)
    return f"CASE WHEN len({valid}) > 0 THEN list_sort(list_distinct({valid})) END"


def kk_list_lost(column: str, separator: str) -> str:
    """Whether a list has numbers that are no KK's."""
    long = f"list_filter({_kk_parts(column, separator)}, lambda part: length(part) >= 8)"
    only = f"{column} IS NULL OR length({column}) = 16"
    return (
        f"CASE WHEN {only} THEN FALSE ELSE len({long}) > len({_kk_listed(column, separator)}) END"
    )


def _kk_parts(column: str, separator: str) -> str:
    """The digits of each value of a list."""
    mark = quote(separator)
    parts = f"string_split(regexp_replace({column}, '[;/&|\\s]+', {mark}, 'g'), {mark})"
    digits = "regexp_replace(regexp_replace(part, '[.]0$', ''), '[^0-9]', '', 'g')"
    return f"list_transform({parts}, lambda part: {digits})"


def _kk_listed(column: str, separator: str) -> str:
    """The KK numbers of a list as they stand; fillers are none."""
    given = "length(part) = 16 AND right(part, 4) <> '0000'"
    own = f"({is_plain_number('part')} OR NOT {is_placeholder('part')})"
    return f"list_filter({_kk_parts(column, separator)}, lambda part: {given} AND {own})"


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


def _is_long(column: str, least: int, most: int | None) -> str:
    longest = f" AND length({column}) <= {most}" if most else ""
    return f"length({column}) >= {least}{longest}"


def _is_scientific(column: str) -> str:
    return f"regexp_matches({column}, '[0-9][eE][+-]?[0-9]')"


def _is_registry(column: str) -> str:
    return f"regexp_full_match({column}, '[0-9]{{16}}')"


def _constant(value: bool | None) -> str:
    return "NULL" if value is None else str(value).upper()


def _part(column: str, size: str) -> str:
    """One part of a code, filled with zeros; '' for one that is missing."""
    figures = f"regexp_replace({column}, '[.,]0{{1,2}}$', '')"
    fits = f"regexp_full_match({figures}, '0*[1-9][0-9]*') AND length({figures}) <= {size}"
    return f"CASE WHEN {fits} THEN lpad({figures}, {size}, '0') ELSE '' END"
