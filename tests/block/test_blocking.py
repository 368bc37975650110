"""Blocking: every pair once, large blocks left out and told, explosions refused by name."""

from __future__ import annotations

from itertools import combinations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.blocking import PairExplosionError, block
from matching.engines.duckdb import DuckDBEngine
from tests.linkage_rules import small_rules

TWO_RULES = [
    {"name": "same a", "sentence": "Same a.", "keys": ["a"], "max_block": 4},
    {"name": "same b and c", "sentence": "Same b and c.", "keys": ["b", "c"], "max_block": 4},
]
VALUE = st.sampled_from([None, "x", "y", "z"])


def _linkable(engine: DuckDBEngine, rows: list[tuple[str | None, ...]]) -> None:
    columns = list(zip(*rows, strict=True))
    table = {"rid": pa.array(range(1, len(rows) + 1), pa.int32())}
    table |= {name: pa.array(columns[i], pa.string()) for i, name in enumerate("abc")}
    engine.register("person_linkable", pa.table(table))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(VALUE, VALUE, VALUE), min_size=1, max_size=14))
def test_pairs_are_those_of_the_plain_definition(rows: list[tuple[str | None, ...]]) -> None:
    engine = DuckDBEngine()
    _linkable(engine, rows)
    block(engine, small_rules(blocking=TWO_RULES))
    found = {
        (r["rid_l"], r["rid_r"]): r["rule"]
        for r in engine.fetch("SELECT * FROM person_pairs").to_pylist()
    }
    engine.close()

    def usable(key: tuple[str | None, ...], of: list[tuple[str | None, ...]]) -> bool:
        return None not in key and of.count(key) <= 4

    expected = {}
    for (i, left), (j, right) in combinations(enumerate(rows, 1), 2):
        if left[:1] == right[:1] and usable(left[:1], [row[:1] for row in rows]):
            expected[i, j] = "same a"
        elif left[1:] == right[1:] and usable(left[1:], [row[1:] for row in rows]):
            expected[i, j] = "same b and c"
    assert found == expected


def test_a_shared_element_is_enough_where_a_rule_explodes() -> None:
    engine = DuckDBEngine()
    engine.register(
        "person_linkable",
        pa.table(
            {"rid": pa.array([1, 2, 3], pa.int32()), "numbers": [["1", "2"], ["2", "3"], ["4"]]}
        ),
    )
    rule = {"name": "shared", "sentence": "One number is shared.", "explode": "numbers"}
    block(engine, small_rules(blocking=[rule]))
    assert [
        (r["rid_l"], r["rid_r"]) for r in engine.fetch("SELECT * FROM person_pairs").to_pylist()
    ] == [(1, 2)]


def test_a_large_block_is_left_out_and_told() -> None:
    engine = DuckDBEngine()
    _linkable(engine, [("x", None, None)] * 5 + [("y", None, None)] * 2)
    (count,) = block(engine, small_rules(blocking=TWO_RULES[:1]))
    assert (count.pairs, count.oversize_blocks) == (1, 1)


def test_an_explosion_is_refused_and_the_rule_is_named() -> None:
    engine = DuckDBEngine()
    engine.run(
        "CREATE TABLE person_linkable AS SELECT i::INTEGER AS rid, 'x' AS a, i // 2 AS b FROM range(600) t(i)"
    )
    rules = small_rules(
        blocking=[
            {"name": "everybody", "sentence": "All.", "keys": ["a"], "max_block": 1000},
            {"name": "same b", "sentence": "Same b.", "keys": ["b"]},
        ],
        max_pairs_per_record=5,
    )
    with pytest.raises(PairExplosionError, match="everybody"):
        block(engine, rules)
