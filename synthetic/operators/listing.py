"""Whom a provider lists, in which family and on which card: D11, D13, D31, D32, D33."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Bools, Ints, Objects
from synthetic.kinship import YEAR
from synthetic.operators.registry import operator
from synthetic.population import Part
from synthetic.registration import NEWER_CARD, REGISTRY_CARD, Numbers

NEWBORN_DAYS = int(1.5 * YEAR)
FRESH_DAYS = int(7 * YEAR)
DEAD_DAYS = int(9 * YEAR)


@operator("D11", "listing")
def card_of_other_issue(
    numbers: Numbers, rate: float, registry: bool, rng: np.random.Generator
) -> tuple[Objects, Bools]:
    """The family is listed under an older KK number, or one so new that the registry's file lacks
    it."""
    n = len(numbers.cards)
    other = rng.random(n) < rate
    choices = np.array([1, 0] if registry else [1, 1, 1, 0, NEWER_CARD])
    choice = choices[rng.integers(len(choices), size=n)]
    return numbers.cards[np.arange(n), np.where(other, choice, REGISTRY_CARD)], other


@operator("D32", "listing")
def newborns_missing(part: Part, rate: float, today: int, rng: np.random.Generator) -> Bools:
    """Newborn children are not listed yet."""
    newborn = part.kin.born > today - NEWBORN_DAYS
    return newborn & (rng.random(part.kin.persons) < min(rate * 4, 1.0))


def still_with_parents(part: Part, rate: float, today: int, rng: np.random.Generator) -> Bools:
    """People who married or left lately and are still listed, unmarried, in the family of their
    parents (D32)."""
    homes = part.homes
    recent = (homes.before >= 0) & (homes.joined > today - FRESH_DAYS) & part.alive
    return recent & (rng.random(part.kin.persons) < min(rate * 6, 1.0))


def dead_on_file(part: Part, share: float, today: int, rng: np.random.Generator) -> Bools:
    """People who died in the last years and still have a row."""
    gone = ~part.alive & (part.kin.died > today - DEAD_DAYS)
    return gone & (rng.random(part.kin.persons) < share)


@operator("D33", "listing")
def listed_again(who: Ints, rate: float, rng: np.random.Generator) -> Ints:
    """A person was proposed again and has two rows in one file, spoiled independently."""
    return np.flatnonzero(rng.random(len(who)) < rate)


@operator("D13", "listing")
def listed_in_two_families(
    part: Part, who: Ints, listed: Bools, rate: float, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """A person is on two cards at once: the family before marriage, or another one under the same
    roof."""
    who = who[rng.random(len(who)) < rate]
    homes = part.homes
    by_dwelling = np.full(len(homes.spot), -1, dtype=np.int64)
    usable = np.flatnonzero(listed)
    by_dwelling[homes.dwelling[usable]] = usable
    before = homes.before[who]
    other = np.where(before >= 0, before, by_dwelling[homes.dwelling[homes.family[who]]])
    fits = (other >= 0) & (other != homes.family[who]) & listed[np.maximum(other, 0)]
    return who[fits], other[fits]
