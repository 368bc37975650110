"""The grammar of NIK and KK, and what a NIK says against a record."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.nik import (
    NikParts,
    birth_dates,
    disagreements,
    is_placeholder,
    parse_kk,
    parse_nik,
    region_known,
)

REGIONS = st.sampled_from(["327310", "110101", "910101", "317404"])
BIRTHS = st.dates(date(1902, 1, 1), date(2026, 11, 21))
SEXES = st.sampled_from(["M", "F"])


def build_nik(region: str, birth: date, sex: str, serial: int) -> str:
    """A NIK as the civil registry makes it: women have 40 added to the day."""
    day = birth.day + (40 if sex == "F" else 0)
    return f"{region}{day:02d}{birth:%m%y}{serial:04d}"


@given(REGIONS, BIRTHS, SEXES, st.integers(1, 9998))
def test_a_built_nik_reads_back(region: str, birth: date, sex: str, serial: int) -> None:
    nik = build_nik(region, birth, sex, serial)
    assert parse_nik(nik) == NikParts(
        region,
        birth.day,
        birth.month,
        birth.year % 100,
        sex,
        serial,  # type: ignore[arg-type]
    )
    assert disagreements(nik, birth, sex) == []  # type: ignore[arg-type]


@given(REGIONS, BIRTHS, SEXES)
def test_the_true_birth_date_is_among_the_centuries(region: str, birth: date, sex: str) -> None:
    parts = parse_nik(build_nik(region, birth, sex, 1))
    assert parts is not None
    found = birth_dates(parts, date(2026, 11, 21))
    assert birth in found
    assert found == sorted(found, reverse=True)
    assert all(day <= date(2026, 11, 21) for day in found)


def test_a_two_digit_year_may_be_two_centuries() -> None:
    parts = parse_nik("3273100101200001")
    assert parts is not None
    assert birth_dates(parts, date(2026, 1, 1)) == [date(2020, 1, 1), date(1920, 1, 1)]
    assert birth_dates(parts, date(2019, 12, 31)) == [date(1920, 1, 1)]


def test_29_february_takes_only_leap_years() -> None:
    parts = parse_nik("3273102902000001")
    assert parts is not None
    assert birth_dates(parts, date(2026, 1, 1)) == [date(2000, 2, 29)]
    assert parse_nik("3273102902010001") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "327310010120000",
        "32731001012000011",
        "3273100113200001",
        "3273103201200001",
        "3273107201200001",
        "3273104001200001",
        "3273100001200001",
        "32731O0101200001",
    ],
)
def test_what_is_no_nik_is_not_taken_apart(text: str) -> None:
    assert parse_nik(text) is None
    assert [item.part for item in disagreements(text, None, None)] == ["shape"]


@pytest.mark.parametrize(
    ("birth", "sex", "parts"),
    [
        (date(1984, 7, 25), "F", []),
        (date(1984, 7, 25), "M", ["sex"]),
        (date(1984, 7, 26), "F", ["day"]),
        (date(1985, 8, 25), "F", ["month", "year"]),
        (None, None, []),
    ],
)
def test_disagreements_name_the_part(birth: date | None, sex: str | None, parts: list[str]) -> None:
    found = disagreements("5106046507840001", birth, sex)  # type: ignore[arg-type]
    assert [item.part for item in found] == parts


def test_swapped_day_and_month_is_one_disagreement() -> None:
    found = disagreements("3273100503800001", date(1980, 5, 3), "M")
    assert [(item.part, item.in_nik, item.in_record) for item in found] == [
        ("day_month_swapped", "05-03", "03-05")
    ]


def test_a_region_of_any_edition_is_known() -> None:
    assert region_known("910101")  # Merauke until 2022
    assert region_known("930101")  # Merauke today
    assert region_known("327399")  # a district no edition lists, in a regency that stands
    assert not region_known("990101")
    assert [item.part for item in disagreements("9901010101800001", None, None)] == ["region"]


@pytest.mark.parametrize(
    "number",
    [
        "1111111111111111",
        "0000000000000000",
        "1234567890123456",
        "3273100101800000",
        "3273100101809999",
        "3273100000000001",
        "3273109999990001",
    ],
)
def test_placeholders_are_seen(number: str) -> None:
    assert is_placeholder(number)


@given(REGIONS, BIRTHS, SEXES, st.integers(1, 9998))
def test_a_real_nik_is_no_placeholder(region: str, birth: date, sex: str, serial: int) -> None:
    assert not is_placeholder(build_nik(region, birth, sex, serial))


def test_a_kk_number_holds_the_day_of_issue() -> None:
    parts = parse_kk("5106402209177168")
    assert parts is not None
    assert (parts.region, parts.day, parts.month, parts.year2, parts.serial) == (
        "510640",
        22,
        9,
        17,
        7168,
    )
    assert parse_kk("5106406209177168") is None  # women's offset belongs to persons only
