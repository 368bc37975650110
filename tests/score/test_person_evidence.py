"""What the person document makes of numbers and dates that nearly agree."""

from __future__ import annotations

from typing import Any

import pytest

from matching.blocking import block
from matching.clusters import cluster
from matching.rules import load_linkage
from tests.score.evidence import each_card_a_family, level, standardised

NUMBER = "3512021502829119"


def person(source: str, nik: str, born: str = "1982-02-16", **more: Any) -> dict[str, Any]:
    sides = {"kk": "3512021502120001", "name": "HERI MUTAWANTO", "sex": "M"}
    return {"source": source, "nik": nik, "nik_raw": nik, "birth_date": born} | sides | more


def found(comparison: str, left: dict[str, Any], *others: dict[str, Any]) -> str:
    """The level of the first two rows; further rows only stand beside them."""
    with standardised(person=[left, *others]) as engine:
        each_card_a_family(engine)
        return level(engine, "person", comparison, 1, 2)


def each_found(comparison: str, *pairs: tuple[dict[str, Any], dict[str, Any]]) -> list[str]:
    """The level of each pair. All stand in one population: nothing about them depends on who else is there."""
    rows = [row for pair in pairs for row in pair]
    with standardised(person=rows) as engine:
        each_card_a_family(engine)
        return [level(engine, "person", comparison, at, at + 1) for at in range(1, len(rows), 2)]


def test_a_number_beside_the_registered_one() -> None:
    said = {
        "3512021502829119": "same number",
        "3513021502829119": "one slip",
        "3512021502825119": "one slip",  # in the serial: the register does not know it
        "3512021502829191": "one slip",  # neighbours changed places
        "3512021502829118": "one unknown",  # the next serial may be a twin's, not yet registered
        "3512021502829999": "made-up serial",
        "3512021502821234": "one unknown",
    }
    pairs = [(person("kemendagri", NUMBER), person("pemda", typed)) for typed in said]
    assert dict(zip(said, each_found("nik", *pairs), strict=True)) == said


def test_a_number_that_is_somebodys_is_no_slip() -> None:
    other = "3512021502825119"
    rows = person("kemendagri", NUMBER), person("pemda", other), person("kemendagri", other)
    assert found("nik", *rows) == "different"


def test_without_a_register_the_serial_must_agree() -> None:
    assert found("nik", person("kemensos", NUMBER), person("pemda", "3512021502825119")) == (
        "different"
    )


def test_every_row_of_the_register_has_its_own_number() -> None:
    first, second = person("kemendagri", NUMBER), person("kemendagri", "3512024512829119")
    assert found("nik", first, second) == "no number"


PARENTS = {"mother_name": "SUMIRAH", "father_name": "SUPARMAN", "birth_place": "LUMAJANG"}


#: Who is registered again, and how that compares with the first time.
AGAIN: list[tuple[str, dict[str, Any], str]] = [
    ("1982-03-17", {}, "registered twice"),
    ("1982-09-30", {}, "registered twice"),  # nearer than two children of one mother
    ("1984-02-16", {}, "registered twice"),  # the year was corrected
    ("1983-03-01", {}, "both in the civil registry"),  # a brother of the same name
    ("1982-09-30", {"father_name": None}, "both in the civil registry"),  # her namesake's son
    ("1982-03-17", {"father_name": None}, "registered twice"),
    ("1982-03-17", {"father_name": None, "mother_name": None}, "both in the civil registry"),
    ("1982-03-17", {"father_name": "RUSDI"}, "both in the civil registry"),
    ("1982-03-17", {"name": "HERI SANTOSO"}, "both in the civil registry"),
    ("1984-02-16", {"birth_place": "JEMBER"}, "registered twice"),  # both parents say enough
    ("1982-03-17", {"source": "pemda"}, "different providers"),
]


def test_two_rows_of_the_register_whose_parents_agree() -> None:
    """In another kabupaten, on another card, under another number."""
    once = person("kemendagri", NUMBER, **PARENTS)
    there = {"kk": "3507022203150007", **PARENTS}
    pairs = [
        (once, person("kemendagri", "3507021703829001", born, **there) | more)
        for born, more, _ in AGAIN
    ]
    assert each_found("provider", *pairs) == [what for _, _, what in AGAIN]


def test_who_is_registered_twice_meets_wherever_they_live() -> None:
    again = person("kemendagri", "3507021703829001", "1982-03-17", kk="3507022203150007")
    moved = {"region_code": "3507022003", "region_system": "kemendagri"}
    rows = [person("kemendagri", NUMBER, **VILLAGE, **PARENTS), again | moved | PARENTS]
    with standardised(person=rows) as engine:
        each_card_a_family(engine)
        block(engine, load_linkage("person"))
        met = engine.fetch("SELECT rid_l, rid_r, rule FROM person_pairs").to_pylist()
    assert met == [{"rid_l": 1, "rid_r": 2, "rule": "registered twice"}]


def test_who_has_no_birth_date_meets_the_family_by_a_first_letter() -> None:
    slip = {"source": "pemda", "kk": "3512021502120001", "name": "HERY MUTTAWANTO", "sex": "M"}
    with standardised(person=[person("kemendagri", NUMBER, name="HARI MUTAWANTO"), slip]) as engine:
        each_card_a_family(engine)
        block(engine, load_linkage("person"))
        assert engine.scalar("SELECT count(*) FROM person_pairs") == 1


def test_nearer_than_one_mothers_children() -> None:
    said = {
        "1982-09-30": "months apart",
        "1982-12-24": "same year",
        "1981-10-08": "months apart",
        "1981-02-16": "other year",
    }
    pairs = [(person("kemendagri", NUMBER), person("pemda", NUMBER, born)) for born in said]
    assert dict(zip(said, each_found("birth", *pairs), strict=True)) == said


def test_a_day_given_when_none_is_known_says_less() -> None:
    said = {
        "1982-02-16": "same date",
        "1982-02-15": "same date, the 15th",  # said where only the month is known
        "1982-07-01": "same default date",  # said where only the year is known
    }
    pairs = [(person("kemendagri", NUMBER, born), person("pemda", NUMBER, born)) for born in said]
    assert dict(zip(said, each_found("birth", *pairs), strict=True)) == said


OTHER_CARD = {"kk": "3512021502120999"}
VILLAGE = {"region_code": "3512022003", "region_system": "kemendagri"}


PARENTS_TOLD: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"father_name": "SUPARMAN"}, {"father_name": "SOEPARMAN"}, "same parent and village"),
    ({"father_name": "SUPARMAN"}, {"father_name": "RUSDI"}, "same village"),
    (
        {"father_name": "SUPARMAN", "mother_name": "SITI AMINAH"},
        {"father_name": "SUPARMAN", "mother_name": "RUKMINI"},
        "same village",  # a mother's name says more: cousins' fathers share names
    ),
    (
        {"father_name": "SUPARMAN", "mother_name": "SITI AMINAH"},
        {"father_name": "RUSDI", "mother_name": "ST. AMINAH"},
        "same parent and village",
    ),
]


def test_the_father_speaks_where_a_record_names_no_mother() -> None:
    pairs = [
        (
            person("kemendagri", NUMBER, **VILLAGE, **left),
            person("pemda", NUMBER, **VILLAGE, **OTHER_CARD, **right),
        )
        for left, right, _ in PARENTS_TOLD
    ]
    assert each_found("family", *pairs) == [what for _, _, what in PARENTS_TOLD]


NAMED_PLACES = [
    ("JALAN MELATI 5 GRIYA INDAH", "SUKA MAJU", "same address"),
    ("JL. MELATIE NO 5 GRIYAINDAH", "SUKAMAJU", "same address"),  # a slip, a blank left out
    ("JL. MELATI NO 5", "SUKAMAJOU", "same address"),  # one says more
    ("JL. MELATI NO 6 GRIYA INDAH", "SUKAMAJU", "same village"),  # a neighbour
    ("JL. MELATI NO 5 GRIYA INDAH", "KARANGANOM", "elsewhere"),  # streets have the same names
]


def test_where_no_code_says_the_place_its_name_does() -> None:
    nowhere = {"kk": None, "region_code": None}
    here = nowhere | {"address": "JL. MELATI NO 5 GRIYA INDAH", "village_name": "SUKAMAJU"}
    pairs = [
        (
            person("pemda", None, **here),
            person("kemensos", None, **nowhere | {"address": address, "village_name": place}),
        )
        for address, place, _ in NAMED_PLACES
    ]
    assert each_found("family", *pairs) == [what for _, _, what in NAMED_PLACES]


@pytest.mark.parametrize(("sex", "what"), [("F", "one unknown"), ("M", "one slip")])
def test_twins_of_two_sexes_have_numbers_a_digit_apart(sex: str, what: str) -> None:
    """Of a woman's number the day is 40 higher; of a man who bears it, the digit is a slip."""
    other = person("pemda", "3512025602829119", sex=sex)
    assert found("nik", person("kemendagri", "3512021602829119"), other) == what


@pytest.mark.parametrize(
    ("office", "what", "clusters"),
    [("3512", "same provider", 2), ("3207", "different providers", 1)],
)
def test_two_offices_may_know_one_person(office: str, what: str, clusters: int) -> None:
    """At home and at school; but one office lists a person once."""
    met = [person("pemda", NUMBER, office=place) for place in ("3512", office)]
    with standardised(person=[person("kemendagri", NUMBER), *met]) as engine:
        each_card_a_family(engine)
        assert level(engine, "person", "provider", 2, 3) == what
        link = "'link' AS judgement, 'weight' AS reason"
        pairs = "(VALUES (1, 2, 9::DOUBLE), (1, 3, 8::DOUBLE)) AS p(rid_l, rid_r, match_weight)"
        engine.table("person_judged", f"SELECT *, {link} FROM {pairs}")
        cluster(engine, load_linkage("person"))
        assert engine.scalar("SELECT count(DISTINCT cluster) FROM person_clusters") == clusters
