"""jellyfish and the engine must see the same likeness, or one record would be judged otherwise than a million."""

from __future__ import annotations

import jellyfish
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matching.engines.duckdb import DuckDBEngine
from matching.names import make_dictionary
from matching.rules import load_linkage
from matching.similarity import align, describe, jaro_winkler, word_pair

WORD = st.text("ABDHIKMNRSTUWY", min_size=1, max_size=14)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(WORD, WORD), min_size=1, max_size=60))
def test_jellyfish_equals_the_engine(pairs: list[tuple[str, str]]) -> None:
    engine = DuckDBEngine()
    engine.register("pairs", pa.table({"l": [a for a, _ in pairs], "r": [b for _, b in pairs]}))
    rows = engine.fetch(
        "SELECT l, r, jaro_winkler_similarity(l, r) AS jw, levenshtein(l, r) AS edits FROM pairs"
    ).to_pylist()
    engine.close()
    for row in rows:
        assert abs(jaro_winkler(row["l"], row["r"]) - row["jw"]) < 1e-9
        # As the differences that a steward sees are counted (mdm/review/differences.py).
        assert jellyfish.levenshtein_distance(row["l"], row["r"]) == row["edits"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(WORD, WORD), min_size=1, max_size=60))
@example(
    [
        ("MHMD", "MUHAMAD"),
        ("M", "MUHAMAD"),
        ("SIT", "SITI"),
        ("SITI", "SITIAMINAH"),
        ("BDI", "BUDI"),
    ]
)
@example([("BD", "BUDI"), ("SRI", "SR"), ("TR", "TRI"), ("KTT", "KETUT"), ("WAY", "WAYAN")])
def test_two_words_belong_together_as_the_rules_say(pairs: list[tuple[str, str]]) -> None:
    names = next(one for one in load_linkage("person").comparisons if one.name == "name")
    rule = next(one for one in names.levels if one.name == "words alike")
    engine = DuckDBEngine()
    engine.register("pairs", pa.table({"l": [a for a, _ in pairs], "r": [b for _, b in pairs]}))
    rows = engine.fetch(
        f"SELECT l, r, {rule.sql} AS alike FROM (SELECT l, r, [l] AS name_phon_l, [r] AS name_phon_r FROM pairs)"
    ).to_pylist()
    engine.close()
    for row in rows:
        assert (word_pair(row["l"], row["r"]).agreement != "missing") == row["alike"], row


def compared(*typed: str) -> list[list[str]]:
    """The words of names as linkage compares them."""
    engine = DuckDBEngine(threads=1)
    engine.register("typed", pa.table({"name": typed}))
    make_dictionary(engine, [("typed", "name")])
    found = engine.fetch("SELECT name, phon FROM name_dictionary").to_pylist()
    engine.close()
    words = {row["name"]: row["phon"] for row in found}
    return [words.get(name) or [] for name in typed]


def test_words_find_their_partners_whatever_the_order() -> None:
    pairs = align(*compared("HJ. SITI NOER AMINAH, S.PD", "AMINNAH ST. NUR"))
    assert {(p.left, p.right) for p in pairs if p.agreement == "same"} >= {
        ("SITI", "SITI"),
        ("NUR", "NUR"),
    }
    assert all(p.agreement in ("same", "alike") for p in pairs)


@given(st.lists(WORD, min_size=1, max_size=4), st.lists(WORD, min_size=1, max_size=4))
def test_every_word_is_shown_once(left: list[str], right: list[str]) -> None:
    pairs, swapped = align(left, right), align(right, left)
    assert len([p for p in pairs if p.left]) == len([p for p in swapped if p.right])
    assert sum(p.similarity for p in pairs if p.agreement == "same") == sum(
        p.similarity for p in swapped if p.agreement == "same"
    )


def test_an_alignment_reads_in_one_line() -> None:
    told = describe(*compared("SITI NURAINI", "ST NURAINIE PUSPITA"))
    assert told.split(", ")[0] == "SITI = SITI"
    assert "PUSPITA alone" in told
    assert describe(*compared("-", "NN")) == ""


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("AHMAD BIN SALEH", "AHMAD"),
        ("NURUL'AIN", "NURULAIN"),
        ("N0R HAYATI", "NOR HAYATI"),
        ("AL HAKIM", "HAKIM"),
        ("I WAYAN Z", "WAYAN J"),
        ("SLAMET  WIDODO", "WIDODO SLAMET"),
    ],
)
def test_what_linkage_does_not_compare_is_not_said_to_stand_alone(left: str, right: str) -> None:
    """The father after BIN, particles, apostrophes, figures for letters."""
    told = describe(*compared(left, right))
    assert told
    assert "alone" not in told
    assert "~" not in told
