"""What the family document makes of two cards: renumbered, mistyped, or another family's."""

from __future__ import annotations

from typing import Any

import pytest

from matching import linkage
from matching.blocking import block
from matching.rules import load_linkage
from tests.score.evidence import level, standardised

OLD, NEW = "3512021502120001", "3512020306190017"
NUMBERS = ("3512021502829119", "3512025604850002", "3512020107100003")
VILLAGE = {"region_code": "3512022003", "region_system": "kemendagri"}
HOME = VILLAGE | {"address": "DUSUN KRAJAN NO 12", "rt": "3"}


def card(source: str, kk: str | None, head: str = "HERI MUTAWANTO", **more: Any) -> dict[str, Any]:
    return {"source": source, "kk": kk, "kk_raw": kk, "head_name": head} | HOME | more


def member(source: str, kk: str, nik: str) -> dict[str, Any]:
    born = f"19{nik[10:12]}-{nik[8:10]}-{int(nik[6:8]) % 40:02d}"
    who = {"name": f"ANAK {nik[-1]}", "birth_date": born, "sex": "M"}
    return {"source": source, "kk": kk, "nik": nik, "nik_raw": nik} | who | VILLAGE


def found(
    comparison: str, left: dict[str, Any], right: dict[str, Any], *members: dict[str, Any]
) -> str:
    with standardised(family=[left, right], person=list(members)) as engine:
        linkage.prepare(engine, "family")
        one, other = (_rid(engine, row["source"]) for row in (left, right))
        return level(engine, "family", comparison, one, other)


def each_found(comparison: str, *pairs: tuple[dict[str, Any], dict[str, Any]]) -> list[str]:
    """The level of each pair of cards without members, all in one population."""
    rows = [row for pair in pairs for row in pair]
    with standardised(family=rows) as engine:
        linkage.prepare(engine, "family")
        return [level(engine, "family", comparison, at, at + 1) for at in range(1, len(rows), 2)]


def _rid(engine: Any, source: str) -> int:
    return int(engine.scalar(f"SELECT min(rid) FROM family_linkable WHERE source = '{source}'"))


def test_two_card_numbers() -> None:
    said = {
        OLD: "same number",
        "3512021502120009": "one slip",
        "351202150212001": "one slip",  # a digit lost
        NEW: "different",
        None: "no number",
    }
    pairs = [(card("kemendagri", OLD), card("kemensos", kk)) for kk in said]
    assert dict(zip(said, each_found("card", *pairs), strict=True)) == said


@pytest.mark.parametrize(
    ("there", "what"),
    [
        (NUMBERS, "most members"),
        (NUMBERS[:2], "most members"),
        (NUMBERS[:1], "only member"),
        (("3512022001930001", "3512026002950002"), "none"),
        (("3512022001930001", "3512026002950002", NUMBERS[2]), "some members"),
        ((), "no members"),
    ],
)
def test_a_card_renumbered_between_providers_is_known_by_its_members(
    there: tuple[str, ...], what: str
) -> None:
    here = [member("kemendagri", OLD, nik) for nik in NUMBERS]
    others = [member("kemensos", NEW, nik) for nik in there]
    rows = card("kemendagri", OLD), card("kemensos", NEW, "SITI AMINAH")
    assert found("members", *rows, *here, *others) == what


def test_families_of_two_numbers_meet_over_a_member() -> None:
    rows = [
        card("kemendagri", OLD),
        card("kemensos", NEW, "SITI AMINAH", address="JL. MELATI NO 5"),
    ]
    people = [
        member(source, kk, NUMBERS[0]) for source, kk in (("kemendagri", OLD), ("kemensos", NEW))
    ]
    with standardised(family=rows, person=people) as engine:
        linkage.prepare(engine, "family")
        block(engine, load_linkage("family"))
        assert "shared number" in engine.fetch("SELECT rule FROM family_pairs")["rule"].to_pylist()


def test_two_heads() -> None:
    said = {
        "MUTAWANTO HERI": "same words",
        "HERI MUTAWNTO": "alike",
        "HERI": "alike",
        "SITI AMINAH": "different",
        "-": "no head",
    }
    pairs = [(card("kemendagri", OLD), card("kemensos", NEW, head)) for head in said]
    assert dict(zip(said, each_found("head", *pairs), strict=True)) == said


#: What the second card says of its place, and what they have of it together.
PLACES: list[tuple[dict[str, Any], str]] = [
    ({"address": "DSN. KRAJAN NO. 12"}, "same address"),
    ({"address": "JL. MELATI NO 5"}, "same RT"),
    ({"address": "JL. MELATI NO 5", "rt": "4"}, "same village"),
    ({"region_code": "3512032001"}, "same kabupaten"),
    ({"region_code": "3207022003"}, "elsewhere"),
    ({"region_code": None}, "no place"),
]


def test_two_places() -> None:
    pairs = [(card("kemendagri", OLD), card("kemensos", NEW, **place)) for place, _ in PLACES]
    assert each_found("place", *pairs) == [what for _, what in PLACES]
