"""One part of the population: the persons, families and dwellings of one regency, and all that is
true of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from synthetic import kinship, naming, tokens
from synthetic.columns import Bools, Ints, Objects, blank, objects
from synthetic.country import Villages, provinces
from synthetic.dressing import Addresses, addresses
from synthetic.homes import Homes, settle_down
from synthetic.kinship import YEAR, Kin
from synthetic.living import Living, live
from synthetic.numbers import FIRST_KK_SERIAL, LAST_SERIAL, SerialBook
from synthetic.operators.population import (
    birth_unknown,
    child_bears_father,
    namesakes,
    twins_share_names,
)
from synthetic.operators.registry import bit
from synthetic.scenario import Scenario

LIVING_PER_FOUNDER = 9.0  # first guess of living people per founding couple; then counted
MATRILOCAL = frozenset({"minang", "acehnese"})
NAME_TYPES = ("balinese", "marga", "mononym", "two_words", "many_words")


@dataclass
class World:
    """What all parts of one country share: the setting, serial numbers given, entities counted."""

    scenario: Scenario
    today: int  # days since 1970-01-01
    nik: SerialBook = field(default_factory=SerialBook)
    kk: SerialBook = field(default_factory=lambda: SerialBook(FIRST_KK_SERIAL, LAST_SERIAL))
    persons: int = 0
    families: int = 0
    dwellings: int = 0
    founders: int = 0
    living: int = 0

    def founders_for(self, people: int) -> int:
        """Founding couples that grow into about so many living people."""
        known = self.founders > 200
        ratio = self.living / self.founders if known else LIVING_PER_FOUNDER
        return max(3, round(people / ratio))


@dataclass
class Part:
    """Columns of one regency; `p` per person, `f` per family, `d` per dwelling."""

    villages: Villages
    kin: Kin  # p
    homes: Homes
    living: Living
    places: Addresses  # d
    alive: Bools  # p
    people: Ints  # p, position in tokens.people_names()
    name: Objects  # p
    name_type: Objects  # p
    born: Ints  # p, registered birth date, days since 1970-01-01
    father_name: Objects  # p
    mother_name: Objects  # p
    traits: Ints  # p, bit set of population operators (see operators.registry)
    first_person: int  # entity number of person 0
    first_family: int
    first_dwelling: int

    @property
    def spot_of_person(self) -> Ints:
        """Village of each person's dwelling; village 0 for the dead of families that ended."""
        family = np.maximum(self.homes.family, 0)
        spot = self.homes.spot[self.homes.dwelling[family]]
        return np.where(self.homes.family >= 0, spot, 0)

    @property
    def regency(self) -> str:
        """Kemendagri code of the regency."""
        return str(self.villages.code[0][:4])


def make_part(villages: Villages, wanted: int, world: World, rng: np.random.Generator) -> Part:
    """Grow, house and name about `wanted` living people; `registration` numbers them."""
    scenario, today = world.scenario, world.today
    founders = world.founders_for(wanted)
    line_people = _line_peoples(villages, founders * 14, rng)
    twins = scenario.rate("D38", "population")
    kin = kinship.grow(founders, line_people, scenario.families, twins=twins, today=today, rng=rng)
    people = line_people[kin.line % len(line_people)]
    matrilocal = np.isin(people, [tokens.people_names().index(name) for name in MATRILOCAL])
    homes = settle_down(
        kin, matrilocal, len(villages), families=scenario.families, today=today, rng=rng
    )
    alive = kin.died > today
    crowd = np.bincount(homes.spot, minlength=len(villages))[homes.spot]
    part = Part(
        villages=villages,
        kin=kin,
        homes=homes,
        living=live(kin, homes, people, alive=alive, today=today, rng=rng),
        places=addresses(villages.urban[homes.spot], villages.hamlet[homes.spot], crowd, rng),
        alive=alive,
        people=people,
        name=blank(0),  # filled at once by `_name`, like the three below
        name_type=blank(0),
        father_name=blank(0),
        mother_name=blank(0),
        born=birth_unknown(kin, scenario.rate("D22", "population"), today, rng),
        traits=np.zeros(kin.persons, dtype=np.int64),
        first_person=world.persons,
        first_family=world.families,
        first_dwelling=world.dwellings,
    )
    world.founders += founders
    world.living += int((alive & (homes.family >= 0)).sum())
    world.persons += kin.persons
    world.families += len(homes.head)
    world.dwellings += len(homes.spot)
    _name(part, scenario, rng)
    part.traits[part.born != kin.born] |= bit("D22")
    twin = kin.twin >= 0
    part.traits[twin] |= bit("D38")
    part.traits[kin.twin[twin]] |= bit("D38")
    return part


def _line_peoples(villages: Villages, lines: int, rng: np.random.Generator) -> Ints:
    shares = provinces()[villages.code[0][:2]]["peoples"]
    names = tokens.people_names()
    codes = np.array([names.index(name) for name in shares])
    weights = np.array(list(shares.values()))
    return rng.choice(codes, lines, p=weights / weights.sum())


def _name(part: Part, scenario: Scenario, rng: np.random.Generator) -> None:
    """Names, name types, and the names of father and mother (also of those who lived elsewhere)."""
    kin, people = part.kin, part.people
    year = (kin.born / YEAR + 1970).astype(np.int64)
    urban = part.villages.urban[part.spot_of_person]
    given = naming.draw_given(people, kin.female, year, urban=urban, names=scenario.named, rng=rng)
    marga, rank = _inherited(kin.line, people, rng)
    bears = child_bears_father(given, kin, scenario.rate("D39", "population"), rng)
    part.traits[bears] |= bit("D39")
    twins_share_names(given, kin, rng)
    part.name = naming.full_names(
        given, people, kin.female, naming.Inherited(marga, rank, kin.order), rng
    )
    part.traits[namesakes(part.name)] |= bit("D40")
    part.name_type = _name_types(part.name, people, marga)
    outside = np.flatnonzero(kin.father < 0)
    for is_mother in (False, True):
        n = len(outside)
        female = np.full(n, is_mother)
        theirs = people[outside]
        given = naming.draw_given(
            theirs, female, year[outside] - 26, urban=urban[outside], names=scenario.named, rng=rng
        )
        family = naming.draw_marga(theirs, rng) if is_mother else marga[outside]
        line = naming.Inherited(family, rank[outside], rng.integers(0, 4, n))
        column = part.name[np.maximum(kin.mother if is_mother else kin.father, 0)]
        column[outside] = naming.full_names(given, theirs, female, line, rng)
        if is_mother:
            part.mother_name = column
        else:
            part.father_name = column


def _inherited(line: Ints, people: Ints, rng: np.random.Generator) -> tuple[Objects, Ints]:
    """Marga and rank of everybody, the same for all of one line."""
    line_people = np.zeros(int(line.max()) + 1, dtype=np.int64)
    line_people[line] = people
    return naming.draw_marga(line_people, rng)[line], naming.draw_rank(line_people, rng)[line]


def _name_types(name: Objects, people: Ints, marga: Objects) -> Objects:
    words = np.fromiter((n.count(" ") for n in name), dtype=np.int64, count=len(name)) + 1
    balinese = people == tokens.people_names().index("balinese")
    rules = [balinese, marga != "", words == 1, words == 2]
    kinds: Objects = objects(NAME_TYPES)[np.select(rules, [0, 1, 2, 3], 4)]
    return kinds
