"""How people live: religion, schooling, work, and what a family and its dwelling own.

One number, `wealth` (mean 0, spread 1), drives housing, assets, desil and the chance to be on
a social register.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synthetic import tokens
from synthetic.columns import Bools, Ints
from synthetic.homes import Homes
from synthetic.kinship import YEAR, Kin

Floats = np.ndarray[Any, np.dtype[np.float64]]

# Dukcapil occupation codes by wealth: farm hands, farmers, fishers, day labour … civil service.
_WORK = np.array([20, 19, 9, 21, 11, 9, 12, 84, 81, 15, 88, 18, 65, 5, 72])


@dataclass
class Living:
    """Codes per person, then per family, then per dwelling (Dukcapil and Regsosek 2022 codes)."""

    religion: Ints
    education: Ints
    occupation: Ints
    pregnant: Bools
    disabled: Bools
    wealth: Floats  # per family
    desil: Ints  # per family, 1 poorest … 10
    housing: dict[str, Ints]  # per dwelling
    assets: dict[str, Ints]  # per family
    meter: Ints  # per dwelling, PLN customer number, 0 when none


def live(
    kin: Kin, homes: Homes, people: Ints, *, alive: Bools, today: int, rng: np.random.Generator
) -> Living:
    """Draw the whole of it."""
    dwellings = len(homes.spot)
    roof = rng.normal(0.0, 0.85, dwellings)
    wealth = roof[homes.dwelling] + rng.normal(0.0, 0.53, len(homes.dwelling))
    religion = _religion(kin, people, rng)
    of_person = np.where(homes.family >= 0, wealth[np.maximum(homes.family, 0)], 0.0)
    age = (today - kin.born) / YEAR
    pregnant = alive & kin.female & (age > 17) & (age < 44) & (homes.marital == 2)
    return Living(
        religion=religion,
        education=_education(kin, age, of_person, rng),
        occupation=_occupation(kin, age, of_person, rng),
        pregnant=pregnant & (rng.random(kin.persons) < 0.06),
        disabled=rng.random(kin.persons) < np.where(age > 60, 0.06, 0.012),
        wealth=wealth,
        desil=np.clip(np.searchsorted(_DECILES, wealth) + 1, 1, 10),
        housing=_housing(roof, rng),
        assets=_assets(wealth, rng),
        meter=np.where(rng.random(dwellings) < 0.83, rng.integers(10**11, 10**12, dwellings), 0),
    )


_DECILES = np.array([-1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816])


def _religion(kin: Kin, people: Ints, rng: np.random.Generator) -> Ints:
    """One religion per line; wives take the religion of their husband's line."""
    lines = int(kin.line.max()) + 1
    of_line = np.zeros(lines, dtype=np.int64)
    line_people = np.zeros(lines, dtype=np.int64)
    line_people[kin.line] = people
    for code in np.unique(people):
        shares = tokens.peoples()[tokens.people_names()[int(code)]]["religion"]
        at = np.flatnonzero(line_people == code)
        weights = np.array(list(shares.values()))
        of_line[at] = rng.choice(np.array(list(shares)), len(at), p=weights / weights.sum())
    line = kin.line.copy()
    line[kin.wife] = kin.line[kin.husband]
    return of_line[line]


def _education(kin: Kin, age: Floats, wealth: Floats, rng: np.random.Generator) -> Ints:
    reached = (
        3.6 + 1.1 * wealth + np.clip((45 - age) / 14, -2.0, 1.6) + rng.normal(0, 1.2, kin.persons)
    )
    highest = np.select([age < 6.5, age < 12, age < 15, age < 18, age < 23], [1, 2, 3, 4, 5], 10)
    level: Ints = np.minimum(np.clip(np.round(reached), 1, 10), highest).astype(np.int64)
    return level


def _occupation(kin: Kin, age: Floats, wealth: Floats, rng: np.random.Generator) -> Ints:
    place = np.clip(7 + 3.2 * wealth + rng.normal(0, 2.5, kin.persons), 0, len(_WORK) - 1)
    work = _WORK[place.astype(np.int64)]
    home = kin.female & (rng.random(kin.persons) < 0.55)
    school = (age >= 6) & (age < 19)
    return np.select(
        [age < 6, school, (age < 23) & (rng.random(kin.persons) < 0.4), home], [1, 3, 1, 2], work
    )


def _graded(roof: Floats, codes: list[int], rng: np.random.Generator) -> Ints:
    """Codes listed from poorest to richest, chosen by wealth with some noise."""
    place = (roof + rng.normal(0, 0.6, len(roof)) + 2.0) / 4.0 * len(codes)
    return np.array(codes)[np.clip(place, 0, len(codes) - 1).astype(np.int64)]


def _housing(roof: Floats, rng: np.random.Generator) -> dict[str, Ints]:
    graded = {
        "floor": [8, 7, 5, 6, 6, 4, 2, 2, 1],
        "wall": [6, 4, 3, 3, 1, 1, 1],
        "roof": [7, 6, 3, 3, 4, 2, 2, 2, 1],
        "water": [9, 8, 6, 7, 5, 5, 4, 3, 2, 1],
        "lighting": [4, 3, 2, 1, 1, 1, 1],
        "power": [450, 450, 450, 900, 900, 900, 1300, 1300, 2200],
        "fuel": [10, 10, 4, 4, 4, 4, 2, 1],
        "toilet": [6, 5, 4, 2, 1, 1, 1, 1],
        "status": [5, 3, 2, 1, 1, 1, 1],
    }
    housing = {name: _graded(roof, codes, rng) for name, codes in graded.items()}
    area = np.clip(rng.normal(55 + 22 * roof, 14), 12, 300).astype(np.int64)
    housing["power"] = np.where(housing["lighting"] == 4, 0, housing["power"])
    housing["area"] = area
    return housing


def _assets(wealth: Floats, rng: np.random.Generator) -> dict[str, Ints]:
    def count(mean: float, slope: float) -> Ints:
        return rng.poisson(np.exp(mean + slope * wealth)).astype(np.int64)

    return {
        "fridge": np.minimum(count(-0.6, 0.6), 3), "ac": np.minimum(count(-3.0, 1.2), 4),
        "motorcycle": np.minimum(count(0.0, 0.5), 5), "car": np.minimum(count(-3.2, 1.3), 3),
        "computer": np.minimum(count(-2.2, 0.9), 3), "smartphone": np.minimum(count(0.5, 0.4), 7),
        "tv": np.minimum(count(-0.8, 0.6), 3), "gold": count(-0.5, 1.0), "land": count(-1.6, 0.3),
        "large_livestock": count(-1.8, -0.1), "small_livestock": count(-0.2, -0.2),
    }  # fmt: skip
