"""Addresses as evidence: the words that tell, abbreviations opened, words that every address has left out.

`address_dictionary(address, address_key)`, one row per distinct address text. JL. KENANGA NO 14 and Jalan Kenanga 14
have one key: KENANGA 14. A dusun counts as part of the address; RT and RW have columns of their own.
"""

from __future__ import annotations

from matching.engine import Engine
from matching.rules import Kind, StandardiseRules
from reference.addresses import token_table


def make_dictionary(engine: Engine, kinds: tuple[Kind, ...], rules: StandardiseRules) -> int:
    """Make `address_dictionary` from the distinct addresses of all kinds; return its rows."""
    engine.register("ref_address_token", token_table())
    given = " UNION ".join(
        f"SELECT address FROM {kind}_accepted WHERE address IS NOT NULL" for kind in kinds
    )
    empty = ", ".join(f"'{word}'" for word in rules.address_words_without_meaning)
    # RT/RW written into the street line is dropped here: it is compared in its own columns.
    bare = r"regexp_replace(address, '\bR[TW][ .:]*[0-9]+([ /-]+(RW[ .:]*)?[0-9]+)?', ' ', 'g')"
    rows = engine.table(
        "address_dictionary",
        f"""
        WITH words AS (
            SELECT address, unnest(w) AS word, generate_subscripts(w, 1) AS position
            FROM (SELECT address, string_split(trim(regexp_replace({bare}, '[^A-Z0-9]+', ' ', 'g')), ' ') AS w
                  FROM ({given}))),
        opened AS (
            SELECT words.address, words.position,
                   regexp_replace(coalesce(t.canonical, words.word), '^0+([0-9])', '\\1') AS word
            FROM words LEFT JOIN (SELECT token, min(canonical) AS canonical FROM ref_address_token GROUP BY token) t
              ON t.token = words.word)
        SELECT address,
               nullif(string_agg(word, ' ' ORDER BY position)
                      FILTER (word NOT IN ({empty}) AND word <> ''), '') AS address_key
        FROM opened GROUP BY address
        """,
    )
    engine.drop("ref_address_token")
    return rows


def join(table: str) -> str:
    """The join that brings `address_dictionary.address_key`."""
    return f"LEFT JOIN address_dictionary ON address_dictionary.address = {table}.address"
