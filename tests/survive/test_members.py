"""One family for each person, one household for each family, and what profiles say of it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from matching.engines.duckdb import DuckDBEngine
from mdm.survivorship import facts, survive
from mdm.survivorship.members import members
from tests.survive.tables import golden, load, record


@pytest.fixture
def hub(engine: DuckDBEngine) -> DuckDBEngine:
    """A man on his parents' old card and on his own new one; two families in one dwelling."""
    load(
        engine,
        "person",
        [
            record("kemendagri", "1", "TONO", kk="NEW", relationship="HEAD"),
            record("kemensos", "1", "TONO", kk="OLD", relationship="CHILD"),
            record("pemda", "1", "TONO", kk="OLD", relationship="CHILD"),
            record("kemensos", "2", "SITI", kk="OLD", relationship="HEAD"),
            record("pemda", "3", "NOBODY", kk="UNKNOWN"),
        ],
    )
    load(
        engine,
        "family",
        [
            record("kemendagri", "1", "F-NEW", kk="NEW", value_date=date(2026, 1, 1)),
            record("kemendagri", "2", "F-OLD", kk="OLD", value_date=date(2026, 1, 1)),
            record("pemda", "2", "F-OLD", kk="OLD", value_date=date(2025, 1, 1)),
        ],
    )
    load(engine, "household", [record("pemda", "1", "H1"), record("pemda", "2", "H2")])
    engine.table(
        "family_kk", "FROM (VALUES ('NEW', 'F-NEW'), ('OLD', 'F-OLD')) t(kk, family_entity)"
    )
    homes = pa.table({"rid": pa.array([0, 1, 2], pa.int32()), "entity_id": ["H1", "H1", "H2"]})
    engine.register("household_family_links", homes)
    return engine


def _rows(engine: DuckDBEngine, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = engine.fetch(f"FROM {table} ORDER BY 1, 2").to_pylist()
    return rows


def test_no_person_is_in_two_families(hub: DuckDBEngine) -> None:
    members(hub)
    rows = [r for r in _rows(hub, "person_in_family") if r["person_entity"] == "TONO"]
    new, old = rows
    assert (new["family_entity"], new["chosen"], new["relationship"]) == ("F-NEW", True, "HEAD")
    assert (old["family_entity"], old["chosen"], old["records"]) == ("F-OLD", False, 2)
    assert (new["why"], old["why"]) == ("chosen", "lower_priority")


def test_a_card_with_a_figure_lost_is_the_family_s_that_has_it_so(hub: DuckDBEngine) -> None:
    """The provider lost it in both of its files: the number is none of the registry's, and still one family's."""
    card = "320711010110001"
    people = [
        record("kemensos", "1", "TONO", kk_raw=card, relationship="CHILD"),
        record("kemensos", "2", "SITI", kk_raw=f"{card}7", relationship="HEAD"),
    ]
    load(hub, "person", people)
    hub.table("family_kk", f"FROM (VALUES ('{card}', 'F')) t(kk, family_entity)")
    members(hub)
    placed = [(r["person_entity"], r["family_entity"]) for r in _rows(hub, "person_in_family")]
    assert placed == [("TONO", "F")]


def test_who_is_the_head_is_corrected_without_naming_a_card(hub: DuckDBEngine) -> None:
    """A correction of the relation alone holds wherever somebody is placed; a later one with a card comes first."""
    people = [
        record("kemendagri", "1", "TONO", kk="NEW", relationship="HEAD"),
        record("kemensos", "1", "TONO", kk="OLD", relationship="CHILD"),
        record("correction", "1", "TONO", relationship="HUSBAND", value_date=date(2026, 2, 1)),
        record("kemendagri", "2", "SITI", kk="OLD", relationship="HEAD"),
        record("correction", "2", "SITI", relationship="WIFE", value_date=date(2026, 2, 1)),
        record("correction", "3", "SITI", kk="NEW", relationship="CHILD", value_date=date(2026, 3, 1)),
        record("correction", "4", "ALONE", relationship="HEAD", value_date=date(2026, 2, 1)),
    ]  # fmt: skip
    load(hub, "person", people)
    members(hub)
    placed = {
        r["person_entity"]: (r["family_entity"], r["relationship"])
        for r in _rows(hub, "person_in_family")
        if r["chosen"]
    }
    assert placed == {"TONO": ("F-NEW", "HUSBAND"), "SITI": ("F-NEW", "CHILD")}


def test_a_card_that_no_family_carries_places_nobody(hub: DuckDBEngine) -> None:
    members(hub)
    people = {r["person_entity"] for r in _rows(hub, "person_in_family")}
    assert people == {"TONO", "SITI"}


def test_a_family_lives_in_one_household(hub: DuckDBEngine) -> None:
    members(hub)
    rows = [r for r in _rows(hub, "family_in_household") if r["family_entity"] == "F-OLD"]
    assert [(r["household_entity"], r["chosen"]) for r in rows] == [("H1", True), ("H2", False)]
    assert rows[0]["value_date"] == date(2026, 1, 1)


def test_profiles_name_their_relations_in_links_alone(hub: DuckDBEngine) -> None:
    for kind in ("person", "family", "household"):
        survive(hub, kind)
    before = {kind: golden(hub, kind) for kind in ("person", "family", "household")}
    members(hub)
    for kind in ("person", "family", "household"):
        survive(hub, kind)
    after = {kind: golden(hub, kind) for kind in ("person", "family", "household")}
    links = {
        entity: json.loads(content)["links"]
        for contents in after.values()
        for entity, content in contents.items()
    }
    assert links == {
        "TONO": {"family": "F-NEW", "household": "H1"},
        "SITI": {"family": "F-OLD", "household": "H1"},
        "NOBODY": {},
        "F-NEW": {"household": "H1", "members": [["TONO", "HEAD"]]},
        "F-OLD": {"household": "H1", "members": [["SITI", "HEAD"]]},
        "H1": {"families": ["F-NEW", "F-OLD"]},
        "H2": {},
    }
    for kind, contents in after.items():
        for entity, content in contents.items():
            assert facts(content) == facts(before[kind][entity])


def test_nobody_and_nothing_is_no_trouble(engine: DuckDBEngine) -> None:
    for kind in ("person", "family", "household"):
        load(engine, kind, [])  # type: ignore[arg-type]
    engine.table("family_kk", "SELECT '' AS kk, '' AS family_entity WHERE false")
    engine.table("household_family_links", "SELECT 0 AS rid, '' AS entity_id WHERE false")
    members(engine)
    assert not _rows(engine, "person_in_family")
    assert [survive(engine, kind) for kind in ("person", "family", "household")] == [0, 0, 0]
