"""What is so for a person before any provider looks: D06, D08, D09, D22, D38, D39, D40."""

from __future__ import annotations

import numpy as np

from synthetic import naming, tokens
from synthetic.columns import Bools, Ints, Objects, days, objects
from synthetic.kinship import YEAR, Kin
from synthetic.operators.registry import operator


@operator("D22", "population")
def birth_unknown(kin: Kin, rate: float, today: int, rng: np.random.Generator) -> Ints:
    """Older people who never knew their birth day are registered on 1 July, 31 December, 1
    January or a 15th; twins on one day, and nobody on a day to come."""
    year = (kin.born / YEAR + 1970).astype(np.int64)
    chance = rate * np.where(year < 1965, 2.0, np.where(year < 1985, 0.6, 0.1))
    unknown = rng.random(kin.persons) < chance
    kind = rng.integers(0, 10, kin.persons)
    rules = [kind < 4, kind < 7, kind < 8]
    month = np.select(rules, [7, 12, 1], 1 + rng.integers(0, 12, kin.persons))
    day = np.select(rules, [1, 31, 1], 15)
    told = days(year, month, day)
    born = np.where(unknown & (told <= today), told, kin.born)
    twin = np.flatnonzero(kin.twin >= 0)
    born[twin] = born[kin.twin[twin]]
    return born


@operator("D08", "population")
def birth_corrected(rows: int, rng: np.random.Generator) -> Ints:
    """The birth date was corrected by a court and the NIK kept the old one: by days, months or
    years."""
    size = np.select(
        [rng.random(rows) < 0.4, rng.random(rows) < 0.5],
        [rng.integers(1, 25, rows), 30 * rng.integers(1, 11, rows)],
        np.round(YEAR * rng.integers(1, 4, rows)).astype(np.int64),
    )
    return np.where(rng.random(rows) < 0.5, size, -size).astype(np.int64)


@operator("D09", "population")
def nik_of_other_district(older: Objects, near: Ints, rng: np.random.Generator) -> Ints:
    """The NIK begins with a district code no longer in force, or with that of a district nearby."""
    neighbour = near[rng.integers(len(near), size=len(older))]
    return np.where(older != "", np.where(older != "", older, 0).astype(np.int64), neighbour)


@operator("D06", "population")
def second_registration(
    district: Ints, elsewhere: Ints, born: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """One person was registered twice and holds two NIKs: after a move, or with another birth
    date."""
    redated = rng.random(len(district)) < 0.45
    shift = np.where(redated, birth_corrected(len(district), rng), 0)
    return np.where(redated, district, elsewhere), born + shift


@operator("D38", "population")
def twins_share_names(given: naming.Given, kin: Kin, rng: np.random.Generator) -> None:
    """Twins share birth date, place, parents and card, and their names differ by one token."""
    younger = np.flatnonzero(kin.twin >= 0)
    elder = kin.twin[younger]
    own = [given.tokens[k][younger].copy() for k in (0, 1)]
    theirs = [given.tokens[k][elder] for k in (0, 1)]
    for k in range(3):
        given.tokens[k][younger] = given.tokens[k][elder]
    alone = theirs[1] == ""
    same_sex = kin.female[younger] == kin.female[elder]
    second = ~alone & same_sex & (own[1] != theirs[1]) & (rng.random(len(younger)) < 0.5)
    second |= ~alone & (own[0] == theirs[0])
    first = ~alone & ~second
    given.tokens[1][younger[second]] = own[1][second]
    given.tokens[0][younger[first]] = own[0][first]
    pairs = zip(theirs[0][alone], own[0][alone], kin.female[younger[alone]], strict=True)
    given.tokens[0][younger[alone]] = objects(_sibling_of(e, o, bool(f)) for e, o, f in pairs)
    gap = younger[(given.tokens[1][younger] == "") & (given.tokens[2][younger] != "")]
    given.tokens[2][gap] = ""
    still = younger[second & (own[1] == theirs[1])]
    given.tokens[1][still], given.tokens[2][still] = "", ""


def _sibling_of(elder: str, own: str, female: bool) -> str:
    """One token for the younger twin that keeps the elder's beginning: SUPARMAN and SUKARDI."""
    for blended in (elder[:2] + own[2:], own, elder[:3] + ("YANTI" if female else "YANTO")):
        if blended != elder and len(blended) > 2:
            return blended
    return elder + "AH"


@operator("D39", "population")
def child_bears_father(
    given: naming.Given, kin: Kin, rate: float, rng: np.random.Generator
) -> Ints:
    """A child carries the father's first token as the last of its own, on the same card."""
    single = kin.twin < 0
    single[kin.twin[~single]] = False  # twins are named together
    takes: Ints = np.flatnonzero((kin.father >= 0) & single & (rng.random(kin.persons) < rate))
    token = given.tokens[0][kin.father[takes]]
    fresh = token != given.tokens[0][takes]
    takes, token = takes[fresh], token[fresh]
    short = given.tokens[1][takes] == ""
    given.tokens[1][takes[short]] = token[short]
    given.tokens[2][takes[~short]] = token[~short]
    return takes


@operator("D40", "population")
def namesakes(names: Objects) -> Bools:
    """People bear one of the country's most frequent full names, at their real relative rates times
    the rate of the scenario (see `naming`)."""
    top = {name for listed, _ in tokens.top_names().values() for name in listed}
    return np.fromiter((name in top for name in names), dtype=bool, count=len(names))
