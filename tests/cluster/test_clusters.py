"""Clusters: plain components where nothing conflicts; cannot-link never broken; the strongest link wins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.clusters import cluster
from matching.engines.duckdb import DuckDBEngine
from tests.linkage_rules import small_rules

EXCLUSIVE = {"key": "source", "sentence": "One row of a source."}
Pairs = dict[tuple[int, int], tuple[float, str]]


def _judged_links(
    sources: Sequence[str | None], pairs: Pairs, human: frozenset[tuple[int, int]] = frozenset()
) -> DuckDBEngine:
    engine = DuckDBEngine(threads=1)
    engine.register(
        "person_linkable",
        pa.table(
            {
                "rid": pa.array(range(1, len(sources) + 1), pa.int32()),
                "source": pa.array(sources, pa.string()),
            }
        ),
    )
    engine.register(
        "person_judged",
        pa.table(
            {
                "rid_l": pa.array([a for a, _ in pairs], pa.int32()),
                "rid_r": pa.array([b for _, b in pairs], pa.int32()),
                "match_weight": pa.array([w for w, _ in pairs.values()], pa.float64()),
                "judgement": pa.array([j for _, j in pairs.values()], pa.string()),
                "reason": pa.array(
                    ["human" if p in human else "weight" for p in pairs], pa.string()
                ),
            }
        ),
    )
    return engine


def _clusters(
    sources: list[str | None],
    pairs: Pairs,
    exclusive: bool = True,
    human: frozenset[tuple[int, int]] = frozenset(),
    *,
    few: bool = False,
) -> list[set[int]]:
    engine = _judged_links(sources, pairs, human)
    cluster(engine, small_rules(exclusive=EXCLUSIVE if exclusive else None), few=few)
    rows = engine.fetch(
        "SELECT cluster, list(rid ORDER BY rid) AS rids FROM person_clusters GROUP BY cluster ORDER BY cluster"
    ).to_pylist()
    engine.close()
    assert all(row["cluster"] == min(row["rids"]) for row in rows)
    return [set(row["rids"]) for row in rows]


def test_links_without_conflict_are_components() -> None:
    pairs: Pairs = {(1, 2): (5, "link"), (2, 3): (4, "link"), (4, 5): (1, "review")}
    assert _clusters(["a", "b", "c", "a", "b"], pairs) == [{1, 2, 3}, {4}, {5}]


def test_what_a_human_linked_only_a_human_keeps_apart() -> None:
    sources: list[str | None] = ["registry", "registry", "field"]
    linked: Pairs = {(1, 3): (9, "link"), (2, 3): (-4, "link")}
    assert _clusters(sources, linked, human=frozenset({(2, 3)})) == [{1}, {2, 3}]
    assert _clusters(sources, linked, human=frozenset({(1, 3), (2, 3)})) == [{1, 2, 3}]
    forbidden: Pairs = linked | {(1, 2): (1, "non-link")}
    assert _clusters(sources, forbidden, human=frozenset({(2, 3)})) == [{1}, {2, 3}]
    assert _clusters(sources, forbidden, human=frozenset({(1, 2), (1, 3)})) == [{1, 3}, {2}]


def test_two_registry_rows_stay_apart_and_the_stronger_link_wins() -> None:
    pairs: Pairs = {(1, 3): (9, "link"), (2, 3): (5, "link")}
    assert _clusters(["registry", "registry", "field"], pairs) == [{1, 3}, {2}]


def test_two_rows_of_one_source_that_are_linked_to_each_other_may_be_one() -> None:
    pairs: Pairs = {(1, 3): (9, "link"), (2, 3): (5, "link"), (1, 2): (6, "link")}
    assert _clusters(["registry", "registry", "field"], pairs) == [{1, 2, 3}]


def test_a_non_link_splits_even_where_both_sides_lead_to_a_third() -> None:
    pairs: Pairs = {(1, 2): (9, "link"), (2, 3): (8, "link"), (1, 3): (7, "non-link")}
    assert _clusters(["a", "b", "c"], pairs, exclusive=False) == [{1, 2}, {3}]


SIZE = 9
RID = st.integers(1, SIZE)
ISLAND = st.tuples(
    st.lists(st.sampled_from(["r", "f", "g", None]), min_size=SIZE, max_size=SIZE),
    st.dictionaries(
        st.tuples(RID, RID).filter(lambda p: p[0] < p[1]),
        st.tuples(
            st.integers(0, 20).map(float),
            st.sampled_from(["link", "link", "link", "non-link", "review"]),
        ),
        max_size=18,
    ),
)


@settings(max_examples=12, deadline=None)
@given(st.lists(ISLAND, min_size=1, max_size=8), st.booleans())
def test_clusters_equal_the_slow_definition(
    islands: list[tuple[list[str | None], Pairs]], few: bool
) -> None:
    """Of several populations that nothing connects, in one go."""
    sources = [source for own, _ in islands for source in own]
    pairs = {
        (a + SIZE * n, b + SIZE * n): said
        for n, (_, own) in enumerate(islands)
        for (a, b), said in own.items()
    }
    expected = [
        {rid + SIZE * n for rid in group}
        for n, (own, said) in enumerate(islands)
        for group in _slow(own, said)
    ]
    assert sorted(_clusters(sources, pairs, few=few), key=min) == sorted(expected, key=min)


def _slow(sources: list[str | None], pairs: Pairs) -> list[set[int]]:
    """From the strongest link down, over everything: what the engine does only where there is a conflict."""
    links = {pair for pair, (_, what) in pairs.items() if what == "link"}
    apart = {pair for pair, (_, what) in pairs.items() if what == "non-link"}
    for a, b in combinations(range(1, len(sources) + 1), 2):
        if sources[a - 1] is not None and sources[a - 1] == sources[b - 1] and (a, b) not in links:
            apart.add((a, b))
    groups = [{rid} for rid in range(1, len(sources) + 1)]
    for a, b in sorted(links, key=lambda pair: (-pairs[pair][0], pair)):
        one, other = (next(g for g in groups if rid in g) for rid in (a, b))
        if one is not other and not any(
            (min(x, y), max(x, y)) in apart for x in one for y in other
        ):
            groups.remove(other)
            one |= other
    return groups


@pytest.mark.parametrize(
    ("links", "answered"),
    [
        ({(1, 3): (25, "link"), (2, 4): (19, "link"), (2, 3): (9, "link")}, True),
        ({(1, 3): (25, "link"), (2, 4): (18, "link"), (2, 3): (9, "link")}, False),
        ({(1, 3): (25, "link"), (2, 3): (9, "link")}, False),  # the other has nobody else
    ],
)
def test_a_link_passed_over_is_answered_by_stronger_links_of_both(
    links: Pairs, answered: bool
) -> None:
    sources = ["registry", "registry", "field", "office"]
    engine = _judged_links(sources, links)
    rules = small_rules(
        exclusive=EXCLUSIVE, overruled={"sentence": "Each has its own.", "bits": 10}
    )
    cluster(engine, rules)
    found = engine.fetch("SELECT rid_l, rid_r, answered FROM person_passed_over").to_pylist()
    engine.close()
    assert found == [{"rid_l": 2, "rid_r": 3, "answered": answered}]
