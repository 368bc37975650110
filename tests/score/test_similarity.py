"""jellyfish and the engine must see the same likeness, or one record would be judged otherwise than a million."""

from __future__ import annotations

import jellyfish
import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from matching.engines.duckdb import DuckDBEngine
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


def test_words_find_their_partners_whatever_the_order() -> None:
    pairs = align("HJ. SITI NOER AMINAH, S.PD", "AMINNAH ST. NUR")
    assert {(p.left, p.right) for p in pairs if p.agreement == "same"} >= {
        ("SITI", "SITI"),
        ("NUR", "NUR"),
    }
    assert all(p.agreement in ("same", "alike") for p in pairs)


@given(st.lists(WORD, min_size=1, max_size=4), st.lists(WORD, min_size=1, max_size=4))
def test_every_word_is_shown_once(left: list[str], right: list[str]) -> None:
    pairs = align(" ".join(left), " ".join(right))
    swapped = align(" ".join(right), " ".join(left))
    assert len([p for p in pairs if p.left]) == len([p for p in swapped if p.right])
    assert sum(p.similarity for p in pairs if p.agreement == "same") == sum(
        p.similarity for p in swapped if p.agreement == "same"
    )


def test_an_alignment_reads_in_one_line() -> None:
    assert describe("SITI NURAINI", "ST NURAINIE PUSPITA").split(", ")[0] == "SITI = SITI"
    assert "PUSPITA alone" in describe("SITI NURAINI", "ST NURAINIE PUSPITA")
    assert describe("-", "NN") == ""
