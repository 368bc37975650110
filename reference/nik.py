"""The grammar of the two numbers: NIK (a person, for life) and KK (a family card, until the
family changes).

NIK: 6 digits region of first registration, 6 digits birth date DDMMYY (women: DD + 40), 4 digits
serial from 0001. KK: 6 digits region of issue, 6 digits date of issue DDMMYY, 4 digits serial.

A number is evidence, not truth. Nothing here rejects: a birth date was corrected and the NIK
kept, a region was renamed, a clerk mistyped. `disagreements` says what does not fit, and leaves
the weighing to others. The century of the two-digit year is never in the number; `birth_dates`
gives every century that the day of judging allows. In bulk the same is asked in SQL by the
comparisons and quality rules that need it (`matching/rules`, `mdm/rules/quality.yaml`).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from reference.regions import lookup

Sex = Literal["M", "F"]
OLDEST = 125  # years: no living person in the registry is older
FEMALE_OFFSET = 40


@dataclass(frozen=True)
class NikParts:
    """A NIK taken apart: `region` six digits as written, `day` 1–31 without the offset, `year2`
    0–99.
    """

    region: str
    day: int
    month: int
    year2: int
    sex: Sex
    serial: int


@dataclass(frozen=True)
class KkParts:
    """A KK number taken apart: region and day of issue, never of birth."""

    region: str
    day: int
    month: int
    year2: int
    serial: int


@dataclass(frozen=True)
class Disagreement:
    """Something in a NIK that does not fit: which part, what the NIK says, what the record says."""

    part: Literal["day", "month", "year", "day_month_swapped", "sex", "region", "serial", "shape"]
    in_nik: str
    in_record: str


def parse_nik(nik: str) -> NikParts | None:
    """The parts of a NIK, or None if it is not 16 digits or its birth digits are no date of any
    century.
    """
    if not re.fullmatch("[0-9]{16}", nik):
        return None
    day, month, year2 = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    sex: Sex = "F" if day > FEMALE_OFFSET else "M"
    day -= FEMALE_OFFSET if sex == "F" else 0
    if not _date_possible(day, month, year2):
        return None
    return NikParts(nik[:6], day, month, year2, sex, int(nik[12:]))


def birth_dates(parts: NikParts, as_of: date) -> list[date]:
    """Every birth date the NIK allows for somebody alive or lately dead on `as_of`, youngest first.

    29 February takes only leap years; a person is at most 125 years old, and not born after
    `as_of`.
    """
    years = (century + parts.year2 for century in (2100, 2000, 1900, 1800))
    possible = (
        date(year, parts.month, parts.day)
        for year in years
        if _days(parts.month, year) >= parts.day
    )
    return [day for day in possible if day <= as_of and as_of.year - day.year <= OLDEST]


def disagreements(nik: str, birth_date: date | None, sex: Sex | None) -> list[Disagreement]:
    """What a NIK says otherwise than the record: soft evidence, empty when all fits or nothing is
    known.

    A NIK that is no NIK gives one disagreement, of part `shape`.
    """
    parts = parse_nik(nik)
    if parts is None:
        return [Disagreement("shape", nik, "")]
    found = _date_disagreements(parts, birth_date) if birth_date else []
    if sex is not None and sex != parts.sex:
        found.append(Disagreement("sex", parts.sex, sex))
    if not region_known(parts.region):
        found.append(Disagreement("region", parts.region, ""))
    if parts.serial in (0, 9999):
        found.append(Disagreement("serial", f"{parts.serial:04d}", ""))
    return found


def _date_disagreements(parts: NikParts, birth: date) -> list[Disagreement]:
    year2 = birth.year % 100
    found = []
    swapped = (parts.day, parts.month) == (birth.month, birth.day)
    if swapped and parts.day != parts.month:
        in_nik, in_record = (
            f"{parts.day:02d}-{parts.month:02d}",
            f"{birth.day:02d}-{birth.month:02d}",
        )
        found.append(Disagreement("day_month_swapped", in_nik, in_record))
    elif not swapped:
        if parts.day != birth.day:
            found.append(Disagreement("day", f"{parts.day:02d}", f"{birth.day:02d}"))
        if parts.month != birth.month:
            found.append(Disagreement("month", f"{parts.month:02d}", f"{birth.month:02d}"))
    if parts.year2 != year2:
        found.append(Disagreement("year", f"{parts.year2:02d}", f"{year2:02d}"))
    return found


def region_known(region: str) -> bool:
    """Whether six digits were a district in any Kemendagri edition, or stand in a regency that
    was one.
    """
    return lookup(region, "kemendagri") is not None or lookup(region[:4], "kemendagri") is not None


def parse_kk(kk: str) -> KkParts | None:
    """The parts of a KK number, or None if it is not 16 digits or its issue digits are no date."""
    if not re.fullmatch("[0-9]{16}", kk):
        return None
    day, month, year2 = int(kk[6:8]), int(kk[8:10]), int(kk[10:12])
    return (
        KkParts(kk[:6], day, month, year2, int(kk[12:]))
        if _date_possible(day, month, year2)
        else None
    )


def is_placeholder(number: str) -> bool:
    """Whether 16 digits (NIK or KK) are a stopgap: one digit repeated, 1234…, no region, serial
    0000 or 9999.
    """
    return _PLACEHOLDER.fullmatch(number) is not None


# What is typed to fill the field, as patterns of the whole: all one digit, counting up, nothing after the region. The
# SQL that reads numbers in bulk (`matching/cleaners.py`) takes them from here.
FILLERS = (
    *(f"{digit}+" for digit in "0123456789"),
    "1234567890123456",
    "0123456789012345",
    "123(4(5(6(78(9(0)?)?)?)?)?)?",
    "[0-9]{4,6}0{10,12}",
)
# Shapes that were never given out: counting on or down, a region of zeros, no date, no serial or the last. A delivered
# number of such a shape is kept as evidence, with what rules say of it; a new one is not taken.
_NEVER_GIVEN = (
    "(1234567890|0123456789|9876543210)[0-9]*",
    "0000[0-9]*",
    "[0-9]{6}(000000|999999)[0-9]*",
    "[0-9]{12}(0000|9999)",
)
_PLACEHOLDER = re.compile("|".join((*FILLERS, *_NEVER_GIVEN)))


def _date_possible(day: int, month: int, year2: int) -> bool:
    """Whether day, month and two-digit year are a date; 29 February if the year is one of four
    (or 00).
    """
    if not 1 <= month <= 12:
        return False
    return 1 <= day <= _days(month, 2000 + year2)


def _days(month: int, year: int) -> int:
    return calendar.monthrange(year, month)[1]
