"""The SQL and the plain-Python twin give the same text, byte for byte, in whatever order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.engines.duckdb import DuckDBEngine
from mdm.contracts.accepted import ORIGIN, PERSON
from mdm.survivorship import load_rules, survive
from mdm.survivorship.explain import valid_values
from tests.survive import oracle
from tests.survive.tables import golden, load, record

RULES = load_rules()
NIKS = ["3201010101800001", "3201014101800002", "3201013913800001", "3201010101800000"]


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([None, *values])


DATES = maybe(date(2016, 2, 29), date(2024, 5, 1), date(2024, 5, 2), date(2026, 1, 1))
VALUES = st.fixed_dictionaries(
    {
        "value_date": DATES,
        "nik": maybe(*NIKS),
        "kk": maybe("3201010101800001", "3201010101800000"),
        "name": maybe("SITI", "SITI AMINAH", 'NI "WAYAN"\\É', "...", "123"),
        "sex": maybe("M", "F", "X"),
        "birth_place": maybe("BANDUNG", "KAB. BANDUNG", "-"),
        "birth_date": maybe(date(1980, 1, 1), date(1985, 7, 1), date(2025, 1, 1)),
        "birth_date_precision": st.sampled_from(["day", "short_year"]),
        "relationship": maybe("SPOUSE", "WIFE", "HUSBAND", "CHILD", "PARENT"),
        "marital_status": maybe("MARRIED", "SINGLE"),
        "address": maybe("JL KENANGA 1", "JALAN KENANGA NO 1"),
        "rt": maybe("1", "2"),
        "region_today": maybe("3201", "3201012001"),
        "pkh": maybe(True, False),
        "alive": maybe(True, False),
        "death_date": maybe(date(2020, 1, 1), date(2025, 1, 1)),
        "phone": maybe("0812", "081234567"),
        "matched_on": maybe(date(2025, 1, 1)),
        "left_out": maybe(True),
        "moved_away": maybe(True),
        "moved_here": maybe(True),
    }
)
SOURCES = st.sampled_from(["kemendagri", "kemensos", "pemda", "febrl"])
# The only source that delivers an attribute.
SOLO = st.dictionaries(st.sampled_from(["nik", "name", "sex", "kk", "pkh", "phone", "rt"]), SOURCES)
PEOPLE = st.lists(
    st.tuples(
        st.integers(0, 7),
        SOURCES,
        VALUES,
    ),
    min_size=1,
    max_size=40,
)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


def _rows(people: list[tuple[int, str, dict[str, Any]]]) -> list[dict[str, Any]]:
    blank = dict.fromkeys([*ORIGIN, *PERSON, "region_today"])
    return [
        blank | record(source, f"K{n:03d}", f"E{entity}", **values)
        for n, (entity, source, values) in enumerate(people)
    ]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(people=PEOPLE, solo=SOLO, seed=st.integers(0, 99), few=st.sampled_from([0, 1000]))
def test_sql_says_what_the_oracle_says(
    engine: DuckDBEngine,
    people: list[tuple[int, str, dict[str, Any]]],
    solo: dict[str, str],
    seed: int,
    few: int,
) -> None:
    rows = [
        row | {name: None for name, source in solo.items() if row["source"] != source}
        for row in _rows(people)
    ]
    shuffled = random.Random(seed).sample(rows, len(rows))
    load(engine, "person", shuffled)
    survive(engine, "person", RULES, chunk=7, few=few)
    expected = {
        entity: oracle.content([r for r in rows if r["entity"] == entity], RULES)
        for entity in {row["entity"] for row in rows}
    }
    assert golden(engine, "person") == expected


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(people=PEOPLE)
def test_what_no_profile_may_do(
    engine: DuckDBEngine, people: list[tuple[int, str, dict[str, Any]]]
) -> None:
    """Whatever the records: an invalid NIK never stands before a valid one, no address is mixed."""
    rows = _rows(people)
    load(engine, "person", rows)
    survive(engine, "person", RULES)
    found = engine.fetch("SELECT entity_id, niks, content FROM person_golden").to_pylist()
    for entity in found:
        own = [r for r in rows if r["entity"] == entity["entity_id"]]
        valid = {r["nik"] for r in own if r["nik"] in NIKS[:2]}
        assert set(entity["niks"]) == valid
        assert len(entity["niks"]) == len(valid)
        assert valid_values(entity["content"], "nik") == entity["niks"]
