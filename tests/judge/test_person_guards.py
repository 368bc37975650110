"""What the guards of the person document hold back, and what they let through, whatever the weight."""

from __future__ import annotations

from typing import Any

import pytest

from tests.score.evidence import each_card_a_family, judged, standardised

HIS = "3512021502829119"
TWINS = "3512021502829120"
DAUGHTER = {"name": "SITI NURHASANAH", "sex": "F", "birth_date": "2009-02-12"}


def person(source: str, nik: str | None, **more: Any) -> dict[str, Any]:
    sides = {"kk": "3512021502120001", "name": "HERI MUTAWANTO", "sex": "M"}
    sides |= {"birth_date": "1982-02-16"}
    return {"source": source, "nik": nik, "nik_raw": nik} | sides | more


def said(
    first: dict[str, Any], second: dict[str, Any], *others: dict[str, Any], weight: float = 20.0
) -> tuple[str, str]:
    with standardised(person=[first, second, *others]) as engine:
        each_card_a_family(engine)
        return judged(engine, 1, 2, weight)


@pytest.mark.parametrize("born", ["1982-02-16", "1984-02-16", "1982-12-16", "1982-07-01"])
def test_a_nickname_under_ones_own_number(born: str) -> None:
    nickname = person("pemda", HIS, name="WANTO", birth_date=born)
    assert said(person("kemendagri", HIS), nickname) == ("link", "weight")


def test_a_daughter_under_the_fathers_number() -> None:
    child = person("pemda", HIS, **DAUGHTER)
    assert said(person("kemendagri", HIS), child)[0] == "review"


@pytest.mark.parametrize(
    ("relationship", "judgement"),
    [("CHILD", ("review", "a relative's number and name")), ("HEAD", ("link", "weight"))],
)
def test_a_son_of_the_fathers_name_under_his_number(
    relationship: str, judgement: tuple[str, str]
) -> None:
    """The head himself, at another birth date, is mistyped: there is but one head."""
    father = person("kemendagri", HIS, relationship="HEAD")
    son = person("kemensos", HIS, birth_date="2009-08-30", relationship=relationship)
    assert said(father, son) == judgement


def test_a_slip_in_the_serial_is_no_twin() -> None:
    typed = person("pemda", "3512021502823119", name="HERI M")
    assert said(person("kemendagri", HIS), typed) == ("link", "weight")


def test_twins_in_two_sources() -> None:
    """The register knows both; the field met one of them under his own number."""
    his, other = person("kemendagri", HIS), {"name": "HERI SUSANTO"}
    twin = person("kemendagri", TWINS, **other)
    assert said(his, person("pemda", TWINS, name="HERI"), twin) == ("review", "twins' numbers")


@pytest.mark.parametrize(
    ("region", "judgement"),
    [(None, ("review", "twins without numbers")), ("3512022003", ("link", "weight"))],
)
def test_twins_without_numbers(region: str | None, judgement: tuple[str, str]) -> None:
    """Where the place has a code the weights have been learned beside a register, and say enough."""
    place = {"region_code": region, "region_system": "kemendagri" if region else None}
    his = person("pemda", None, name="PURNASIH KARTATI", **place)
    assert said(his, person("kemensos", None, name="PURGIMI KARTATI", **place)) == judgement


@pytest.mark.parametrize(
    ("born", "judgement"),
    [("1982-06-20", "link"), ("1984-06-20", "review"), ("2006-03-01", "review")],
)
def test_two_rows_of_the_register(born: str, judgement: str) -> None:
    """Months apart, one mother's child registered twice; years apart, a brother or son of the same name."""
    again = person("kemendagri", "3512022006829001", birth_date=born)
    assert said(person("kemendagri", HIS), again)[0] == judgement


@pytest.mark.parametrize(
    ("village", "weight", "judgement"),
    [
        ("3512032001", 11.9, ("review", "a name and a place")),
        ("3512032001", 12.1, ("link", "weight")),
        ("3512022001", 8.9, ("review", "a name and a village")),
        ("3512022001", 9.1, ("link", "weight")),
    ],
)
def test_a_name_and_a_place_say_less_than_each(
    village: str, weight: float, judgement: tuple[str, str]
) -> None:
    """Another kecamatan of the kabupaten, or the village itself, a birthday a year apart, no number."""
    here = {"region_code": "3512022001", "region_system": "kemendagri"}
    his = person("kemendagri", HIS, **here)
    there = here | {"region_code": village, "birth_date": "1983-02-16"}
    other = person("pemda", None, kk="3512032203150007", **there)
    assert said(his, other, weight=weight) == judgement


@pytest.mark.parametrize(
    ("born", "judgement"),
    [("1964-11-03", ("review", "a namesake's number")), ("1982-02-18", ("link", "weight"))],
)
def test_a_number_that_a_namesake_got(born: str, judgement: tuple[str, str]) -> None:
    elsewhere = {"kk": "3512032203150007", "region_code": "3512032001"}
    here = {"region_code": "3512022001", "region_system": "kemendagri"}
    namesake = person("pemda", HIS, birth_date=born, **here | elsewhere)
    assert said(person("kemendagri", HIS, **here), namesake) == judgement


def test_registered_twice_in_a_village_needs_no_more_than_others() -> None:
    """Namesakes of a village do, and so do two rows of the register of whom only the name agrees."""
    here = {"region_code": "3512022001", "region_system": "kemendagri", "mother_name": "SUMIRAH"}
    parents = here | {"father_name": "SUPARMAN", "region_code": "3512032001"}
    again = person("kemendagri", "3512020203829001", birth_date="1982-03-02", kk="3512022203150007")
    his = person("kemendagri", HIS, **here | {"father_name": "SUPARMAN"})
    assert said(his, again | parents, weight=6.0) == ("link", "weight")
    assert (
        said(his, again | parents | {"mother_name": None, "father_name": None}, weight=6.0)[0]
        == "review"
    )


def test_two_numbers_and_two_birth_dates_are_a_name_given_again() -> None:
    """The register knows both: an elder brother's name, the same mother, another card."""
    home = {"region_code": "3512022001", "region_system": "kemendagri", "mother_name": "SUMIRAH"}
    younger = home | {"birth_date": "1991-07-30", "kk": "3512022203150007"}
    known = person("kemendagri", "3512023007919001", **younger)
    other = person("pemda", "3512023007919001", **younger)
    his = person("kemendagri", HIS, **home)
    assert said(his, other, known) == ("review", "another birth date and number")
    without = person("pemda", None, **younger)
    assert said(his, without) == ("review", "another birth date")


def test_twins_of_whom_the_register_knows_one() -> None:
    """Their numbers follow each other, and each name has a word of its own."""
    twin = person("pemda", TWINS, name="ADIN MUTAWANTO")
    assert said(person("kemendagri", HIS), twin)[0] == "review"


@pytest.mark.parametrize(
    ("more", "judgement"),
    [
        ({}, ("link", "weight")),
        ({"nik": TWINS, "nik_raw": TWINS}, ("review", "neighbours' numbers")),
        ({"birth_date": "1982-02-17"}, ("review", "another name in the family")),
        ({"region_code": "3512022002"}, ("review", "another name")),
    ],
)
def test_a_birth_date_that_the_register_knows_once_in_the_village(
    more: dict[str, Any], judgement: tuple[str, str]
) -> None:
    """A married name on another card, the same mother: nobody else was born there that day."""
    here = {"region_code": "3512022001", "region_system": "kemendagri", "mother_name": "SUMIRAH"}
    there = here | {"kk": "3512022203150007", "name": "HERI SANTOSO"} | more
    married = {**person("pemda", None), **there}
    known = person("kemendagri", TWINS, birth_date="1971-05-01", name="SUTINI", sex="F")
    assert said(person("kemendagri", HIS, **here), married, known) == judgement


@pytest.mark.parametrize("sex", ["M", "F"])
def test_a_birth_date_that_two_share_in_the_village_names_nobody(sex: str) -> None:
    """Not even where they are of two sexes: a sex is mistyped more often than a birth date is shared."""
    here = {"region_code": "3512022001", "region_system": "kemendagri", "mother_name": "SUMIRAH"}
    other = person("pemda", None, kk="3512022203150007", **here | {"name": "HERI SANTOSO"})
    twin = person("kemendagri", TWINS, sex=sex, **here | {"name": "BUDI SANTOSO"})
    assert said(person("kemendagri", HIS, **here), other, twin)[0] == "review"


@pytest.mark.parametrize(
    ("more", "judgement"),
    [
        ({}, ("review", "another name")),
        ({"name": "HERI MUTAWANTO"}, ("link", "weight")),  # himself, registered twice
        ({"mother_name": "WARTINI"}, ("link", "weight")),  # born that day, to another mother
    ],
)
def test_a_twin_who_moved_is_not_taken_for_the_one_who_stayed(
    more: dict[str, Any], judgement: tuple[str, str]
) -> None:
    """Only one row of the register lies in the village where a provider met somebody of that birth date."""
    here = {"region_code": "3512022001", "region_system": "kemendagri", "birth_place": "SITUBONDO"}
    his = person("kemendagri", HIS, mother_name="SUMIRAH", **here)
    met = person("pemda", None, kk="3512022203150007", **here | {"name": "HERI SANTOSO"})
    moved = here | {"region_code": "3512032001", "kk": "3512032203150009", "mother_name": "SUMIRAH"}
    twin = person("kemendagri", TWINS, **moved | {"name": "BUDI SANTOSO"} | more)
    assert said(his, met, twin) == judgement


@pytest.mark.parametrize(
    ("relationship", "judgement"),
    [
        ("PARENT_OR_IN_LAW", ("link", "weight")),
        ("CHILD", ("review", "another birth date in the family")),
    ],
)
def test_the_old_parent_whose_age_was_guessed(
    relationship: str, judgement: tuple[str, str]
) -> None:
    his = person("kemendagri", HIS, birth_date="1938-09-07", relationship="PARENT")
    guessed = person("kemensos", None, birth_date="1940-07-01", relationship=relationship)
    assert said(his, guessed) == judgement


HELD = ("review", "another birth date in the family")


@pytest.mark.parametrize(
    ("more", "judgement"),
    [
        ({}, ("link", "weight")),
        ({"birth_date": "1984-03-09"}, HELD),  # no guess: a brother named after one who died
        ({"birth_date": "1985-01-01"}, HELD),  # too far for a guess of a child's age
        ({"sex": "F"}, HELD),
        ({"name": "HERI"}, HELD),  # a brother's name may begin so, too
    ],
)
def test_a_childs_age_guessed_a_year_or_two_off(
    more: dict[str, Any], judgement: tuple[str, str]
) -> None:
    """No number, and a day given when none is known: but one child of the family is named so."""
    his = person("kemendagri", HIS, relationship="CHILD")
    guessed = {"birth_date": "1984-01-01", "relationship": "CHILD"} | more
    assert said(his, person("pemda", None, **guessed)) == judgement


def test_a_wife_under_her_husbands_name_is_not_her_husband() -> None:
    his = person("kemendagri", HIS, relationship="HEAD")
    hers = {"name": "NY. HERI MUTAWANTO", "sex": "F", "birth_date": "1982-06-20"}
    wife = person("pemda", None, relationship="WIFE", **hers)
    assert said(his, wife) == ("review", "husband and wife")


@pytest.mark.parametrize(
    ("more", "judgement"),
    [
        # A wife's row, typed with her husband's number.
        (
            {"name": "NY. HERI MUTAWANTO", "relationship": "WIFE", "birth_date": "1985-07-01"},
            ("review", "a spouse's number"),
        ),
        # A daughter with the number of the twin.
        (
            {"name": "SITI NURHASANAH", "relationship": "CHILD"},
            ("review", "a number of the other sex"),
        ),
        # Himself under a nickname, the sex mistyped.
        ({"name": "WANTO", "relationship": "HEAD"}, ("link", "weight")),
    ],
)
def test_a_number_that_somebody_of_the_other_sex_bears(
    more: dict[str, Any], judgement: tuple[str, str]
) -> None:
    his = person("kemendagri", HIS, relationship="HEAD")
    assert said(his, person("pemda", HIS, sex="F", **more)) == judgement


@pytest.mark.parametrize(
    ("role", "judgement"),
    [("CHILD", ("review", "twins a letter apart")), ("HEAD", ("link", "weight"))],
)
def test_twins_are_named_a_letter_apart(role: str, judgement: tuple[str, str]) -> None:
    """Two children of one card; but a card has one head."""
    his = person("kemendagri", HIS, name="RIZKA AMALUDIN", relationship=role)
    other = person("kemendagri", TWINS, name="RIZKO AMALUDIN", relationship=role)
    assert said(his, other) == judgement


@pytest.mark.parametrize(
    ("nik", "name", "twin", "judgement"),
    [
        (None, "ARKA MAULANA", True, ("link", "weight")),
        (None, "ARKO MAULANA", True, ("review", "a name between twins")),
        (None, "ARKE MAULANA", True, ("review", "a name between twins")),
        (None, "ARKA", True, ("review", "a name between twins")),
        (HIS, "ARKO MAULANA", True, ("link", "weight")),
        (None, "ARKO MAULANA", False, ("link", "weight")),
    ],
)
def test_a_name_between_twins(
    nik: str | None, name: str, twin: bool, judgement: tuple[str, str]
) -> None:
    """Of two who are named a letter apart, a row without a number is the one whose name it has to the letter."""
    his = person("kemendagri", HIS, name="ARKA MAULANA", relationship="CHILD")
    other = person("kemendagri", TWINS, name="ARKO MAULANA", relationship="CHILD")
    met = person("kemensos", nik, name=name, relationship="CHILD")
    assert said(his, met, *([other] if twin else [])) == judgement


@pytest.mark.parametrize(
    ("name", "judgement"),
    [("MUTAWANTO", "link"), ("ADIN MUTAWANTO", "review"), ("HERU MUTAWANTO", "link")],
)
def test_a_last_digit_mistyped_where_no_twin_is_registered(name: str, judgement: str) -> None:
    """A word left out, a twin's name, a letter mistyped."""
    assert said(person("kemendagri", HIS), person("pemda", TWINS, name=name))[0] == judgement


@pytest.mark.parametrize(
    ("kk", "village", "judgement"),
    [
        ("3512032203150007", "3512042001", ("review", "another name and place")),
        ("3512021502120001", "3512022001", ("link", "weight")),
    ],
)
def test_first_born_of_a_day_in_two_kecamatan(
    kk: str, village: str, judgement: tuple[str, str]
) -> None:
    """Their numbers differ by the digit of the kecamatan, and one has moved. In one's own family it is a slip."""
    here = {"region_code": "3512022001", "region_system": "kemendagri"}
    other = person(
        "pemda", "3512031602829119", name="ANTON", kk=kk, **here | {"region_code": village}
    )
    assert said(person("kemendagri", "3512021602829119", **here), other) == judgement
