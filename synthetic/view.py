"""What one provider sees of a part: rows chosen, cells filled with the truth, ready to be spoiled
and written.

Cells are object columns under canonical names; birth dates are three integer columns and a
style until written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthetic.columns import Bools, Ints, Objects, blank, calendar, padded, texts
from synthetic.kinship import YEAR
from synthetic.operators import listing
from synthetic.operators.registry import bit
from synthetic.population import Part
from synthetic.registration import NEWER_CARD, Numbers
from synthetic.scenario import Coverage, Provider, Scenario

PLAIN, SHORT_YEAR, SERIAL_DAY = 0, 1, 2  # styles of a written birth date
# Population operators that show in every row of a person; a second NIK shows only where it is
# written.
SHOWN = ("D08", "D09", "D22", "D38", "D39", "D40")
STALE = bit("D11") | bit("D32")
SECOND = 1 << 62  # marks the registry's second row of a person until its cells are filled
REACH = {
    "kemendagri": 11.0,
    "kemensos": 3.5,
    "pemda": 2.0,
}  # years over which rows were last changed


@dataclass
class Look:
    """One provider looking at one part: which families it lists, under which KK number."""

    source: Provider
    part: Part
    numbers: Numbers
    scenario: Scenario
    today: int
    listed: Bools  # f
    card: Objects  # f
    renumbered: Bools  # f, where the card is not the registry's

    @property
    def coverage(self) -> Coverage:
        return self.scenario.coverage[self.source]

    def rate(self, operator: str) -> float:
        """Rate of an operator at this provider."""
        return self.scenario.rate(operator, self.source)


@dataclass
class View:
    """Rows of persons in one provider's file."""

    look: Look
    who: Ints  # person
    family: Ints  # family the row is listed under
    errors: Ints  # bit set per row
    text: dict[str, Objects]
    year: Ints
    month: Ints
    day: Ints
    style: Ints
    female: Bools
    relation: Ints
    marital: Ints
    updated: Ints
    dead: Bools

    def __len__(self) -> int:
        return len(self.who)

    @property
    def part(self) -> Part:
        return self.look.part

    @property
    def numbers(self) -> Numbers:
        return self.look.numbers

    @property
    def source(self) -> Provider:
        return self.look.source

    @property
    def today(self) -> int:
        return self.look.today


def look_at(
    part: Part, numbers: Numbers, scenario: Scenario, *, source: Provider, today: int,
    rng: np.random.Generator,
) -> Look:  # fmt: skip
    """Choose the families a provider lists and the KK numbers it holds for them."""
    listed = _families(part, scenario.coverage[source].families, source, rng)
    card, renumbered = listing.card_of_other_issue(
        numbers, scenario.rate("D11", source), source == "kemendagri", rng
    )
    return Look(source, part, numbers, scenario, today, listed, card, renumbered)


def _families(part: Part, share: float, source: Provider, rng: np.random.Generator) -> Bools:
    """The registry lists nearly all, Kemensos the poorer, Pemda whole dwellings."""
    n = len(part.homes.head)
    if source == "pemda":
        return (rng.random(len(part.homes.spot)) < share)[part.homes.dwelling]
    if source == "kemensos":
        rank = np.argsort(np.argsort(part.living.wealth)) / max(n, 1)
        return rng.random(n) < share * np.where(rank < 0.5, 1.5, 0.5)
    return rng.random(n) < share


def open_view(look: Look, rng: np.random.Generator) -> View:
    """Choose rows of persons and fill them with the truth."""
    who, family, errors = _rows(look, rng)
    errors[look.renumbered[family]] |= bit("D11")
    for trait in SHOWN:
        errors |= look.part.traits[who] & bit(trait)
    view = _filled(look, who, family, errors, rng)
    if look.source == "kemendagri":
        _second_registrations(view, rng)
    return view


def _rows(look: Look, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """(person, family, errors) of every row, in the order of the file."""
    part, homes, listed = look.part, look.part.homes, look.listed
    n = part.kin.persons
    placed = (homes.family >= 0) & listed[np.maximum(homes.family, 0)]
    here = placed & part.alive & (rng.random(n) < look.coverage.persons)
    here &= ~listing.newborns_missing(part, look.rate("D32"), look.today, rng)
    here |= placed & listing.dead_on_file(part, look.coverage.deceased, look.today, rng)
    stale = listing.still_with_parents(part, look.rate("D32"), look.today, rng)
    stale &= listed[np.maximum(homes.before, 0)]
    family = np.where(stale, homes.before, homes.family)
    who = np.flatnonzero(here | stale)
    left = np.where(stale, bit("D32"), 0)
    blocks = [(who, family[who], left[who])]
    again = who[listing.listed_again(who, look.rate("D33"), rng)]
    blocks.append((again, family[again], left[again] | bit("D33")))
    twice, other = listing.listed_in_two_families(part, who, listed, look.rate("D13"), rng)
    blocks.append((twice, other, np.full(len(twice), bit("D13"))))
    if look.source == "kemendagri":
        two = who[look.numbers.second_nik[who] != ""]
        blocks.append((two, family[two], left[two] | bit("D06") | SECOND))
    rows = [np.concatenate([block[k] for block in blocks]) for k in range(3)]
    order = _order(look, rows[0], rows[1], rng)
    return rows[0][order], rows[1][order], rows[2][order]


def _order(look: Look, who: Ints, family: Ints, rng: np.random.Generator) -> Ints:
    """Registry by family, Kemensos shuffled, Pemda by dwelling."""
    homes = look.part.homes
    if look.source == "kemensos":
        return rng.permutation(len(who))
    keys = [homes.relation[who], family]
    if look.source == "pemda":
        keys.append(homes.dwelling[family])
    return np.lexsort(keys)


def _filled(look: Look, who: Ints, family: Ints, errors: Ints, rng: np.random.Generator) -> View:
    part, numbers = look.part, look.numbers
    kin, homes, living, villages = part.kin, part.homes, part.living, part.villages
    n = len(who)
    dwelling = homes.dwelling[family]
    spot = homes.spot[dwelling]
    year, month, day = calendar(part.born[who])
    elsewhere = (homes.family[who] != family) & (homes.before[who] == family)
    mother, father = kin.mother[who], kin.father[who]
    return View(
        look=look,
        who=who,
        family=family,
        errors=errors,
        year=year,
        month=month,
        day=day,
        style=np.zeros(n, dtype=np.int64),
        female=kin.female[who].copy(),
        relation=np.where(elsewhere, 4, homes.relation[who]),
        marital=np.where((errors & bit("D32")) > 0, 1, homes.marital[who]),
        updated=_updated(look, who, family, errors, rng),
        dead=kin.died[who] <= look.today,
        text={
            "nik": numbers.nik[who],
            "kk": look.card[family],
            "name": part.name[who],
            "birth_place": numbers.birth_regency[who],
            "birth_district": numbers.birth_district[who],
            "birth_village": numbers.birth_village[who],
            "mother_name": part.mother_name[who],
            "father_name": part.father_name[who],
            "mother_nik": np.where(mother >= 0, numbers.nik[np.maximum(mother, 0)], ""),
            "father_nik": np.where(father >= 0, numbers.nik[np.maximum(father, 0)], ""),
            "religion": texts(living.religion[who]),
            "education": texts(living.education[who]),
            "occupation": texts(living.occupation[who]),
            "address": part.places.address[dwelling],
            "hamlet": part.places.hamlet[dwelling],
            "rt": padded(part.places.rt[dwelling], 3),
            "rw": padded(part.places.rw[dwelling], 3),
            "region": villages.code[spot],
            "village": villages.name[spot],
            "bps": villages.bps[spot],
            "relation_text": blank(n),
        },
    )


def _updated(look: Look, who: Ints, family: Ints, errors: Ints, rng: np.random.Generator) -> Ints:
    """Day of the last change of each row, never before birth: stale rows old, new cards recent."""
    kin, born, today = look.part.kin, look.part.born[who], look.today
    reach = REACH[look.source] * YEAR
    age = rng.beta(1.0, 1.8, len(who))
    age = np.where((errors & STALE) > 0, 0.35 + 0.65 * age, age)
    newest = look.card[family] == look.numbers.cards[family, NEWER_CARD]
    age = np.where(newest.astype(bool), 0.15 * age, age)
    day = today - 20 - (age * reach).astype(np.int64)
    if look.source == "kemendagri":
        died = kin.died[who]
        told = np.maximum(np.minimum(died + 40, today - 5), died)
        day = np.where(died <= today, told, day)
    return np.maximum(day, np.maximum(np.minimum(born + 30, today - 3), born))


def _second_registrations(view: View, rng: np.random.Generator) -> None:
    """Fill the registry's second row of people who hold two NIKs (D06)."""
    rows = np.flatnonzero((view.errors & SECOND) > 0)
    view.errors[rows] &= ~SECOND
    who, family = view.who[rows], view.family[rows]
    view.text["nik"][rows] = view.numbers.second_nik[who]
    view.year[rows], view.month[rows], view.day[rows] = calendar(view.numbers.second_born[who])
    older = rng.random(len(rows)) < 0.6
    view.text["kk"][rows[older]] = view.numbers.cards[family[older], 1]
    view.errors[rows[older]] |= bit("D11")
    view.updated[rows] = view.today - (rng.uniform(6, 14, len(rows)) * YEAR).astype(np.int64)
