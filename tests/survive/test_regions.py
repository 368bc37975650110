"""Where an entity lives, for the wall: its own domicile, its household's, its family's, its card."""

from __future__ import annotations

import pyarrow as pa
import pytest

from matching.engines.duckdb import DuckDBEngine
from mdm.survivorship import fill_regions, survive
from mdm.survivorship.members import members
from tests.survive.tables import load, record


def regions(engine: DuckDBEngine, kind: str) -> dict[str, str | None]:
    rows = engine.fetch(f"SELECT entity_id, region FROM {kind}_golden").to_pylist()
    return {row["entity_id"]: row["region"] for row in rows}


@pytest.fixture
def golden(engine: DuckDBEngine) -> DuckDBEngine:
    """OWN tells its domicile; MEMBER has a family in a dwelling; CARD a card alone; NOBODY nothing."""
    load(
        engine,
        "person",
        [
            record("pemda", "1", "OWN", kk="K1", address="A", region_today="320115.2001"),
            record("kemendagri", "1", "OWN", kk="K1", address="B", region_today="337401"),
            record("kemendagri", "2", "MEMBER", kk="K1", address="B", region_today="337401"),
            record("kemendagri", "3", "CARD", kk="K9", address='"},{"', region_today="51.71.02"),
            record("kemendagri", "4", "SHALLOW", address="C", region_today="11"),
            record("pemda", "5", "NOBODY", name="X"),
            record("pemda", "6", "SLY", address='"domicile":[{"region_today":"99"', name="X"),
        ],
    )
    load(
        engine,
        "family",
        [
            record("kemendagri", "1", "F1", kk="K1", address="B", region_today="337401"),
            record("kemendagri", "2", "F2", kk="K2"),
        ],
    )
    load(engine, "household", [record("pemda", "1", "H1", region_today="327301", address="D")])
    engine.table("family_kk", "FROM (VALUES ('K1', 'F1')) t(kk, family_entity)")
    homes = pa.table({"rid": pa.array([0], pa.int32()), "entity_id": ["H1"]})
    engine.register("household_family_links", homes)
    members(engine)
    for kind in ("person", "family", "household"):
        survive(engine, kind)
    fill_regions(engine)
    return engine


def test_the_nearest_that_knows_says_where_a_person_lives(golden: DuckDBEngine) -> None:
    assert regions(golden, "person") == {
        "OWN": "320115",
        "MEMBER": "327301",
        "CARD": "517102",
        "SHALLOW": "11",
        "NOBODY": None,
        "SLY": None,
    }


def test_families_and_households_have_their_own(golden: DuckDBEngine) -> None:
    assert regions(golden, "family") == {"F1": "337401", "F2": None}
    assert regions(golden, "household") == {"H1": "327301"}


def test_the_region_is_no_part_of_the_content(golden: DuckDBEngine) -> None:
    assert golden.columns("person_golden") == ["entity_id", "content", "niks", "region", "status"]
