"""Judging: thresholds, guards that only lower, humans that outrank both."""

from __future__ import annotations

import pyarrow as pa
import pytest

from matching.engines.duckdb import DuckDBEngine
from matching.judgement import judge
from tests.linkage_rules import small_rules

TWINS = {
    "name": "a parent's twins",
    "sentence": "Twins are two people.",
    "sql": "a_l = 'twin' AND a_r = 'twin'",
    "judgement": "review",
    "when": {"a": ["different"]},
}


def _judged(
    weights: dict[tuple[int, int], float],
    human: dict[tuple[int, int], str] | None = None,
    **changes: object,
) -> dict[tuple[int, int], tuple[str, str]]:
    engine = DuckDBEngine()
    rids = sorted({rid for pair in [*weights, *(human or {})] for rid in pair})
    engine.register(
        "person_linkable",
        pa.table(
            {
                "rid": rids,
                "a": ["twin" if r > 8 else "x" for r in rids],
                "source": ["s"] * len(rids),
            }
        ),
    )
    engine.register(
        "person_scored",
        pa.table(
            {
                "rid_l": [a for a, _ in weights],
                "rid_r": [b for _, b in weights],
                "match_weight": list(weights.values()),
                "gamma_a": [0] * len(weights),
            }
        ),
    )
    if human:
        engine.register(
            "hand",
            pa.table(
                {
                    "rid_l": [a for a, _ in human],
                    "rid_r": [b for _, b in human],
                    "judgement": list(human.values()),
                }
            ),
        )
    judge(engine, small_rules(**changes), "hand" if human else None)
    rows = engine.fetch("SELECT rid_l, rid_r, judgement, reason FROM person_judged").to_pylist()
    engine.close()
    return {(r["rid_l"], r["rid_r"]): (r["judgement"], r["reason"]) for r in rows}


def test_two_thresholds_make_three_judgements() -> None:
    assert _judged({(1, 2): 4.0, (1, 3): 3.9, (2, 3): -0.1}) == {
        (1, 2): ("link", "weight"),
        (1, 3): ("review", "weight"),
    }


NAMESAKES = {
    "name": "namesakes",
    "sentence": "Names are common where they are.",
    "when": {"a": ["different"]},
    "sql": "a_l = 'twin' OR a_r = 'twin'",
    "link": 8,
    "review": 6,
}


def test_pairs_that_say_less_than_they_weigh_have_thresholds_of_their_own() -> None:
    judged = _judged(
        {(1, 9): 8.0, (2, 9): 7.9, (3, 9): 5.9, (4, 5): 4.0, (6, 7): 3.9}, stricter=[NAMESAKES]
    )
    assert judged == {
        (1, 9): ("link", "weight"),
        (2, 9): ("review", "namesakes"),
        (4, 5): ("link", "weight"),
        (6, 7): ("review", "weight"),
    }


def test_what_is_below_a_threshold_of_its_own_keeps_nobody_apart() -> None:
    """It has no row, so a third record may bring the two together; a person may still say what it is."""
    pairs = {(1, 9): 5.0, (1, 2): 9.0, (2, 9): 9.0}
    assert (1, 9) not in _judged(pairs, stricter=[NAMESAKES])
    said = _judged(pairs, {(1, 9): "non-link"}, stricter=[NAMESAKES])
    assert said[1, 9] == ("non-link", "human")


OVERRULED = {"sentence": "Each has found its own.", "bits": 10, "unless": "a_l = 'twin'"}


@pytest.mark.parametrize(
    ("links", "asked"),
    [
        ({(1, 2): 13.0, (3, 4): 13.0}, False),
        ({(1, 2): 12.9, (3, 4): 13.0}, True),
        ({(1, 2): 30.0}, True),  # the other has found nobody
        ({}, True),
    ],
)
def test_a_question_that_stronger_links_have_answered_is_not_asked(
    links: dict[tuple[int, int], float], asked: bool
) -> None:
    judged = _judged({(1, 3): 3.0, **links}, overruled=OVERRULED)
    assert ((1, 3) in judged) == asked
    assert all(judged[pair] == ("link", "weight") for pair in links)


def test_some_questions_stay_whatever_else_was_found() -> None:
    judged = _judged({(9, 10): 3.0, (8, 9): 30.0, (10, 11): 30.0}, overruled=OVERRULED)
    assert judged[9, 10] == ("review", "weight")


def test_a_guard_lowers_a_link_and_never_raises() -> None:
    judged = _judged({(8, 9): 9.0, (9, 10): 9.0, (9, 11): 1.0}, guards=[TWINS])
    assert judged == {
        (8, 9): ("link", "weight"),
        (9, 10): ("review", "a parent's twins"),
        (9, 11): ("review", "weight"),
    }


def test_a_human_outranks_weight_and_guard_and_may_judge_what_no_rule_found() -> None:
    judged = _judged(
        {(1, 2): 9.0, (9, 10): 9.0},
        {(1, 2): "non-link", (9, 10): "link", (1, 3): "link"},
        guards=[TWINS],
    )
    assert {pair: what for pair, (what, _) in judged.items()} == {
        (1, 2): "non-link",
        (9, 10): "link",
        (1, 3): "link",
    }
    assert {reason for _, reason in judged.values()} == {"human"}


def test_a_guard_that_asks_for_another_level_stays_silent() -> None:
    same = {**TWINS, "when": {"a": ["same"]}}
    assert _judged({(9, 10): 9.0}, guards=[same]) == {(9, 10): ("link", "weight")}


def test_a_guard_gives_way_where_its_exception_holds() -> None:
    excused = {**TWINS, "unless": {"a": ["different"]}}
    assert _judged({(9, 10): 9.0}, guards=[excused]) == {(9, 10): ("link", "weight")}


def test_a_guard_may_only_name_levels_that_exist() -> None:
    with pytest.raises(ValueError, match="unheard of"):
        small_rules(guards=[{**TWINS, "when": {"a": ["unheard of"]}}])
