"""What is so for a person before any provider looks: D06, D08, D09, D22, D38, D39, D40."""

from __future__ import annotations

import numpy as np

from synthetic import naming
from synthetic.columns import Bools, Ints, Objects, days, objects
from synthetic.kinship import YEAR, Kin
from synthetic.operators.registry import operator


@operator("D22", "population")
def birth_unknown(kin: Kin, rate: float, rng: np.random.Generator) -> Ints:
    """Older people who never knew their birth day are registered on 1 July, 31 December, 1
    January or a 15th."""
    year = (kin.born / YEAR + 1970).astype(np.int64)
    chance = rate * np.where(year < 1965, 2.0, np.where(year < 1985, 0.6, 0.1))
    unknown = rng.random(kin.persons) < chance
    kind = rng.integers(0, 10, kin.persons)
    rules = [kind < 4, kind < 7, kind < 8]
    month = np.select(rules, [7, 12, 1], 1 + rng.integers(0, 12, kin.persons))
    day = np.select(rules, [1, 31, 1], 15)
    return np.where(unknown, days(year, month, day), kin.born)


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
def nik_of_old_district(older: Objects, district: Ints) -> tuple[Ints, Bools]:
    """The NIK begins with a district code no longer in force; people of places that never changed
    keep theirs."""
    has = np.fromiter((bool(code) for code in older), dtype=bool, count=len(older))
    changed = district.copy()
    changed[has] = [int(code[:6]) for code in older[has]]
    return changed, has


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
    own = given.tokens[0][younger].copy()
    first = given.tokens[0][elder]
    many = given.tokens[1][elder] != ""
    for k in (1, 2):
        given.tokens[k][younger] = given.tokens[k][elder]
    keeps = many & (rng.random(len(younger)) < 0.5)
    keeps &= kin.female[younger] == kin.female[elder]
    keeps &= own != given.tokens[1][elder]
    # Of a single token the younger twin keeps the beginning: SUPARMAN and SUKARDI, not SUPARMAN
    # and HERI.
    blended = objects(
        e[:2] + o[2:] if len(o) > 3 and e[:2] + o[2:] != e else o
        for e, o in zip(first, own, strict=True)
    )
    given.tokens[0][younger] = np.where(keeps, first, np.where(many, own, blended))
    given.tokens[1][younger] = np.where(keeps, own, given.tokens[1][younger])


@operator("D39", "population")
def child_bears_father(
    given: naming.Given, kin: Kin, rate: float, rng: np.random.Generator
) -> Ints:
    """A child carries the father's first token as the last of its own, on the same card."""
    takes: Ints = np.flatnonzero((kin.father >= 0) & (rng.random(kin.persons) < rate))
    token = given.tokens[0][kin.father[takes]]
    fresh = token != given.tokens[0][takes]
    takes, token = takes[fresh], token[fresh]
    short = given.tokens[1][takes] == ""
    given.tokens[1][takes[short]] = token[short]
    given.tokens[2][takes[~short]] = token[~short]
    return takes


@operator("D40", "population")
def namesakes(names: Objects) -> Bools:
    """People bear one of the country's most frequent full names, at their real relative rates
    (see `naming`)."""
    top = {name for listed, _ in naming.top_names().values() for name in listed}
    return np.fromiter((name in top for name in names), dtype=bool, count=len(names))
