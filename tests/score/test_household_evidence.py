"""Where a family lives, and when two families at an address without a number are one household."""

from __future__ import annotations

from typing import Any

import pytest

from matching import linkage
from matching.engines.duckdb import DuckDBEngine
from tests.score.evidence import each_card_a_family, level, standardised

PLACE = {"region_code": "3512022001", "region_system": "kemendagri"}
HAMLET = {"address": "DUSUN KRAJAN", "rt": "1", "rw": "2"} | PLACE
PARENTS, CHILDREN = "3512020101100001", "3512020101100002"


def card(kk: str, source: str = "kemendagri", **more: Any) -> dict[str, Any]:
    return {"source": source, "kk": kk} | HAMLET | more


def member(kk: str, name: str, sex: str, born: str, **more: Any) -> dict[str, Any]:
    sides = {"source": "kemendagri", "kk": kk, "name": name, "sex": sex, "birth_date": born}
    return sides | PLACE | more


PEOPLE = [
    member(PARENTS, "WAGIMIN", "M", "1950-03-01", relationship="HEAD"),
    member(PARENTS, "SUTINEM", "F", "1953-08-09", relationship="WIFE"),
    member(CHILDREN, "HERI WAGIMIN", "M", "1980-05-05", mother_name="SUTINEM"),
    member(CHILDREN, "RINI ASTUTI", "F", "1983-07-07", mother_name="KASMI"),
]


def _nodes(engine: DuckDBEngine) -> dict[str, int]:
    """The household node of each card."""
    each_card_a_family(engine)
    linkage.prepare(engine, "household")
    rows = engine.fetch("SELECT rid, unnest(cards) AS card FROM household_nodes").to_pylist()
    return {row["card"]: row["rid"] for row in rows}


def _address(people: list[dict[str, Any]], **second: str) -> str:
    with standardised(person=people, family=[card(PARENTS), card(CHILDREN, **second)]) as engine:
        nodes = _nodes(engine)
        return level(engine, "household", "address", nodes[PARENTS], nodes[CHILDREN])


def test_parent_and_child_in_a_hamlet() -> None:
    assert _address(PEOPLE) == "same hamlet, parent and child"


def test_neighbours_in_a_hamlet() -> None:
    strangers = [*PEOPLE[:2], PEOPLE[2] | {"mother_name": "PAINEM"}, PEOPLE[3]]
    assert _address(strangers) == "same hamlet"


def test_the_rw_tells_hamlets_apart() -> None:
    assert _address(PEOPLE, rw="3") == "same village"


def _house(engine: DuckDBEngine, kk: str) -> list[str]:
    node = _nodes(engine)[kk]
    houses = engine.fetch(f"SELECT houses FROM household_nodes WHERE rid = {node}").to_pylist()
    return list(houses[0]["houses"])


def test_a_family_lives_where_most_members_were_met() -> None:
    """The head was met elsewhere, and the office has no row of the family."""
    home = {"source": "pemda", "address": "JL. MELATI NO 4", "rt": "1"}
    away = home | {"address": "JL. KENANGA NO 9"}
    people = [PEOPLE[0] | away, PEOPLE[1] | home, PEOPLE[1] | home | {"name": "SITI"}]
    with standardised(person=people) as engine:
        assert _house(engine, PARENTS) == ["#3512022001 JALAN MELATI 4 RT1"]


def test_a_family_lives_where_most_of_its_records_say() -> None:
    """Two field sources against the card, and on a tie the field before the card."""
    stale, moved = {"address": "JL. KENANGA NO 9"}, {"address": "JL. MELATI NO 4"}
    rows = [card(PARENTS, **stale), card(PARENTS, "kemensos", **moved)]
    with standardised(family=rows) as engine:
        assert _house(engine, PARENTS) == ["#3512022001 JALAN MELATI 4 RT1"]
    with standardised(family=[*rows, card(PARENTS, "pemda", **stale)]) as engine:
        assert _house(engine, PARENTS) == ["#3512022001 JALAN KENANGA 9 RT1"]


@pytest.mark.parametrize(
    ("met", "found"),
    [
        ({}, ["3512 R7"]),
        ({"birth_date": "1988-01-09"}, []),
        ({"relationship": "CHILD"}, []),
    ],
)
def test_a_member_without_card_is_met_at_home_by_the_number(
    met: dict[str, Any], found: list[str]
) -> None:
    """The office wrote no card; the register knows whose number it is. Not where another birth date says otherwise, nor
    where who is met has another place in a family: those who moved out live in a house of their own."""
    nik = {"nik": "3512020103509001", "nik_raw": "3512020103509001"}
    book = {"source": "pemda", "kk": None, "office": "3512", "dwelling_ref": "R7"}
    people = [PEOPLE[0] | nik, PEOPLE[0] | nik | book | met]
    with standardised(person=people, family=[card(PARENTS)]) as engine:
        node = _nodes(engine)[PARENTS]
        books = engine.fetch(f"SELECT books FROM household_nodes WHERE rid = {node}").to_pylist()
        assert (books[0]["books"] or []) == found
