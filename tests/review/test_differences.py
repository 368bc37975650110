"""How two values differ, told in one word."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mdm.review.differences import (
    Difference,
    against,
    code_difference,
    difference,
    place_difference,
)

WORD = st.text("ABCDEGIKLMNRSTU", min_size=2, max_size=9)
NAME = st.lists(WORD, min_size=1, max_size=4).map(" ".join)
NIK = st.text("0123456789", min_size=16, max_size=16)
DATE = st.dates(date(1930, 1, 2), date(2025, 12, 30))
ANY = st.one_of(NAME, NIK, DATE, st.none())


@given(ANY, ANY)
def test_it_does_not_matter_which_stands_first(one: Any, other: Any) -> None:
    assert difference(one, other) == difference(other, one)
    assert difference(one, one) is Difference.EQUAL
    if one != other:
        assert difference(one, other) is not Difference.EQUAL
    if (one is None) != (other is None):
        assert difference(one, other) is Difference.MISSING


@given(st.lists(WORD, min_size=2, max_size=4, unique=True))
def test_words_in_another_order(words: list[str]) -> None:
    assert difference(" ".join(words), " ".join(reversed(words))) is Difference.ORDER


@given(st.lists(WORD, min_size=2, max_size=4), st.integers(0, 3))
@example(["AA", "AAA"], 0)  # the short word may stand for either
def test_a_word_left_out_or_shortened(words: list[str], at: int) -> None:
    at %= len(words)
    left_out = words[:at] + words[at + 1 :]
    assert difference(" ".join(words), " ".join(left_out)) is Difference.PART
    short = [word[0] if n == at else word for n, word in enumerate(words)]
    assert difference(" ".join(words), " ".join(short)) in (Difference.PART, Difference.ORDER)


@given(NIK, st.integers(0, 14))
def test_digits_swapped_or_slipped(nik: str, at: int) -> None:
    swapped = nik[:at] + nik[at + 1] + nik[at] + nik[at + 2 :]
    assume(swapped != nik)
    assert difference(nik, swapped) is Difference.SWAPPED
    slipped = nik[:at] + str((int(nik[at]) + 1) % 10) + nik[at + 1 :]
    assert difference(nik, slipped) is Difference.SLIP


@given(DATE)
def test_day_and_month_changed_places(born: date) -> None:
    assume(born.day <= 12 and born.day != born.month)
    assert difference(born, born.replace(month=born.day, day=born.month)) is Difference.SWAPPED


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("SITI NURHALIZA", "SITI NURHALISA", "spelling"),
        ("MUHAMMAD YUSUF", "MOHAMMAD YUSUP", "spelling"),
        ("SITI AMINAH", "BAMBANG SUTRISNO", "other"),
        (date(1980, 1, 1), date(1980, 5, 17), "default"),
        (date(1980, 5, 17), date(1980, 9, 3), "near"),
        (date(1980, 5, 17), date(1961, 9, 3), "other"),
        ("M", "F", "other"),
    ],
)
def test_what_an_eye_would_say(one: Any, other: Any, told: str) -> None:
    assert difference(one, other) == told


def test_a_row_is_told_against_what_most_have() -> None:
    told = against(["SITI AMINAH", "SITI AMINAH", "AMINAH SITI", None])
    assert told == ["equal", "equal", "order", "missing"]
    assert against([None, None]) == ["equal", "equal"]
    assert against([None, "SITI AMINAH", None]) == ["missing", "alone", "missing"]
    assert against(["SITI AMINAH"]) == ["equal"]


def test_places_and_short_numbers_are_not_told_by_their_digits() -> None:
    joanyar, bubunan, denpasar = "5108022010", "5108022013", "5171032010"
    assert place_difference(joanyar, joanyar) == "equal"
    assert place_difference(joanyar, bubunan) == "district"
    assert place_difference(joanyar, denpasar) == "other"
    assert place_difference(None, denpasar) == "missing"
    assert difference("5", "6") == difference("12", "21") == "other"  # another RT


def test_a_code_is_no_spelling_of_another() -> None:
    assert difference("PARENT", "PARENT_IN_LAW") == "spelling"
    assert code_difference("PARENT", "PARENT_IN_LAW") == "other"
    assert code_difference("PARENT", "PARENT") == "equal"
    assert code_difference("PARENT", None) == "missing"
