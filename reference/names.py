"""Names: titles and degrees, particles, short forms, spelling variants, and names that say nothing.

Everything here is data in `data/names/`; this module reads it, and gives it as a table for joins,
as two SQL fragments, and as their Python twins for one record.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import pyarrow as pa

from reference.files import read_rows, read_table
from reference.phonetics import PHONETIC_SQL, phonetic
from reference.text import quote

__all__ = [
    "MISSING_NAME_SQL",
    "PHONETIC_SQL",
    "STRIP_TITLES_SQL",
    "initials_apart",
    "is_missing_name",
    "missing_pattern",
    "phonetic",
    "strip_titles",
    "title_pattern",
    "token_canonical",
    "token_table",
]


@cache
def title_pattern() -> str:
    """RE2 pattern of all titles before and degrees after a name, for upper case text that kept
    its dots and commas.

    Replace every match by a blank. Use `STRIP_TITLES_SQL`, which never leaves a name empty.
    """
    before = _alternatives("prefix", "bare")
    before_dotted = _alternatives("prefix", "dotted")
    after = "|".join([_alternatives("suffix", "bare"), _alternatives("suffix", "dotted")])
    comma = "|".join([_alternatives("suffix", "comma"), _undotted("suffix")])
    first = rf"(?:(?:{before})(?:[.,)]+ *| +)|(?:{before_dotted}) *)"
    last = rf"(?:[ .(,]+(?:{after})| *, *(?:{comma}))"
    return rf"^[ .,(]*{first}+|{last}+[ .,)]*$"


def _alternatives(position: str, mode: str) -> str:
    """One alternation of the titles of a position and mode, longest first."""
    forms = [
        row["form"]
        for row in read_rows("names/titles.csv")
        if (row["position"], row["mode"]) == (position, mode)
    ]
    return "|".join(
        _form(form, mode) for form in sorted(forms, key=lambda form: (-len(form), form))
    )


def _undotted(position: str) -> str:
    """The dotted titles of a position written without dots: only after a comma are they titles."""
    forms = [
        row["form"]
        for row in read_rows("names/titles.csv")
        if (row["position"], row["mode"]) == (position, "dotted")
    ]
    return "|".join(
        _form(form, "bare") for form in sorted(forms, key=lambda form: (-len(form), form))
    )


def _form(form: str, mode: str) -> str:
    """Pattern of one title: bare titles may drop dots and blanks, dotted ones must keep their
    dots.
    """
    parts = [part for part in form.split(".") if part]
    if mode == "dotted":
        return r"\. *".join(parts) + r"\."
    pattern = parts[0]
    for left, right in pairwise(parts):
        gap = r"\.? *" if max(len(left), len(right)) > 1 else r"(?:\. *)?"
        pattern += gap + right
    return re.sub(r" (?!\*)", " +", pattern)


def strip_titles(name: str) -> str:
    """An upper case name without titles and degrees; the name itself if nothing else would be
    left.
    """
    bare = re.sub(title_pattern(), " ", name).strip(" ")
    return bare if re.search("[A-Z]", bare) else name


def STRIP_TITLES_SQL(column: str) -> str:  # noqa: N802 - a SQL fragment, written like the constant it stands for
    """`strip_titles` as a DuckDB expression."""
    bare = f"trim(regexp_replace({column}, {quote(title_pattern())}, ' ', 'g'), ' ')"
    return f"CASE WHEN regexp_matches({bare}, '[A-Z]') THEN {bare} ELSE {column} END"


@cache
def missing_pattern() -> str:
    """RE2 pattern of texts that name nobody, letters and single blanks, to be matched as a whole."""
    return "(?:" + "|".join(f"(?:{row['pattern']})" for row in read_rows("names/missing.csv")) + ")"


def is_missing_name(name: str) -> bool:
    """Whether an upper case text stands where a name should be but names nobody."""
    words = re.sub("[^A-Z]+", " ", name).strip(" ")
    return re.fullmatch(missing_pattern(), words) is not None


def MISSING_NAME_SQL(column: str) -> str:  # noqa: N802 - a SQL fragment, written like the constant it stands for
    """`is_missing_name` as a DuckDB expression."""
    words = f"trim(regexp_replace({column}, '[^A-Z]+', ' ', 'g'), ' ')"
    return f"regexp_full_match({words}, {quote(missing_pattern())})"


@cache
def initials_apart() -> dict[str, str]:
    """The letters of an abbreviated title of two words, typed apart, and the abbreviation: `A A` for AA (ANAK AGUNG).

    Before a name they are the title; a letter alone is an initial of any word.
    """
    return {
        " ".join(token): token
        for token, title in _canonical().items()
        if token == "".join(word[0] for word in title.split()) and len(token) > 1
    }


@cache
def _canonical() -> dict[str, str]:
    return {
        row["token"]: row["canonical"]
        for row in read_rows("names/tokens.csv")
        if row["kind"] in {"variant", "abbreviation"}
    }


def token_canonical(token: str) -> str:
    """Canonical form of one token (may be two words); the token itself when nothing is known."""
    return _canonical().get(token, token)


@cache
def token_table() -> pa.Table:
    """`ref_name_token(token, canonical, kind)`, for joins.

    `variant`, `abbreviation`, `o_a` (Javanese O/A: weaker) and `particle` are unique on token;
    `ambiguous` tokens have one row per candidate.
    """
    return read_table("names/tokens.csv")
