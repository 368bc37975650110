"""Errors of the NIK: D01–D05, D07, D10."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Bools, Ints, Objects, objects, pick
from synthetic.operators.registry import operator
from synthetic.view import View

_PLACEHOLDERS = objects(
    ["", "", "", "", "", "0", "-", "0000000000000000", "9999999999999999", "TIDAK ADA"]
)


def _has_nik(view: View) -> Bools:
    """Rows whose NIK still is one: sixteen characters, no placeholder."""
    niks = view.text["nik"]
    return np.fromiter((len(n) == 16 and len(set(n)) > 1 for n in niks), bool, count=len(view))


def slip(number: str, place: int, kind: int, digit: int) -> str:
    """A number with one typing slip: 0 another digit, 1 neighbours swapped, 2 one lost, 3 one
    doubled."""
    place = place % max(len(number) - 1, 1)
    if kind == 0:
        new = str((int(number[place]) + 1 + digit % 9) % 10) if number[place].isdigit() else "1"
        return number[:place] + new + number[place + 1 :]
    if kind == 1:
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        return swapped if swapped != number else slip(number, place, 0, digit)
    if kind == 2:
        return number[:place] + number[place + 1 :]
    return number[:place] + number[place] + number[place:]


def scientific(number: str) -> str:
    """A 16-digit number as a spreadsheet shows it."""
    return f"{number[0]}.{number[1:6]}E+{len(number) - 1}"


@operator("D01")
def nik_missing(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The NIK is empty, a dash, zero or another placeholder."""
    view.text["nik"][rows] = pick(rng, _PLACEHOLDERS, len(rows))
    return rows


@operator("D02", can=_has_nik)
def nik_malformed(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The NIK loses or gains a digit, carries letters for digits, or stands in scientific
    notation."""
    kind = rng.integers(0, 8, len(rows))
    place, digit = rng.integers(0, 15, len(rows)), rng.integers(0, 9, len(rows))
    column = view.text["nik"]
    for row, k, p, d in zip(rows, kind, place, digit, strict=True):
        nik = column[row]
        if k < 3:
            column[row] = slip(nik, int(p), 2, int(d))
        elif k < 5:
            column[row] = slip(nik, int(p), 3, int(d))
        elif k == 5 and "0" in nik:
            column[row] = nik.replace("0", "O", 1 + int(d) % 2)
        elif k == 6 and "1" in nik:
            column[row] = nik.replace("1", "l", 1)
        else:
            column[row] = scientific(nik)
    return rows


@operator("D03", can=_has_nik)
def nik_pseudo(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The last digits are made up: 0000, 9999, 0001, or the birth date too is only guessed."""
    column = view.text["nik"]
    ends = objects(["0000", "0000", "9999", "0001"])[rng.integers(4, size=len(rows))]
    guessed = rng.random(len(rows)) < 0.2
    column[rows] = [
        nik[:6] + "010101" + end if guess else nik[:12] + end
        for nik, end, guess in zip(column[rows], ends, guessed, strict=True)
    ]
    return rows


@operator("D04", can=_has_nik)
def nik_typo(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """One digit of the NIK is wrong, or two neighbours are swapped."""
    column = view.text["nik"]
    place, kind, digit = (rng.integers(0, k, len(rows)) for k in (15, 2, 9))
    column[rows] = [
        slip(nik, int(p), int(k), int(d))
        for nik, p, k, d in zip(column[rows], place, kind, digit, strict=True)
    ]
    return rows


@operator("D05", can=_has_nik)
def nik_shared(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The row carries the NIK of a person of another family, of a namesake where there is one."""
    other = rng.integers(len(view.numbers.nik), size=len(rows))
    alike = _next_namesake(view.part.name)[view.who[rows]]
    other = np.where((alike >= 0) & (rng.random(len(rows)) < 0.6), alike, other)
    family = view.part.homes.family
    strangers = family[other] != family[view.who[rows]]
    rows, other = rows[strangers], other[strangers]
    view.text["nik"][rows] = view.numbers.nik[other]
    return rows


def _next_namesake(names: Objects) -> Ints:
    """For each person the next one of the same name, or -1."""
    _, name = np.unique(names.astype(str), return_inverse=True)
    order = np.argsort(name, kind="stable")
    after = np.roll(order, -1)
    found = np.full(len(names), -1, dtype=np.int64)
    same = (name[order] == name[after]) & (order != after)
    found[order[same]] = after[same]
    return found


@operator("D06", can=lambda view: _has_nik(view) & _doubled(view))
def nik_of_second_registration(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """One person holds two NIKs: the row carries the second one."""
    view.text["nik"][rows] = view.numbers.second_nik[view.who[rows]]
    return rows


def _doubled(view: View) -> Bools:
    """Field rows of people who hold two NIKs; the registry has a row for each of the two."""
    doubled: Bools = view.numbers.second_nik[view.who] != ""
    return doubled & (view.source != "kemendagri")


@operator("D07", can=lambda view: _has_nik(view) & (_relative(view) >= 0))
def nik_of_relative(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """A child is written under the father's or mother's NIK, a wife or husband under the
    spouse's."""
    view.text["nik"][rows] = view.numbers.nik[_relative(view)[rows]]
    return rows


def _relative(view: View) -> Ints:
    """The father (or mother) of unmarried people, the spouse of the others; -1 when outside the
    part."""
    kin, who = view.part.kin, view.who
    couple = np.maximum(kin.couple[who], 0)
    spouse = np.where(kin.female[who], kin.husband[couple], kin.wife[couple])
    parent = np.where(who % 5 == 0, kin.mother[who], kin.father[who])
    return np.where(kin.couple[who] >= 0, spouse, parent)


@operator("D10", can=_has_nik)
def nik_other_sex(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The day in the NIK says the other sex: 40 is added for a man or left out for a woman."""
    column = view.text["nik"]
    able = objects(nik[6:8].isdigit() for nik in column[rows]).astype(bool)
    rows = rows[able]
    column[rows] = [f"{n[:6]}{(int(n[6:8]) + 40) % 80:02d}{n[8:]}" for n in column[rows]]
    return rows
