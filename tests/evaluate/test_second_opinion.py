"""The second opinion finds the judgements that contradict what the records show."""

from __future__ import annotations

import random

import pyarrow as pa

from matching.engines.duckdb import DuckDBEngine
from matching.second_opinion import second_opinion

COMPARISONS = ("nik", "name", "birth_date", "sex", "family")


def vector(rng: random.Random, match: bool) -> dict[str, int]:
    """Degrees of agreement of one pair: matches agree mostly, others seldom, some values miss."""
    return {
        f"gamma_{name}": -1
        if rng.random() < 0.1
        else (2 if rng.random() < (0.95 if match else 0.06) else rng.choice([0, 0, 1]))
        for name in COMPARISONS
    }


def judged(
    engine: DuckDBEngine, wrong_links: int = 5, wrong_non_links: int = 5, others: int = 3_000
) -> None:
    """Pairs judged as they should be, and a few the wrong way round, on perfectly clear vectors."""
    rng = random.Random(7)
    scored, judgements = [], []

    def add(
        agreement: dict[str, int], judgement: str | None, weight: float, reason: str = "weight"
    ) -> None:
        pair = {"rid_l": len(scored), "rid_r": len(scored) + 100_000, "match_weight": weight}
        scored.append(pair | agreement)
        if judgement:
            judgements.append(pair | {"judgement": judgement, "reason": reason})

    for i in range(others):
        match = i % 3 == 0
        add(vector(rng, match), "link" if match else None, 30.0 if match else -30.0)
    all_differ = dict.fromkeys((f"gamma_{c}" for c in COMPARISONS), 0)
    all_agree = dict.fromkeys((f"gamma_{c}" for c in COMPARISONS), 2)
    for _ in range(wrong_links):
        add(all_differ, "link", 4.0)
    for _ in range(wrong_non_links):
        add(all_agree, None, -4.0)
    add(all_agree, "non-link", 30.0, "twins")
    add(all_agree, "review", 0.0)
    add(all_differ, "link", -30.0, "human")
    add(all_differ, "link", 30.0)
    engine.register("person_scored", pa.Table.from_pylist(scored))
    engine.register("person_judged", pa.Table.from_pylist(judgements))


def disputed(engine: DuckDBEngine) -> list[dict[str, object]]:
    return engine.fetch("SELECT * FROM person_disagreements").to_pylist()


def test_judgements_against_the_evidence_are_disputed() -> None:
    engine = DuckDBEngine(threads=1)
    judged(engine)
    opinion = second_opinion(engine, "person")
    assert opinion.learned
    wrong = {row["rid_l"] for row in disputed(engine)}
    assert set(range(3_000, 3_010)) <= wrong
    assert opinion.disputed_links >= 5
    assert opinion.disputed_non_links >= 5
    assert len(wrong) < 60  # most pairs are not in dispute


def test_what_a_human_or_a_guard_said_is_left_alone() -> None:
    engine = DuckDBEngine(threads=1)
    judged(engine)
    second_opinion(engine, "person")
    assert not {3_010, 3_011, 3_012} & {row["rid_l"] for row in disputed(engine)}


def test_a_link_that_hardly_can_be_wrong_is_not_asked_about() -> None:
    engine = DuckDBEngine(threads=1)
    judged(engine)
    second_opinion(engine, "person")
    links = [row for row in disputed(engine) if row["judgement"] == "link"]
    assert 3_013 not in {row["rid_l"] for row in links}
    assert links  # weaker ones of the same vector are


def test_the_same_pairs_in_another_order_give_the_same_opinion() -> None:
    first, second = DuckDBEngine(threads=1), DuckDBEngine(threads=1)
    for engine in (first, second):
        judged(engine)
    second.table("person_scored", "SELECT * FROM person_scored ORDER BY hash(rid_l)")
    assert second_opinion(first, "person") == second_opinion(second, "person")
    assert disputed(first) == disputed(second)


def test_too_few_pairs_give_no_opinion_and_dispute_nothing() -> None:
    engine = DuckDBEngine(threads=1)
    judged(engine, others=20)
    opinion = second_opinion(engine, "person")
    assert not opinion.learned
    assert opinion.disputed_links == opinion.disputed_non_links == 0
    assert disputed(engine) == []


def test_a_comparison_that_never_differs_does_not_stop_it() -> None:
    engine = DuckDBEngine(threads=1)
    judged(engine)
    engine.run("ALTER TABLE person_scored ADD COLUMN gamma_constant INTEGER DEFAULT 1")
    assert second_opinion(engine, "person").learned
