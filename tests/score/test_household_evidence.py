"""Where a family lives, and when two families at an address without a number are one household."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from matching import linkage
from matching.engines.duckdb import DuckDBEngine
from matching.model import Model
from matching.rules import load_linkage
from tests.score.evidence import each_card_a_family, judged, level, standardised

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


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("DSN. KRAJAN", "KP. KRAJAN", True),
        ("DUSUN KRAJAN", "KRAJAN", True),
        ("JL. KRAJAN", "GG. KRAJAN", False),
        ("JL. KRAJAN", "DSN. KRAJAN", False),
    ],
)
def test_one_hamlet_by_any_word_for_it(first: str, second: str, same: bool) -> None:
    """A lane beside a street of its name is another place; dusun and kampung are words for the same."""
    rows = [card(PARENTS, address=first), card(CHILDREN, address=second)]
    with standardised(person=PEOPLE, family=rows) as engine:
        nodes = _nodes(engine)
        found = level(engine, "household", "address", nodes[PARENTS], nodes[CHILDREN])
        assert (found == "same hamlet, parent and child") == same


def _places(rows: list[dict[str, Any]]) -> dict[str, str]:
    """The one address of each card's node."""
    with standardised(family=rows) as engine:
        _nodes(engine)
        found = engine.fetch(
            "SELECT cards[1] AS card, coalesce(houses, hamlets)[1] AS place FROM household_nodes"
        ).to_pylist()
    return {row["card"]: row["place"] for row in found}


def test_the_number_of_a_dusun_is_no_house_number() -> None:
    rows = [card(PARENTS, address="DUSUN 3"), card(CHILDREN, address="DUSUN MAWAR NO 3")]
    places = _places(rows)
    assert not places[PARENTS].startswith("#")
    assert places[CHILDREN].startswith("#")


def test_a_missing_rt_is_that_of_all_who_name_the_street() -> None:
    there = {"address": "JL. MELATI NO 4", "rw": "2"}
    rows = [card("3512020101100003", **there, rt=None), card(PARENTS, **there, rt="7")]
    assert len(set(_places(rows).values())) == 1
    two = _places([*rows, card(CHILDREN, **there, rt="8")])
    assert two["3512020101100003"] == "#3512022001 JALAN MELATI 4"


def test_a_missing_rw_is_that_of_the_same_rt() -> None:
    """The hamlet has two RW; one of them is that of the RT which the row gives."""
    rows = [
        card("3512020101100003", rw=None),
        card(PARENTS),
        card(CHILDREN, rt="9", rw="5"),
    ]
    places = _places(rows)
    assert places["3512020101100003"] == places[PARENTS] != places[CHILDREN]


TOLD = {
    "floor": "CEMENT",
    "wall": "BRICK",
    "roof": "TILE",
    "water": "PROTECTED_WELL",
    "lighting": "PLN_METERED",
    "power_va": 900,
    "toilet": "OWN",
    "floor_area": 54.0,
}


#: What is told otherwise of the second house, and how alike they are.
HOUSES: list[tuple[dict[str, Any], str]] = [
    ({}, "one house"),
    ({"water": "WELL", "lighting": "PLN"}, "one house"),
    ({"wall": "WOOD", "floor_area": 50.0}, "one house"),
    ({"floor_area": 44.0}, "alike"),
    ({"wall": "WOOD", "roof": "ZINC"}, "alike"),
    ({"floor_area": 36.0}, "partly"),
    ({"floor_area": 21.0}, "another house"),
    ({"wall": "WOOD", "roof": "ZINC", "floor": "EARTH", "toilet": "NONE"}, "another house"),
    ({"floor_area": None}, "not described"),
    ({"wall": None, "roof": None, "floor": None}, "not described"),
]


def test_how_alike_two_houses_are_described() -> None:
    pairs = [(f"35120201011{n:02}001", f"35120201011{n:02}002") for n in range(len(HOUSES))]
    rows = [
        one
        for (first, second), (more, _) in zip(pairs, HOUSES, strict=True)
        for one in (card(first, "kemensos", **TOLD), card(second, "kemensos", **TOLD | more))
    ]
    with standardised(family=rows) as engine:
        nodes = _nodes(engine)
        found = [
            level(engine, "household", "house", *(nodes[one] for one in pair)) for pair in pairs
        ]
    assert found == [what for _, what in HOUSES]


def _book(people: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The numbers under which each card's family lives by the office's book."""
    with standardised(person=people, family=[card(PARENTS), card(CHILDREN)]) as engine:
        _nodes(engine)
        found = engine.fetch("SELECT cards[1] AS card, books FROM household_nodes").to_pylist()
    return {row["card"]: row["books"] or [] for row in found}


def _met(number: str, *people: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    book = {"source": "pemda", "office": "3512", "dwelling_ref": number}
    return [one | book | more for one in people]


def test_a_pupil_brings_no_family_to_the_boarding_school() -> None:
    child = member(PARENTS, "BUDI", "M", "2010-02-02", relationship="CHILD")
    family = [*PEOPLE[:2], child]
    assert _book([*family, *_met("P1", child, relationship="OTHER")])[PARENTS] == []
    assert _book([*family, *_met("R7", PEOPLE[1])])[PARENTS] == ["3512 R7"]
    # Half of the family, though neither its head nor his wife.
    second = member(PARENTS, "SITI", "F", "2012-02-02", relationship="CHILD")
    assert _book([*family, second, *_met("R7", child, second)])[PARENTS] == ["3512 R7"]


def test_who_is_a_child_on_a_card_does_not_lead_its_family() -> None:
    """Married and moved out, but still on the parents' card: the book calls her a wife, under that card's number."""
    number = {"nik": "3512024707830001", "nik_raw": "3512024707830001"}
    child = PEOPLE[3] | number | {"kk": PARENTS, "relationship": "CHILD"}
    family = [*PEOPLE[:2], child]
    assert _book([*family, *_met("R7", child, relationship="WIFE")])[PARENTS] == []
    # A widow whom the register has as wife leads them as head.
    widow = PEOPLE[1] | number
    assert _book(
        [PEOPLE[0], widow, child | {"nik": None}, *_met("R7", widow, relationship="HEAD")]
    )[PARENTS] == ["3512 R7"]


def test_families_under_two_numbers_of_the_book() -> None:
    heads = [PEOPLE[0], PEOPLE[2] | {"relationship": "HEAD"}]
    for numbers, found in ((("R1", "R1"), "number"), (("R1", "R2"), "two numbers")):
        met = [row for one, number in zip(heads, numbers, strict=True) for row in _met(number, one)]
        cards = [card(PARENTS), card(CHILDREN)]
        with standardised(person=[*PEOPLE, *met], family=cards) as engine:
            nodes = _nodes(engine)
            sides = nodes[PARENTS], nodes[CHILDREN]
            assert level(engine, "household", "book", *sides) == found


def test_what_a_card_says_counts_for_nothing_where_both_are_met_in_one_house() -> None:
    heads = [PEOPLE[0], PEOPLE[2] | {"relationship": "HEAD"}]
    away = card(CHILDREN, region_code="3512022002")
    met = _met("R1", *heads, region_code=None)
    with standardised(person=[*PEOPLE, *met], family=[card(PARENTS), away]) as engine:
        nodes = _nodes(engine)
        found = level(engine, "household", "address", nodes[PARENTS], nodes[CHILDREN])
        assert found == "met in one house, registered elsewhere"


def _town(second_says: Callable[[int], dict[str, Any]], meter: str | None = None) -> Model:
    """The model of 200 families, whose dwelling's row in the book describes the house as `second_says`; all have
    `meter`, if given."""
    families, dwellings, met = [], [], []
    for number in range(200):
        place = {"address": f"JL. MELATI NO {number}", "rt": str(number % 9 + 1), "pln_id": meter}
        kk = f"35120201011{number:05d}"
        families.append(card(kk, "kemensos", **place, **_described(number)))
        dwellings.append(_dwelling(f"R{number}", kk, **place, **second_says(number)))
        met += _met(f"R{number}", member(kk, "WAGIMIN", "M", "1950-03-01", relationship="HEAD"))
    with standardised(person=met, family=families, household=dwellings) as engine:
        each_card_a_family(engine)
        linkage.prepare(engine, "household")
        return linkage.learn(engine, "household")


def _dwelling(number: str, *cards: str, **more: Any) -> dict[str, Any]:
    book = {"source": "pemda", "office": "3512", "dwelling_ref": number}
    return book | PLACE | {"kk_list": f"[{', '.join(cards)}]"} | more


def _bits(model: Model, level_of_house: str) -> float:
    weight = model.weight("house", level_of_house)
    assert weight
    return weight.bits


def _described(number: int) -> dict[str, Any]:
    dice = random.Random(number)
    words = {
        "floor": ["CERAMIC", "CEMENT", "EARTH"],
        "wall": ["BRICK", "WOOD", "BAMBOO"],
        "roof": ["TILE", "ZINC", "THATCH"],
        "water": ["PIPED", "WELL", "RAIN"],
        "lighting": ["PLN", "NON_PLN"],
        "toilet": ["OWN", "SHARED", "NONE"],
    }
    told: dict[str, Any] = {what: dice.choice(given) for what, given in words.items()}
    return told | {"power_va": 900, "floor_area": float(dice.randint(20, 120))}


def test_a_description_counts_as_far_as_two_providers_tell_the_same_of_one_house() -> None:
    """A card listed at a dwelling, with members under its number, is one house: where the two descriptions of it have
    nothing to do with each other, a house described alike says less, and one that is not says nothing against it."""
    same = _town(_described)
    unrelated = _town(lambda number: _described(number + 1_000))
    assert _bits(same, "one house") > 6
    assert _bits(same, "another house") < -3
    assert _bits(unrelated, "another house") > -1


def test_a_meter_that_a_whole_village_shares_makes_no_two_houses_one() -> None:
    """A number typed for none: nothing is learned of 200 families and dwellings that carry it."""
    shared, plain = _town(_described, meter="530000000000"), _town(_described)
    assert shared.prior == plain.prior
    assert _bits(shared, "one house") == pytest.approx(_bits(plain, "one house"))


def test_an_office_that_writes_the_same_of_every_house_says_nothing_against_those_alike() -> None:
    model = _town(lambda _: _described(0))
    assert _bits(model, "one house") > -0.1
    assert _bits(model, "one house") > _bits(model, "another house") - 0.1


def _kin(numbers: Callable[[int], tuple[str, str] | None], **second: Any) -> Model:
    """The model of sixty pairs of families, parents and a child who has a card of his own, each pair in a hamlet of its
    own. `numbers`: the numbers under which the office met them; `second`: what the child's row says otherwise."""
    people, families = [], []
    for number in range(60):
        there = {"rt": str(number), "pln_id": f"{530000000000 + number}"}
        parents, children = f"35120201011{number:05d}", f"35120201012{number:05d}"
        families += [card(parents, **there), card(children, **there | second)]
        home = [one | {"kk": parents} for one in PEOPLE[:2]]
        left = PEOPLE[2] | {"kk": children, "relationship": "HEAD"}
        people += [*home, left]
        if under := numbers(number):
            people += _met(under[0], home[0]) + _met(under[1], left)
    with standardised(person=people, family=families) as engine:
        each_card_a_family(engine)
        linkage.prepare(engine, "household")
        return linkage.learn(engine, "household")


def _alone(model: Model, comparison: str, level_of_it: str) -> float:
    """The weight of a pair that agrees so, and of which nothing else is known."""
    weight = model.weight(comparison, level_of_it)
    assert weight
    return math.log2(model.prior / (1 - model.prior)) + weight.bits


def _together(number: int) -> tuple[str, str]:
    return f"R{number}", f"R{number}"


def _next_door(number: int) -> tuple[str, str]:
    return f"R{number}", f"S{number}"


@pytest.mark.parametrize(
    ("comparison", "found"),
    [("address", "same hamlet, parent and child"), ("meter", "same meter")],
)
def test_what_a_place_shared_says_is_what_the_book_says_of_such_families(
    comparison: str, found: str
) -> None:
    """Of parents and children in one hamlet nobody knows beforehand how many live under one roof, nor how many doors
    are behind a meter: the families that the office met tell it of those that it did not."""
    link = load_linkage("household").thresholds.link
    assert _alone(_kin(_together), comparison, found) > link
    assert _alone(_kin(_next_door), comparison, found) < -1
    # As many of one as of the other: a question for a steward.
    halves = _kin(lambda number: (_together if number % 2 else _next_door)(number))
    assert -1 < _alone(halves, comparison, found) < link


def test_where_no_book_tells_a_place_says_what_the_document_expects() -> None:
    unknown = _kin(lambda _: None)
    assert 0 < _alone(unknown, "address", "same hamlet, parent and child") < 1
    assert _alone(unknown, "meter", "same meter") > 5


DESCRIBED: dict[str, Any] = {
    "floor_area": 60.0,
    "floor": "CERAMIC",
    "wall": "BRICK",
    "roof": "TILE",
    "water": "WELL",
    "lighting": "PLN",
    "toilet": "OWN",
    "power_va": 900,
    "pln_id": "530000000001",
}


@pytest.mark.parametrize(
    ("cards", "second", "judgement"),
    [
        ((PARENTS, CHILDREN), {}, ("link", "weight")),
        ((PARENTS,), {"pln_id": None}, ("link", "weight")),
        ((PARENTS,), {"pln_id": "530000000002"}, ("non-link", "two rows of one book")),
        ((PARENTS,), {"floor_area": 20.0}, ("non-link", "two rows of one book")),
        ((CHILDREN,), {}, ("review", "one house in two rows")),
        ((CHILDREN,), {"floor_area": 20.0}, ("non-link", "two rows of one book")),
        ((PARENTS,), {"floor_area": None}, ("review", "one house in two rows")),
        ((CHILDREN,), {"floor_area": 20.0, "office": "3513"}, ("link", "weight")),
    ],
)
def test_two_rows_of_one_book_are_two_dwellings_unless_much_says_otherwise(
    cards: tuple[str, ...], second: dict[str, Any], judgement: tuple[str, str]
) -> None:
    """A family written down twice, at home and where it stays, brings no two dwellings together; a house visited twice
    does."""
    rows = [_dwelling("R1", PARENTS, **DESCRIBED), _dwelling("R2", *cards, **DESCRIBED | second)]
    with standardised(family=[card(PARENTS), card(CHILDREN)], household=rows) as engine:
        each_card_a_family(engine)
        linkage.prepare(engine, "household")
        assert judged(engine, 1, 2, 8.0, kind="household") == judgement
