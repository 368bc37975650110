"""Whose family a row is that gives no card, told by those who stand with it."""

from __future__ import annotations

from typing import Any

from matching import linkage
from tests.score.evidence import each_card_a_family, standardised

PLACE = {"region_code": "3512022001", "region_system": "kemendagri"}
WAGIMIN, SUPARDI = "3512020101100001", "3512020101100002"
BORN = {"WAGIMIN": 1950, "SUTINEM": 1953, "RINI ASTUTI": 1983, "SUPARDI": 1961, "KASMI": 1964}


def registered(kk: str, *names: str) -> list[dict[str, Any]]:
    born = [{"name": name, "birth_date": f"{BORN[name]}-03-09"} for name in names]
    return [{"source": "kemendagri", "kk": kk} | PLACE | one for one in born]


def in_book(name: str, year: int, house: str = "17", **more: Any) -> dict[str, Any]:
    book = {"source": "pemda", "office": "3512", "dwelling_ref": house}
    return book | PLACE | {"name": name, "birth_date": f"{year}-07-01"} | more


REGISTER = [
    *registered(WAGIMIN, "WAGIMIN", "SUTINEM", "RINI ASTUTI"),
    *registered(SUPARDI, "SUPARDI", "KASMI"),
]


def _families(*met: dict[str, Any], **rows: list[dict[str, Any]]) -> list[int | None]:
    """Of whose card the families of these rows are, in their order: the number of its first row in the register."""
    with standardised(person=[*REGISTER, *met], **rows) as engine:
        each_card_a_family(engine)
        told = engine.fetch(
            "SELECT min(r.rid) AS first FROM person_context p LEFT JOIN person_context r "
            "ON r.family_group = p.family_group AND r.card IS NOT NULL "
            f"WHERE p.rid > {len(REGISTER)} GROUP BY p.rid ORDER BY p.rid"
        )
        return [row["first"] for row in told.to_pylist()]


def test_the_one_card_of_a_dwelling_is_that_of_its_rows_without_card() -> None:
    met = [in_book("WAGIMIN", 1950, kk=WAGIMIN), in_book("BU WAGIMIN", 1952)]
    assert _families(*met) == [1, 1]
    assert _families(*met, in_book("KASMI", 1964, kk=SUPARDI)) == [1, None, 4]
    assert _families(*met, in_book("KASMI", 1964, house="18")) == [1, 1, None]


def test_the_card_may_stand_at_the_dwelling_only() -> None:
    house = {"source": "pemda", "office": "3512", "dwelling_ref": "17"} | PLACE
    house["kk_list"] = [WAGIMIN]
    assert _families(in_book("BU WAGIMIN", 1952), household=[house]) == [1]


def test_where_no_card_stands_two_members_tell_the_family() -> None:
    met = [in_book("WAGIMIN", 1952), in_book("SUTINEM", 1953), in_book("RINI", 1984)]
    assert _families(*met) == [1, 1, 1]
    assert _families(*met[1:]) == [None, None]
    assert _families(met[0], in_book("SUTINEM", 1980)) == [None, None]  # a namesake of her


def test_two_members_tell_more_than_the_card_of_who_lives_with_them() -> None:
    lodger = in_book("SUPARDI", 1961, kk=SUPARDI)
    assert _families(lodger, in_book("WAGIMIN", 1952), in_book("SUTINEM", 1953)) == [4, 1, 1]


def test_two_families_in_one_dwelling_are_told_apart_by_their_names() -> None:
    met = [in_book(name, BORN[name]) for name in ("WAGIMIN", "SUTINEM", "SUPARDI", "KASMI")]
    assert _families(*met) == [1, 1, 4, 4]
    assert _families(*met, in_book("PONIRAH", 1990)) == [1, 1, 4, 4, None]


def at_address(name: str, rt: str = "3", address: str = "DSN KRAJAN") -> dict[str, Any]:
    born = {"name": name, "birth_date": f"{BORN.get(name, 1990)}-07-01"}
    return {"source": "kemensos", "address": address, "rt": rt, "rw": "1"} | PLACE | born


def test_at_an_address_two_names_tell_their_own_rows_only() -> None:
    met = [at_address("WAGIMIN"), at_address("SUTINEM"), at_address("PONIRAH")]
    assert _families(*met) == [1, 1, None]
    assert _families(met[0], at_address("SUTINEM", rt="4")) == [None, None]
    assert _families(met[0], at_address("SUTINEM", address="DSN SUMBER")) == [None, None]


def test_a_hamlet_full_of_rows_without_card_tells_nobody() -> None:
    others = [at_address(f"PONIRAH {chr(65 + n)}WATI") for n in range(19)]
    assert _families(at_address("WAGIMIN"), at_address("SUTINEM"), *others) == [None] * 21


def test_a_family_told_by_names_lives_in_that_dwelling() -> None:
    met = [in_book("WAGIMIN", 1952), in_book("SUTINEM", 1953)]
    with standardised(person=[*REGISTER, *met]) as engine:
        each_card_a_family(engine)
        linkage.prepare(engine, "household")
        nodes = engine.fetch("SELECT books FROM household_nodes ORDER BY rid").to_pylist()
    assert [node["books"] for node in nodes] == [["3512 17"], None]
