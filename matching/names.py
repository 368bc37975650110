"""Names as evidence: one dictionary of every distinct name, taken apart once.

`name_dictionary(name, phon VARCHAR[], key, joined, info DOUBLE, first)`, one row per distinct name text: the words that
count, after titles, patronymics, abbreviations and old spelling, and those of another name after ALIAS; of the name
before ALIAS, the words in alphabetical order; run together; how many bits agreeing on all of `phon` says (-log2 of
each word's share of all words in names); the first word.
"""

from __future__ import annotations

from matching.engine import Engine
from reference.names import (
    MISSING_NAME_SQL,
    PHONETIC_SQL,
    STRIP_TITLES_SQL,
    initials_apart,
    missing_pattern,
    title_pattern,
    token_table,
)
from reference.text import folded_sql, quote

# Figures typed for letters, and apostrophes, which part no word.
_TYPED = ("01'`´’‘ʼ", "OI")

# What linkage asks of each name column; the person's own name gives `name_key` and so on.
PARTS = {
    "name": ("phon", "key", "joined", "info", "first"),
    "mother_name": ("phon", "key", "info"),
    "father_name": ("key",),
    "head_name": ("phon", "key", "joined"),
}

# One or two letters have no sound of their own but must agree with the words they may begin (F and FATIMAH: PATIMA).
_SHORT = "translate({0}, 'FVYQZ', 'PPIKJ')"

# What follows is not the person's own name: the father's, or another name.
_AFTER = " (BIN|BINTI|BINTE|ALIAS|ALS)[. ].*$"

# The other name, of a text that has one: no part of the key, but as good as the first where words are looked for.
_OTHER = r"^.* (?:ALIAS|ALS)[. ]+(.*)$"

_OTHER_NAME = f"regexp_extract(name, {quote(_OTHER)}, 1)"

# A title of two words by its letters, before a name.
_INITIALS = f"^(?:{'|'.join(initials_apart())}) [A-Z]"

# Names that are not simply words, one blank between them.
_ODD = rf"[^A-Z ]|  |^ | $|{_AFTER}|{title_pattern()}|^{missing_pattern()}$|{_INITIALS}"


def make_dictionary(engine: Engine, columns: list[tuple[str, str]]) -> int:
    """Make `name_dictionary` from the distinct values of (table, column) pairs; return its rows."""
    engine.register("ref_name_token", token_table())
    every = " UNION ALL ".join(
        f"SELECT {column} AS name FROM {table} WHERE {column} IS NOT NULL"
        for table, column in columns
    )
    engine.table("name_text", f"SELECT name, count(*) AS records FROM ({every}) GROUP BY name")
    engine.table(
        "name_words",
        f"SELECT name, records, string_split({_own_words('name')}, ' ') AS words,"
        f" CASE WHEN contains(name, ' AL') AND regexp_matches(name, {quote(_OTHER)})"
        f" THEN string_split({_own_words(_OTHER_NAME)}, ' ') END AS others FROM name_text",
    )
    _make_word_forms(engine)
    engine.table("name_forms", _FORMS)
    rows = engine.table("name_dictionary", _DICTIONARY)
    engine.drop(
        "name_text",
        "name_words",
        "name_forms",
        "name_word_forms",
        "ref_name_token",
    )
    return rows


def columns(column: str) -> list[str]:
    """Feature columns of one name column, to select beside `join`."""
    prefix = column.removesuffix("_name")
    return [f"dictionary_{column}.{part} AS {prefix}_{part}" for part in PARTS[column]]


def join(table: str, column: str) -> str:
    """The join that brings `columns(column)`."""
    return f"LEFT JOIN name_dictionary dictionary_{column} ON dictionary_{column}.name = {table}.{column}"


def _own_words(name: str) -> str:
    """The words of a name: letters only, titles and what follows BIN or ALIAS gone; empty when nobody is named."""
    # Most names are words and nothing else: one look spares them the work.
    own = f"regexp_replace({STRIP_TITLES_SQL(name)}, {quote(_AFTER)}, '')"
    typed = rf"regexp_replace({own}, '\p{{Mn}}+', '', 'g')"  # marks that stand behind their letter
    letters = f"trim(regexp_replace({folded_sql(typed, *_TYPED)}, '[^A-Z]+', ' ', 'g'))"
    for apart, title in initials_apart().items():
        letters = f"regexp_replace({letters}, '^{apart} ([A-Z])', '{title} \\1')"
    return (
        f"CASE WHEN NOT regexp_matches({name}, {quote(_ODD)}) THEN {name} "
        f"WHEN {MISSING_NAME_SQL(name)} THEN '' ELSE {letters} END"
    )


def _make_word_forms(engine: Engine) -> None:
    """`name_word_forms(word, alone, forms)`: what a word stands for.

    A particle counts only where it is the whole name; one or two letters stand for themselves, not for a sound.
    """
    engine.table(
        "name_word_forms",
        f"""
        WITH words AS (SELECT DISTINCT unnest(list_concat(words, others)) AS word FROM name_words),
        known AS (SELECT token, any_value(kind) AS kind,
                         min(canonical) FILTER (kind IN ('variant', 'abbreviation')) AS canonical
                  FROM ref_name_token GROUP BY token),
        opened AS (SELECT w.word, coalesce(k.canonical, w.word) AS opened, k.kind FROM words w
                   LEFT JOIN known k ON k.token = w.word WHERE w.word <> ''),
        parts AS (SELECT word, kind, unnest(string_split(opened, ' ')) AS part,
                         generate_subscripts(string_split(opened, ' '), 1) AS position FROM opened),
        heard AS (SELECT *, {PHONETIC_SQL("part")} AS sound FROM parts),
        sounded AS (SELECT word, any_value(kind) AS kind,
                           list(CASE WHEN length(part) <= 2 THEN {_SHORT.format("part")} WHEN sound = '' THEN part
                                ELSE sound END ORDER BY position) AS forms
                    FROM heard GROUP BY word)
        SELECT word, alone, CASE WHEN kind = 'particle' AND NOT alone THEN NULL ELSE forms END AS forms
        FROM sounded, (SELECT unnest([true, false]) AS alone)
        """,
    )


# Hardly a name has more than three words: those are looked up one by one, which needs no grouping.
_FORMS = """
    SELECT w.name, w.records, list_concat(a.forms, b.forms, c.forms, more.forms) AS own,
           list_concat(own, list_filter(other.forms, lambda x: NOT contains(array_to_string(own, ' '), x))) AS phon
    FROM name_words w
    LEFT JOIN name_word_forms a ON a.word = w.words[1] AND a.alone = (len(w.words) = 1)
    LEFT JOIN name_word_forms b ON b.word = w.words[2] AND NOT b.alone
    LEFT JOIN name_word_forms c ON c.word = w.words[3] AND NOT c.alone
    LEFT JOIN (SELECT name, flatten(list(f.forms ORDER BY position) FILTER (f.forms IS NOT NULL)) AS forms
               FROM (SELECT name, unnest(words[4:]) AS word, generate_subscripts(words[4:], 1) AS position
                     FROM name_words WHERE len(words) > 3)
               JOIN name_word_forms f USING (word) WHERE NOT f.alone
               GROUP BY name) more USING (name)
    LEFT JOIN (SELECT name, flatten(list(f.forms ORDER BY word) FILTER (f.forms IS NOT NULL)) AS forms
               FROM (SELECT name, unnest(others) AS word FROM name_words WHERE others IS NOT NULL)
               JOIN name_word_forms f USING (word) WHERE NOT f.alone GROUP BY name) other USING (name)
    """

# Sums of multiples of 2^-20 are exact, in whatever order the threads come: the same people give the same numbers.
_DICTIONARY = """
    WITH spread AS (SELECT DISTINCT name, records, unnest(phon) AS word FROM name_forms),
    said AS (SELECT word, -log2(sum(records) / (SELECT sum(records) FROM name_forms WHERE len(phon) > 0)) AS bits
             FROM spread GROUP BY word),
    bits AS (SELECT word, round(bits * 1048576) / 1048576 AS bits FROM said),
    info AS (SELECT name, sum(bits) AS info FROM spread JOIN bits USING (word) GROUP BY name)
    SELECT f.name, f.phon, array_to_string(list_sort(f.own), ' ') AS key, array_to_string(f.own, '') AS joined,
           i.info, f.own[1] AS first
    FROM name_forms f JOIN info i USING (name)
    """
