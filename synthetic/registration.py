"""Numbers: the NIK of every person (of some two) and the KK numbers every family has had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthetic.columns import Ints, Objects, blank, objects
from synthetic.country import districts_of, regency_names
from synthetic.kinship import YEAR
from synthetic.numbers import as_text, kk_stem, nik_stem
from synthetic.operators.population import (
    birth_corrected,
    nik_of_other_district,
    second_registration,
)
from synthetic.operators.registry import bit
from synthetic.population import Part, World

# KK numbers a family has: two old ones, the registry's, and one its file does not know yet.
CARDS = 4
REGISTRY_CARD, NEWER_CARD = 2, 3
FIRST_CARDS = int((2006 - 1970) * YEAR)  # cards of today's kind begin with SIAK


@dataclass
class Numbers:
    """Numbers of one part; `p` per person, `f` per family."""

    nik: Objects  # p
    second_nik: Objects  # p, '' for nearly all
    second_born: Ints  # p, birth date on the second registration
    birth_regency: Objects  # p, name of the regency of birth
    birth_district: Objects  # p, name of the district there, '' when born far away
    birth_village: Objects  # p, name of the village there, '' when born far away
    cards: Objects  # f x CARDS, by day of issue
    issued: Ints  # f x CARDS, days


def register(part: Part, world: World, rng: np.random.Generator) -> Numbers:
    """Number every person and family of a part; marks D06, D08 and D09 in the traits."""
    district, regency, small, smallest = _birth_places(part, world, rng)
    nik = _niks(part, world, district, rng)
    second, second_born = _second_niks(part, world, district, rng)
    cards, issued = _cards(part, world, rng)
    return Numbers(nik, second, second_born, regency, small, smallest, cards, issued)


def _birth_places(
    part: Part, world: World, rng: np.random.Generator
) -> tuple[Ints, Objects, Objects, Objects]:
    """Code of the district of birth, and names of its regency, the district, the village: the parents' home, or far
    away."""
    kin, homes, villages = part.kin, part.homes, part.villages
    n = kin.persons
    card = homes.family[kin.wife[np.maximum(kin.parents, 0)]]
    known = (kin.parents >= 0) & (card >= 0)
    home = np.where(known, homes.spot[homes.dwelling[np.maximum(card, 0)]], part.spot_of_person)
    district = np.array([int(code[:6]) for code in villages.code])[home]
    regency, small, smallest = villages.regency[home], villages.district[home], villages.name[home]
    stale = np.flatnonzero(rng.random(n) < world.scenario.rate("D09", "population"))
    near_by = np.array([int(code) for code in districts_of(part.regency)])
    old = nik_of_other_district(villages.older_district[home[stale]], near_by, rng)
    differs = old != district[stale]
    stale = stale[differs]
    district[stale] = old[differs]
    chance = np.where(kin.father < 0, 2.2, 0.6) * world.scenario.families.born_elsewhere
    away = np.flatnonzero(rng.random(n) < np.minimum(chance, 0.9))
    codes, names = regency_names()
    near = np.flatnonzero([c[:2] == part.regency[:2] and c != part.regency for c in codes])
    far = rng.integers(len(codes), size=len(away))
    if len(near):
        neighbours = near[rng.integers(len(near), size=len(away))]
        far = np.where(rng.random(len(away)) < 0.6, neighbours, far)
    regency[away], small[away], smallest[away] = names[far], "", ""
    district[away] = _some_district(codes, far, rng)
    part.traits[np.setdiff1d(stale, away)] |= bit("D09")
    return district, regency, small, smallest


def _some_district(codes: Objects, at: Ints, rng: np.random.Generator) -> Ints:
    """A district inside each regency named by position; one that BPS does not know lends
    xx.xx.01."""
    result = np.empty(len(at), dtype=np.int64)
    for regency in np.unique(at):
        rows = np.flatnonzero(at == regency)
        listed = np.array([int(d) for d in districts_of(codes[regency]) or [codes[regency] + "01"]])
        result[rows] = listed[rng.integers(len(listed), size=len(rows))]
    return result


def _niks(part: Part, world: World, district: Ints, rng: np.random.Generator) -> Objects:
    rate = world.scenario.rate("D08", "population")
    corrected = np.flatnonzero(rng.random(part.kin.persons) < rate)
    then = part.born.copy()
    then[corrected] += birth_corrected(len(corrected), rng)
    part.traits[corrected] |= bit("D08")
    return as_text(world.nik.number(nik_stem(district, then, part.kin.female)))


def _second_niks(
    part: Part, world: World, district: Ints, rng: np.random.Generator
) -> tuple[Objects, Ints]:
    grown = part.alive & (part.kin.born < world.today - 17 * YEAR)
    rate = world.scenario.rate("D06", "population")
    two = np.flatnonzero(grown & (rng.random(part.kin.persons) < rate))
    elsewhere = district[rng.integers(len(district), size=len(two))]
    place, day = second_registration(district[two], elsewhere, part.born[two], rng)
    second, born = blank(part.kin.persons), part.born.copy()
    second[two] = as_text(world.nik.number(nik_stem(place, day, part.kin.female[two])))
    born[two] = day
    part.traits[two] |= bit("D06")
    return second, born


def _cards(part: Part, world: World, rng: np.random.Generator) -> tuple[Objects, Ints]:
    """Four KK numbers per family in order of issue; each life event brings a new number."""
    homes = part.homes
    n = len(homes.head)
    since = np.maximum(homes.since, FIRST_CARDS)
    span = np.maximum(world.today - 60 - since, 30)
    at = np.sort(rng.random((n, CARDS)), axis=1) ** 0.8
    issued = np.minimum(since[:, None] + (at * span[:, None]).astype(np.int64), world.today - 20)
    district = np.array([int(code[:6]) for code in part.villages.code])
    spot = homes.spot[homes.dwelling]
    moved = rng.random(n) < world.scenario.families.moved
    elsewhere = rng.integers(len(part.villages), size=n)
    cards = np.empty((n, CARDS), dtype=object)
    for k in range(CARDS):
        then = np.where(moved & (k < REGISTRY_CARD), elsewhere, spot)
        cards[:, k] = objects(as_text(world.kk.number(kk_stem(district[then], issued[:, k]))))
    return cards, issued
