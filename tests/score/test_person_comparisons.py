"""Every way in which two records of one person may differ has its level, and no other way is on it.

One row of a table for each: what is typed twice, and the level that the person document finds.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.score.test_person_evidence import NUMBER, each_found, found, person

#: Two ways to write a name, and what they say of each other.
NAMES = [
    ("MUHAMMAD YUSUF HIDAYAT", "HIDAYAT MUHAMMAD YUSUF", "same words"),  # order
    ("SITI AMINAH", "ST. AMINAH", "same words"),  # abbreviation
    ("AA GEDE PUTRA", "ANAK AGUNG GEDE PUTRA", "same words"),
    ("A.A. GEDE PUTRA", "ANAK AGUNG GEDE PUTRA", "same words"),
    ("A A GEDE PUTRA", "ANAK AGUNG GEDE PUTRA", "same words"),
    ("I B MADE ARTA", "IDA BAGUS MADE ARTA", "same words"),
    ("I.A. PUTU SARI", "IDA AYU PUTU SARI", "same words"),
    ("ABDURROHMAN SALEH", "ABD. RACHMAN SALEH", "same words"),  # one word or two
    ("ABDURRAHMAN", "RAHMAN", "words missing, common"),
    ("DJOKO TJAHJONO", "JOKO CAHYONO", "same words"),  # spelling reform
    ("FITRI YUDHA", "PITRI YUDA", "same words"),  # as it sounds
    ("H. SUTRISNO, S.PD", "SUTRISNO", "same words"),  # titles and degrees
    ("SUTRISNO BIN KASAN", "SUTRISNO", "same words"),  # patronymic
    ("NI LUH PUTU AYU", "LUH PUTU AYU", "same words"),  # particle
    ("NUR HAYATI", "NURHAYATI", "one slip, common"),  # fused
    ("HERI MUTAWANTO", "HERI MUTAWNTO", "one slip, common"),
    ("AHMAD SUTRISNO", "AHMAD", "words missing, common"),
    ("AHMAD SUTRISNO", "A. SUTRISNO", "words alike"),  # initials
    ("AHMAD SUTRISNO", "AHMAD S.", "words alike"),
    ("AHMAD SUTRISNO", "AHMAD SUTR", "words alike"),  # truncated
    ("SITI MARYAM", "SITI MRYM", "words alike"),  # without vowels
    ("HERMAWAN", "WAWAN", "words somewhat alike"),  # what the neighbours say
    ("NURHAYATI", "YATI", "words somewhat alike"),
    ("JAJANG SUPRIATNA", "ATNA", "words somewhat alike"),
    ("JAJANG SUPRIATNA", "TNA", "different"),
    ("AHMAD SUTRISNO", "AHMAD WIDODO", "a word shared"),
    ("AHMAD SUTRISNO", "BUDI WIDODO", "different"),
    ("WAYAN", "PUTU", "different"),  # one place among siblings, two names
    ("SUTRISNO", "-", "no name"),
]


@pytest.mark.parametrize("at", range(0, len(NAMES), 10))
def test_two_ways_to_write_a_name(at: int) -> None:
    """Ten at a time: among more people a name would be one that hardly anyone has."""
    some = NAMES[at : at + 10]
    pairs = [
        (person("kemendagri", NUMBER, name=typed), person("pemda", "", name=again))
        for typed, again, _ in some
    ]
    assert told(some, each_found("name", *pairs)) == some


def told(cases: list[tuple[Any, ...]], levels: list[str]) -> list[tuple[Any, ...]]:
    """The cases with the levels that were found."""
    return [(*case[:-1], level) for case, level in zip(cases, levels, strict=True)]


@pytest.mark.parametrize(
    ("again", "what"),
    [("PRAWIRODIRDJO", "words missing, rare"), ("ABIMANJU PRAWIRODIRJA", "one slip, rare")],
)
def test_a_name_that_hardly_anyone_has(again: str, what: str) -> None:
    """Among many who are called otherwise, one word of it says more than a whole common name."""
    others = [person("kemensos", "", name="SITI AMINAH") for _ in range(600)]
    named = person("kemendagri", NUMBER, name="ABIMANYU PRAWIRODIRJO")
    assert found("name", named, person("pemda", "", name=again), *others) == what


#: Two birth dates, and what they say of each other.
BIRTHS = [
    ("1982-02-05", "1982-05-02", "day and month swapped"),
    ("1982-02-16", "1982-02-17", "one part differs"),
    ("1982-02-16", "1982-03-16", "one part differs"),
    ("1982-02-16", "1992-02-16", "other year"),  # an age told in round numbers
    ("1925-02-16", "2025-02-16", "other year"),  # the century of a year of two figures
    ("1982-02-16", "1982-07-01", "same year, default day"),
    ("1982-07-01", "1985-12-31", "near year"),  # ages guessed, days unknown
    ("1982-07-01", "1992-07-01", "different"),  # the same default day says nothing
    ("1982-02-16", None, "no date"),
]


def test_two_birth_dates_of_one_person() -> None:
    pairs = [
        (person("kemendagri", NUMBER, born), person("pemda", "", birth_date=again))
        for born, again, _ in BIRTHS
    ]
    assert told(BIRTHS, each_found("birth", *pairs)) == BIRTHS


PLACES = [
    ("LUMAJANG", "KAB. LUMAJANG", "same"),
    ("LUMAJANG", "JEMBER", "different"),
    ("LUMAJANG", None, "not given"),
]


def test_two_birth_places() -> None:
    pairs = [
        (person("kemendagri", NUMBER, birth_place=typed), person("pemda", "", birth_place=again))
        for typed, again, _ in PLACES
    ]
    assert told(PLACES, each_found("birth_place", *pairs)) == PLACES


def test_two_sexes() -> None:
    said = {"M": "same", "F": "different", None: "not given"}
    pairs = [(person("kemendagri", NUMBER, sex="M"), person("pemda", "", sex=sex)) for sex in said]
    assert dict(zip(said, each_found("sex", *pairs), strict=True)) == said


def test_a_number_of_which_neither_date_nor_name_is_ones_own() -> None:
    owner = person("kemendagri", NUMBER)
    child = person("pemda", NUMBER, "2009-05-30", name="RIZKY PRATAMA")
    assert found("nik", owner, child) == "borrowed number"


CARD, HERE = "3512021502120001", "3512022003"
_FAR = {"kk": "3512030101150007"}


#: What the second record says of where it belongs, and what it has with the first of one family.
FAMILIES: list[tuple[dict[str, Any], str]] = [
    ({"kk": CARD}, "same family"),
    ({"kk": "3512021502120009"}, "card with one slip"),
    (_FAR | {"region_code": HERE, "mother_name": "SOEMIRAH"}, "same parent and village"),
    (_FAR | {"region_code": HERE, "address": "DSN KRAJAN NO 12"}, "same address"),
    (_FAR | {"region_code": HERE}, "same village"),
    (_FAR | {"region_code": "3512032001", "mother_name": "SUMIRAH"}, "same parent"),
    (_FAR | {"region_code": "3512022004"}, "same kecamatan"),
    (_FAR | {"region_code": "3512032001"}, "same kabupaten"),
    (_FAR | {"region_code": "3207022003"}, "elsewhere"),
]


def test_what_two_records_have_of_one_family() -> None:
    home = {
        "region_system": "kemendagri",
        "mother_name": "SUMIRAH",
        "address": "DUSUN KRAJAN NO 12",
    }
    here = person("kemendagri", NUMBER, kk=CARD, **home | {"region_code": HERE})
    other = home | {"mother_name": "RUKMINI", "address": "JL. MELATI NO 5"}
    pairs = [(here, person("pemda", "", **other | again)) for again, _ in FAMILIES]
    assert told(FAMILIES, each_found("family", *pairs)) == FAMILIES


def test_a_mother_whose_name_hardly_anyone_has_is_known_in_another_village() -> None:
    others = [person("kemensos", "", mother_name="SITI AMINAH") for _ in range(600)]
    home = {"region_system": "kemendagri", "mother_name": "RARASATI PRAWIRODIRJO"}
    here = person("kemendagri", NUMBER, kk=CARD, **home | {"region_code": HERE})
    there = person("pemda", "", **home | _FAR | {"region_code": "3512032001"})
    assert found("family", here, there, *others) == "same mother, rare name"
