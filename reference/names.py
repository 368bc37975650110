"""Names: titles and degrees, particles, short forms, spelling variants, birth order, and names
that say nothing.

Everything here is data in `data/names/`; this module reads it, and gives it as tables for joins,
as two SQL fragments, and as their Python twins for one record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, product

import pyarrow as pa

from reference.files import make_table, read_rows, read_table
from reference.phonetics import PHONETIC_SQL, phonetic
from reference.text import quote

__all__ = [
    "MISSING_NAME_SQL",
    "PHONETIC_SQL",
    "STRIP_TITLES_SQL",
    "is_missing_name",
    "missing_pattern",
    "name_tables",
    "phonetic",
    "strip_titles",
    "title_pattern",
    "token_canonical",
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
def name_tables() -> dict[str, pa.Table]:
    """Tables of names for joins.

    `ref_title(token, position, mode, meaning)`: dots removed; unique on (token, position).
    `ref_name_token(token, canonical, kind)`: `variant`, `abbreviation`, `o_a` (Javanese O/A:
    weaker) and `particle` are unique on token; `ambiguous` tokens have one row per candidate.
    `ref_name_phrase(phrase, canonical)`: several tokens that mean one. `ref_birth_order(token,
    slot, group)`, `ref_do_not_merge(token_l, token_r, reason)` (both orders),
    `ref_name_missing(pattern, meaning)`: full-match RE2 patterns on letters and single blanks.
    """
    pairs = read_table("names/do_not_merge.csv")
    swapped = pairs.select(["token_r", "token_l", "reason"]).rename_columns(pairs.column_names)
    return {
        "ref_title": make_table(["token", "position", "mode", "meaning"], _title_rows()),
        "ref_name_token": read_table("names/tokens.csv"),
        "ref_name_phrase": read_table("names/phrases.csv"),
        "ref_birth_order": read_table("names/birth_order.csv", {"slot": pa.int32()}),
        "ref_do_not_merge": pa.concat_tables([pairs, swapped]),
        "ref_name_missing": read_table("names/missing.csv"),
    }


def _title_rows() -> Iterator[tuple[str, str, str, str]]:
    """Every way to write a title without dots: `S PD` and `SPD`."""
    seen: set[tuple[str, str]] = set()
    for row in read_rows("names/titles.csv"):
        parts = [part for part in row["form"].split(".") if part]
        for gaps in product(("", " "), repeat=len(parts) - 1):
            token = "".join(part + gap for part, gap in zip(parts, (*gaps, ""), strict=True))
            if (token, row["position"]) not in seen:
                seen.add((token, row["position"]))
                yield token, row["position"], row["mode"], row["meaning"]
