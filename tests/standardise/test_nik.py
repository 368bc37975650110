"""Numbers and birth dates as evidence: which ones can be compared, which are made up."""

from __future__ import annotations

from datetime import date

import pytest

from tests.standardise.tables import person

NIK = "3207110101800001"


def test_a_nik_is_compared_whole_and_by_its_stem() -> None:
    features = person(name="X", nik=NIK, nik_raw=NIK)
    assert (features["nik_text"], features["nik_stem"]) == (NIK, NIK[:12])
    assert not features["nik_pseudo"]


@pytest.mark.parametrize("serial", ["0000", "9999"])
def test_a_made_up_serial_is_told(serial: str) -> None:
    number = NIK[:12] + serial
    assert person(name="X", nik=number, nik_raw=number)["nik_pseudo"]


@pytest.mark.parametrize("raw", [NIK[:15], NIK + "1"])
def test_a_number_with_a_digit_lost_or_added_still_serves_near_misses(raw: str) -> None:
    features = person(name="X", nik_raw=raw)
    assert features["nik_text"] == raw
    assert features["nik_stem"] is None


@pytest.mark.parametrize("raw", ["320711E+15", "3.20711E+15", "1111111111111111", "12345", None])
def test_what_a_spreadsheet_or_a_bored_hand_left_is_no_number(raw: str | None) -> None:
    assert person(name="X", nik_raw=raw)["nik_text"] is None


def test_a_number_of_another_register_counts_where_a_document_says_so() -> None:
    assert person(name="X", source="febrl", local_id="6988048")["nik_text"] == "6988048"
    assert person(name="X", source="pemda", local_id="6988048")["nik_text"] is None


@pytest.mark.parametrize(
    ("born", "default"),
    [
        (date(1960, 1, 1), True),
        (date(1960, 7, 1), True),
        (date(1960, 12, 31), True),
        (date(1960, 7, 2), False),
        (None, False),
    ],
)
def test_days_given_when_none_is_known(born: date | None, default: bool) -> None:
    features = person(name="X", birth_date=born)
    assert features["birth_default"] is default
    assert features["birth_year"] == (born.year if born else None)


def test_only_the_civil_registry_is_a_register() -> None:
    assert person(name="X", source="kemendagri")["registry"]
    assert not person(name="X", source="kemensos")["registry"]
