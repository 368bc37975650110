"""How two values of one attribute differ, in one word: what a reviewer's eye would look for first.

Pure, of plain values as standardised. Only the kind of difference is told, never the values: it may
be shown beside masked ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

import jellyfish


class Difference(StrEnum):
    """Kinds of difference, the first one that fits. `EQUAL`: none."""

    EQUAL = "equal"
    MISSING = "missing"  # one of them has no value
    ALONE = "alone"  # no other has a value to lay beside it
    ORDER = "order"  # the same words in another order
    PART = "part"  # all words of one stand in the other: a name left out, or shortened
    SPELLING = "spelling"  # a slip or another spelling
    SWAPPED = "swapped"  # two neighbouring digits swapped, or day and month
    SLIP = "slip"  # one digit differs
    DEFAULT = "default"  # one of them is a date that stands for "not known"
    NEAR = "near"  # dates of the same year
    DISTRICT = "district"  # places of the same kecamatan
    OTHER = "other"


SPELT_ALIKE = 0.88  # Jaro-Winkler of two words
DISTRICT_DIGITS = 6  # of a Kemendagri code: its kecamatan
FEW_DIGITS = 3  # a number so short is another number when one digit differs: an RT, a count
#: Days that offices write when they do not know.
DEFAULT_DAYS = frozenset({(1, 1), (7, 1), (12, 31)})


def difference(one: Any, other: Any) -> Difference:
    """The kind of difference between two values of one attribute; symmetric."""
    if one is None or other is None or one == "" or other == "":
        same = (one in (None, "")) == (other in (None, ""))
        return Difference.EQUAL if same else Difference.MISSING
    if one == other:
        return Difference.EQUAL
    if isinstance(one, date) and isinstance(other, date):
        return _dates(one, other)
    if isinstance(one, str) and isinstance(other, str):
        if one.isdecimal() and other.isdecimal():
            return _numbers(one, other)
        return _words(one.upper().split(), other.upper().split())
    return Difference.OTHER


def place_difference(one: Any, other: Any) -> Difference:
    """The kind of difference between two region codes: their digits say where, not how they were typed."""
    told = difference(one, other)
    if told in (Difference.EQUAL, Difference.MISSING):
        return told
    near = str(one)[:DISTRICT_DIGITS] == str(other)[:DISTRICT_DIGITS]
    return Difference.DISTRICT if near else Difference.OTHER


def code_difference(one: Any, other: Any) -> Difference:
    """The kind of difference between two codes of one list: they were chosen, so that none is a spelling of another."""
    told = difference(one, other)
    return told if told in (Difference.EQUAL, Difference.MISSING) else Difference.OTHER


def _dates(one: date, other: date) -> Difference:
    if (one.day, one.month) == (other.month, other.day) and one.year == other.year:
        return Difference.SWAPPED
    for known in (one, other):
        if (known.month, known.day) in DEFAULT_DAYS:
            return Difference.DEFAULT
    digits = _numbers(one.strftime("%Y%m%d"), other.strftime("%Y%m%d"))
    if digits is not Difference.OTHER:
        return digits
    return Difference.NEAR if one.year == other.year else Difference.OTHER


def _numbers(one: str, other: str) -> Difference:
    if max(len(one), len(other)) <= FEW_DIGITS:
        return Difference.OTHER
    if len(one) != len(other):
        return (
            Difference.SLIP if jellyfish.levenshtein_distance(one, other) == 1 else Difference.OTHER
        )
    unlike = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(unlike) == 1:
        return Difference.SLIP
    if len(unlike) == 2 and unlike[1] == unlike[0] + 1:
        first, second = unlike
        if (one[first], one[second]) == (other[second], other[first]):
            return Difference.SWAPPED
    return Difference.OTHER


def _words(one: Sequence[str], other: Sequence[str]) -> Difference:
    if sorted(one) == sorted(other):
        return Difference.EQUAL if list(one) == list(other) else Difference.ORDER
    few, many = sorted((list(one), list(other)), key=len)
    if len(few) < len(many) and _stand_in(few, many, _stands_for):
        return Difference.PART
    if len(few) == len(many) and _stand_in(few, many, _stands_for):
        return Difference.PART
    if _stand_in(few, many, _sounds_like) and len(few) == len(many):
        return Difference.SPELLING
    if jellyfish.jaro_winkler_similarity(" ".join(one), " ".join(other)) >= SPELT_ALIKE:
        return Difference.SPELLING
    return Difference.OTHER


def _stand_in(few: Sequence[str], many: Sequence[str], fits: Any) -> bool:
    """Whether every word of the shorter list finds a word of its own in the longer one: a matching of
    the two, by paths along which those who found one may take another."""
    taken: dict[int, int] = {}

    def place(at: int, seen: set[int]) -> bool:
        for to, held in enumerate(many):
            if to in seen or not fits(few[at], held):
                continue
            seen.add(to)
            if to not in taken or place(taken[to], seen):
                taken[to] = at
                return True
        return False

    return all(place(at, set()) for at in range(len(few)))


def _stands_for(one: str, other: str) -> bool:
    """The same word, or its first letter."""
    short, long_ = sorted((one.rstrip("."), other.rstrip(".")), key=len)
    return short == long_ or (len(short) == 1 and long_.startswith(short))


def _sounds_like(one: str, other: str) -> bool:
    return _stands_for(one, other) or jellyfish.jaro_winkler_similarity(one, other) >= SPELT_ALIKE


def against(
    values: Sequence[Any], told: Callable[[Any, Any], Difference] = difference
) -> list[Difference]:
    """Each value beside the one that most of them have (the first of equals): a row of a table."""
    known = [value for value in values if value not in (None, "")]
    if not known:
        return [Difference.EQUAL] * len(values)
    usual = max(known, key=known.count)
    row = [told(usual, value) for value in values]
    if len(known) == 1 < len(values):
        row[values.index(usual)] = Difference.ALONE
    return row
