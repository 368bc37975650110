"""Places: codes of any edition and system, and village names, lead to today's place."""

from __future__ import annotations

import pytest

from tests.standardise.tables import person, persons

KEMENDAGRI, BPS = "kemendagri", "bps"


@pytest.mark.parametrize(
    ("code", "system", "today"),
    [
        ("9101", KEMENDAGRI, "9301"),  # Merauke before UU 14/2022
        ("910101", KEMENDAGRI, "930101"),
        ("9101012013", KEMENDAGRI, "9301012008"),
        ("1101010", BPS, "110907"),  # Teupah Selatan: other digits in either system
        ("1101", BPS, "1109"),
        ("3207", KEMENDAGRI, "3207"),
    ],
)
def test_a_code_of_any_day_leads_to_todays_place(code: str, system: str, today: str) -> None:
    features = person(name="X", region_code=code, region_system=system)
    assert features["region_today"] == today
    assert features["regency"] == today[:4]


def test_the_same_digits_are_other_places_in_other_systems() -> None:
    bps, ours = persons(
        {"name": "X", "region_code": "1101", "region_system": BPS},
        {"name": "X", "region_code": "1101", "region_system": KEMENDAGRI},
    )
    assert bps["region_today"] != ours["region_today"]


def test_a_village_is_found_by_its_name_within_the_kecamatan() -> None:
    by_code = person(name="X", region_code="9301012008", region_system=KEMENDAGRI)
    from reference.regions import lookup  # noqa: PLC0415 - only here

    village = lookup("9301012008", KEMENDAGRI)
    assert village is not None
    by_name = person(
        name="X", region_code="930101", region_system=KEMENDAGRI, village_name=village.name.upper()
    )
    assert by_name["village"] == by_code["village"] == "9301012008"


def test_an_unknown_village_name_leaves_the_kecamatan() -> None:
    features = person(
        name="X", region_code="930101", region_system=KEMENDAGRI, village_name="TIDAK TERDAFTAR"
    )
    assert features["village"] is None
    assert features["district"] == "930101"


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("3512022001", None),  # Kemensos and the registry give a code and no name
        ("3512022001", "DESA WIDORO PAYUNG"),
        ("351202", "WIDOROPAYUNG"),
        ("351202", "DS. WIDORO PAYUNG"),
    ],
)
def test_a_village_is_called_as_it_is_today_however_it_was_typed(code: str, typed: str) -> None:
    """Else an address that two sources tell alike would be two, and their agreement count for nothing."""
    told = person(name="X", region_code=code, region_system=KEMENDAGRI, village_name=typed)
    assert told["village"] == "3512022001"
    assert told["village_name"] == "WIDOROPAYUNG"


def test_a_village_that_no_edition_knows_keeps_the_name_it_was_given() -> None:
    told = person(name="X", region_code="351202", region_system=KEMENDAGRI, village_name="ENTAH")
    assert told["village_name"] == "ENTAH"


@pytest.mark.parametrize(("code", "system"), [("9999", KEMENDAGRI), ("3207", None), (None, BPS)])
def test_what_no_edition_knows_is_no_place(code: str | None, system: str | None) -> None:
    assert person(name="X", region_code=code, region_system=system)["region_today"] is None


def test_a_birth_place_is_its_kabupaten_however_it_is_written() -> None:
    rows = [
        {"name": "X", "birth_place": place} for place in ("GARUT", "KAB. GARUT", "KABUPATEN GARUT")
    ]
    assert {row["birth_regency"] for row in persons(*rows)} == {"3205"}


def test_a_birth_place_that_names_no_kabupaten_still_compares() -> None:
    one, other = persons(
        {"name": "X", "birth_place": "KUALA LUMPUR"}, {"name": "X", "birth_place": "KUALA  LUMPUR"}
    )
    assert one["birth_regency"] == other["birth_regency"] is not None
