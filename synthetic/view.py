"""What one provider sees of a part: rows chosen, cells filled with the truth, ready to be spoiled and written.

Cells are object columns under canonical names; birth dates are three integer columns and a style until written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from synthetic.columns import Bools, Ints, Objects, calendar, padded, texts
from synthetic.kinship import YEAR
from synthetic.operators.registry import bit
from synthetic.population import REGISTRY_CARD, Part
from synthetic.scenario import Scenario, Stage

PLAIN, SHORT_YEAR, SERIAL_DAY = 0, 1, 2  # styles of a written birth date
_KEPT_TRAITS = ("D06", "D08", "D09", "D22", "D38")


@dataclass
class View:
    """Rows of persons in one provider's file."""

    source: Stage
    part: Part
    today: int
    who: Ints  # person
    family: Ints  # family the row is listed under
    card: Objects  # per family of the part: KK number this provider holds
    listed: Bools  # per family of the part: whether the provider lists it
    errors: Ints  # bit set per row
    text: dict[str, Objects] = field(default_factory=dict)
    year: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    month: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    day: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    style: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    female: Bools = field(default_factory=lambda: np.empty(0, dtype=bool))
    relation: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    marital: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    updated: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    dead: Bools = field(default_factory=lambda: np.empty(0, dtype=bool))
    sex_style: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.who)


def family_choice(part: Part, scenario: Scenario, source: Stage, rng: np.random.Generator) -> Bools:
    """Which families a provider lists: the registry nearly all, Kemensos the poorer, Pemda whole dwellings."""
    coverage = scenario.coverage[source]  # type: ignore[index]
    n = len(part.homes.head)
    if source == "pemda":
        dwelling = rng.random(len(part.homes.spot)) < coverage.families
        return dwelling[part.homes.dwelling]
    if source == "kemensos":
        rank = np.argsort(np.argsort(part.living.wealth)) / max(n, 1)
        chance = coverage.families * np.where(rank < 0.5, 1.5, 0.5)
        return rng.random(n) < chance
    return rng.random(n) < coverage.families


def cards_seen(part: Part, scenario: Scenario, source: Stage, rng: np.random.Generator) -> tuple[Objects, Bools]:
    """KK number of each family as this provider holds it, and where it is not the registry's (D11)."""
    n = len(part.homes.head)
    other = rng.random(n) < scenario.rate("D11", source)
    choice = np.array([1, 1, 1, 0, 3])[rng.integers(5, size=n)]
    if source == "kemendagri":
        choice = np.array([1, 0])[rng.integers(2, size=n)]
    return part.cards[np.arange(n), np.where(other, choice, REGISTRY_CARD)], other


def open_view(
    part: Part, scenario: Scenario, source: Stage, listed: Bools, card: Objects, renumbered: Bools,
    today: int, rng: np.random.Generator,
) -> View:  # fmt: skip
    """Choose rows and fill them with the truth."""
    who, family, errors = _rows(part, scenario, source, listed, today, rng)
    view = View(source, part, today, who, family, card, listed, errors)
    view.errors[renumbered[family]] |= bit("D11")
    for trait in _KEPT_TRAITS if source == "kemendagri" else _KEPT_TRAITS[1:]:
        view.errors |= part.traits[who] & bit(trait)
    _fill(view, rng)
    if source == "kemendagri":
        _second_registrations(view, rng)
    return view


def _rows(
    part: Part, scenario: Scenario, source: Stage, listed: Bools, today: int, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    kin, homes = part.kin, part.homes
    n = kin.persons
    coverage = scenario.coverage[source]  # type: ignore[index]
    now = np.maximum(homes.family, 0)
    placed = (homes.family >= 0) & listed[now]
    here = placed & part.alive & (rng.random(n) < coverage.persons)
    newborn = kin.born > today - 1.5 * YEAR
    here &= ~(newborn & (rng.random(n) < scenario.rate("D32", source) * 4))
    gone = placed & ~part.alive & (kin.died > today - 9 * YEAR)
    here |= gone & (rng.random(n) < max(coverage.deceased, scenario.rate("D31", source) * 12))
    recent = (homes.before >= 0) & (homes.joined > today - 7 * YEAR) & part.alive
    stale = recent & (rng.random(n) < scenario.rate("D32", source) * 6) & listed[np.maximum(homes.before, 0)]
    family = np.where(stale, homes.before, homes.family)
    who = np.flatnonzero(here | stale)
    blocks = [(who, family[who], np.where(stale[who], bit("D32"), 0))]
    again = who[rng.random(len(who)) < scenario.rate("D33", source)]
    blocks.append((again, family[again], np.full(len(again), bit("D33"))))
    twice = who[rng.random(len(who)) < scenario.rate("D13", source)]
    other = _another_family(part, twice, listed, rng)
    blocks.append((twice[other >= 0], other[other >= 0], np.full(int((other >= 0).sum()), bit("D13"))))
    if source == "kemendagri":
        two = who[part.second_nik[who] != ""]
        blocks.append((two, family[two], np.full(len(two), bit("D06"))))
    rows = [np.concatenate([block[k] for block in blocks]) for k in range(3)]
    order = np.lexsort((homes.relation[rows[0]], rows[1]))
    if source == "kemensos":
        order = rng.permutation(len(order))
    if source == "pemda":
        order = np.lexsort((homes.relation[rows[0]], rows[1], homes.dwelling[rows[1]]))
    second = np.zeros(len(rows[0]), dtype=np.int64)
    if source == "kemendagri" and len(two):
        second[-len(two) :] = 1 << 62  # marks the second registration until its cells are filled
    return rows[0][order], rows[1][order], (rows[2] | second)[order]


def _another_family(part: Part, who: Ints, listed: Bools, rng: np.random.Generator) -> Ints:
    """For each person another listed family: the one before marriage, a parent's, else one under the same roof."""
    homes = part.homes
    before = homes.before[who]
    by_dwelling = np.full(len(homes.spot), -1, dtype=np.int64)
    usable = np.flatnonzero(listed)
    by_dwelling[homes.dwelling[usable]] = usable
    roof = by_dwelling[homes.dwelling[homes.family[who]]]
    chosen = np.where(before >= 0, before, roof)
    fits = (chosen >= 0) & (chosen != homes.family[who])
    fits &= listed[np.maximum(chosen, 0)]
    return np.where(fits, chosen, -1)


def _fill(view: View, rng: np.random.Generator) -> None:
    part, who, family = view.part, view.who, view.family
    kin, homes, living, villages = part.kin, part.homes, part.living, part.villages
    n = len(who)
    dwelling = homes.dwelling[family]
    spot = homes.spot[dwelling]
    view.female = kin.female[who].copy()
    view.year, view.month, view.day = calendar(part.born[who])
    view.style = np.zeros(n, dtype=np.int64)
    stale = (view.errors & bit("D32")) > 0
    view.relation = np.where(stale, 4, homes.relation[who])
    moved = (view.errors & bit("D13")) > 0
    view.relation = np.where(moved & (homes.before[who] == family), 4, view.relation)
    view.marital = np.where(stale, 1, homes.marital[who])
    view.dead = kin.died[who] <= view.today
    view.updated = _updated(view, rng)
    view.sex_style = rng.integers(0, 6, n)
    mother, father = kin.mother[who], kin.father[who]
    view.text = {
        "nik": part.nik[who],
        "kk": view.card[family],
        "name": part.name[who],
        "birth_place": part.birth_regency[who],
        "birth_district": part.birth_district[who],
        "mother_name": part.mother_name[who],
        "father_name": part.father_name[who],
        "mother_nik": np.where(mother >= 0, part.nik[np.maximum(mother, 0)], ""),
        "father_nik": np.where(father >= 0, part.nik[np.maximum(father, 0)], ""),
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
        "relation_text": np.full(n, "", dtype=object),
    }


def _updated(view: View, rng: np.random.Generator) -> Ints:
    """Day of the last change of each row: registry over ten years, Kemensos over three, Pemda over two."""
    reach = {"kemendagri": 11.0, "kemensos": 3.5, "pemda": 2.0}[view.source]
    day = view.today - 20 - (rng.beta(1.0, 1.8, len(view)) * reach * YEAR).astype(np.int64)
    died = view.part.kin.died[view.who]
    day = np.where(view.dead & (view.source == "kemendagri"), np.minimum(died + 40, view.today - 5), day)
    return np.maximum(day, np.minimum(view.part.kin.born[view.who] + 30, view.today - 3))


def _second_registrations(view: View, rng: np.random.Generator) -> None:
    """Fill the registry's second row of people who hold two NIKs (D06)."""
    mark = 1 << 62
    rows = np.flatnonzero((view.errors & mark) > 0)
    view.errors[rows] &= ~mark
    who = view.who[rows]
    view.text["nik"][rows] = view.part.second_nik[who]
    view.year[rows], view.month[rows], view.day[rows] = calendar(view.part.second_born[who])
    family = view.family[rows]
    older = rng.random(len(rows)) < 0.6
    view.text["kk"][rows] = np.where(older, view.part.cards[family, 1], view.text["kk"][rows])
    view.updated[rows] = view.today - (rng.uniform(6, 14, len(rows)) * YEAR).astype(np.int64)
    view.errors[rows[older]] |= bit("D11")


def spoil(
    view: View, scenario: Scenario, rng: np.random.Generator, tally: dict[tuple[str, str], list[int]]
) -> None:
    """Run every record operator of the register over the view, in the order of the catalogue."""
    from synthetic.operators import REGISTER  # late: operators know views

    for name, op in sorted(REGISTER.items()):
        rate = scenario.rate(name, view.source)
        if rate <= 0.0 or not len(view):
            continue
        able = np.flatnonzero(op.can(view))
        rows = able[rng.random(len(able)) < rate]
        changed = op.act(view, rows, rng) if len(rows) else rows
        view.errors[changed] |= bit(name)
        counts = tally.setdefault((name, view.source), [0, 0])
        counts[0] += len(able)
        counts[1] += len(changed)
