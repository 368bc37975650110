"""Truth stands beside every row, and says what the rows bear out."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

import numpy as np
import pytest

from synthetic.providers.kemensos import REGSOSEK
from synthetic.truth import cohort
from tests.synthetic.deliveries import LAYOUTS, Delivery

PERSON_FILES = [
    ("kemendagri", "biodata_wni"),
    ("kemensos", "siksng_individu"),
    ("pemda", "warga"),
]
FAMILY_FILES = [("kemendagri", "data_keluarga"), ("kemensos", "siksng_keluarga")]


def _truth_kinds(name: str) -> list[str]:
    if name in {"data_keluarga", "siksng_keluarga"}:
        return ["family", "household"]
    return ["household"] if name == "rumah_tangga" else ["person"]


@pytest.mark.parametrize(("source", "name"), LAYOUTS)
def test_every_row_has_exactly_one_truth_row_of_its_kinds(
    country: Delivery, source: str, name: str
) -> None:
    rows = len(country.rows(source, name))
    for kind in ("person", "family", "household"):
        numbers = [
            int(t["row"])
            for t in country.truth(kind)
            if (t["source"], t["file"]) == (source, f"{name}.csv")
        ]
        assert sorted(numbers) == (list(range(1, rows + 1)) if kind in _truth_kinds(name) else [])


@pytest.mark.parametrize(("source", "name"), PERSON_FILES[1:])
def test_rows_without_errors_in_nik_carry_the_registry_nik_of_their_person(
    country: Delivery, source: str, name: str
) -> None:
    registry: dict[str, set[str]] = defaultdict(set)
    for row, fact in country.persons:
        if "D05" not in fact["errors"]:
            registry[fact["entity"]].add(row["NIK"])
    spoiled = {"D01", "D02", "D03", "D04", "D05", "D06", "D07", "D10", "D36"}
    checked = 0
    for row, fact in country.with_truth(source, name, "person"):
        if fact["entity"] in registry and not spoiled & set(fact["errors"].split(";")):
            checked += 1
            assert row["NIK"] in registry[fact["entity"]]
    assert checked > 1000


@pytest.mark.parametrize(("source", "name"), FAMILY_FILES)
def test_family_rows_without_errors_in_the_number_share_it_with_their_members(
    country: Delivery, source: str, name: str
) -> None:
    column = "NO_KK" if source == "kemendagri" else "NOKK"
    cards: dict[str, set[str]] = defaultdict(set)
    for row, fact in country.with_truth(source, name, "family"):
        if "D12" not in fact["errors"]:
            cards[row[column]].add(fact["entity"])
    assert all(len(entities) == 1 for entities in cards.values())
    file = dict(zip(("kemendagri", "kemensos"), PERSON_FILES, strict=False))[source][1]
    members = [row[column] for row in country.rows(source, file)]
    found = sum(card in cards for card in members)
    assert found > 0.9 * len(members)


def test_household_truth_places_dwellings_and_their_families(country: Delivery) -> None:
    family_of_card = {
        row["NO_KK"]: (fact["source"], fact["file"], fact["row"])
        for row, fact in country.with_truth("kemendagri", "data_keluarga", "family")
    }
    dwelling = {(t["source"], t["file"], t["row"]): t["entity"] for t in country.truth("household")}
    agreeing = several = 0
    for row, fact in country.with_truth("pemda", "rumah_tangga", "household"):
        cards = row["Daftar No KK"].split(",")
        assert len(cards) == int(row["Jumlah Keluarga"])
        several += len(cards) > 1
        for card in cards:
            if card in family_of_card:
                assert dwelling[family_of_card[card]] == fact["entity"]
                agreeing += 1
    assert agreeing > 500
    assert several > 20


@pytest.mark.parametrize("year", [1960, 1980, 2000, 2020])
def test_a_cohort_begins_on_the_first_of_january(year: int) -> None:
    first = (date(year, 1, 1) - date(1970, 1, 1)).days
    assert cohort(np.array([first, first - 1])).tolist() == [
        f"{year}-{year + 9}",
        f"{year - 10}-{year - 1}",
    ]


def test_no_error_is_told_of_a_column_that_the_file_lacks(country: Delivery) -> None:
    assert not any("D27" in fact["errors"].split(";") for _, fact in country.persons)


def test_groups_to_break_down_by_are_filled(country: Delivery) -> None:
    facts = country.truth("person")
    assert all(t[c] for t in facts for c in t if c != "errors")
    kinds = {"mononym", "balinese", "marga", "two_words", "many_words"}
    assert {t["name_type"] for t in facts} == kinds
    assert {t["sex"] for t in facts} == {"F", "M"}
    assert len({t["ethnic_group"] for t in facts}) >= 8
    assert len({t["province"] for t in facts}) >= 5
    assert min(Counter(t["birth_cohort"] for t in facts).values()) > 20


def test_people_with_two_registrations_have_two_rows_with_two_niks(country: Delivery) -> None:
    niks: dict[str, list[str]] = defaultdict(list)
    doubled = set()
    for row, fact in country.persons:
        niks[fact["entity"]].append(row["NIK"])
        if "D06" in fact["errors"]:
            doubled.add(fact["entity"])
    assert len(doubled) > 15
    assert all(len(set(niks[entity])) == 2 for entity in doubled)


@pytest.mark.parametrize("delivery", ["country", "hard"])
def test_what_two_providers_tell_of_one_person_differs_where_it_is_declared(
    delivery: str, request: pytest.FixtureRequest
) -> None:
    """Card, relation and sex: in a second row of a person too."""
    made: Delivery = request.getfixturevalue(delivery)
    registry = {}
    for row, fact in made.persons:
        if not set(fact["errors"].split(";")) & {"D06", "D11", "D13", "D25", "D32", "D33"}:
            registry[fact["entity"]] = row
    seen = 0
    for row, fact in made.with_truth("kemensos", "siksng_individu", "person"):
        errors, own = set(fact["errors"].split(";")), registry.get(fact["entity"])
        if own is None or errors & {"D13", "D32"}:
            continue
        seen += "D33" in errors
        if not errors & {"D11", "D12"}:
            assert row["NOKK"] == own["NO_KK"], errors
        if "D25" not in errors:
            assert row["Jenis_Kelamin"] == "LP"[int(own["JENIS_KLMIN"]) - 1]
        told = int(row["Hubungan"]) == REGSOSEK[int(own["STAT_HBKEL"])]
        assert told != ("D34" in errors)
    assert seen > 10


def test_a_renumbered_card_is_still_the_same_family(country: Delivery) -> None:
    registry = {
        fact["entity"]: row["NO_KK"]
        for row, fact in country.with_truth("kemendagri", "data_keluarga", "family")
        if "D11" not in fact["errors"]
    }
    renumbered = Counter(
        row["NOKK"] != registry[fact["entity"]]
        for row, fact in country.with_truth("kemensos", "siksng_keluarga", "family")
        if "D11" in fact["errors"] and "D12" not in fact["errors"] and fact["entity"] in registry
    )
    assert renumbered[True] > 50
    assert renumbered[False] == 0
