"""One part of the population: persons, families and dwellings of one regency, with everything that is true of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synthetic import kinship, naming
from synthetic.columns import Bools, Ints, Objects, blank, days, objects
from synthetic.country import Villages, districts_of, provinces, regency_names
from synthetic.dressing import Addresses, addresses
from synthetic.homes import Homes, settle_down
from synthetic.kinship import YEAR, Kin
from synthetic.living import Living, live
from synthetic.numbers import SerialBook, as_text, kk_stem, nik_stem
from synthetic.scenario import Scenario

LIVING_PER_FOUNDER = 9.0
MATRILOCAL = frozenset({"minang", "acehnese"})
CARDS = 4  # KK numbers a family has: two old ones, the registry's, and one newer than the registry knows
REGISTRY_CARD = 2


@dataclass
class Part:
    """Columns of one regency; `p` persons, `f` families, `d` dwellings."""

    villages: Villages
    kin: Kin
    homes: Homes
    living: Living
    places: Addresses  # d
    alive: Bools  # p
    people: Ints  # p, position in naming.people_names()
    name: Objects  # p
    name_type: Objects  # p
    born: Ints  # p, registered birth date, days since 1970-01-01
    father_name: Objects  # p
    mother_name: Objects  # p
    nik: Objects  # p
    second_nik: Objects  # p, '' for nearly all
    second_born: Ints  # p, birth date on the second registration
    birth_regency: Objects  # p, name of the regency of birth
    birth_district: Objects  # p, name of a smaller place there, '' when born elsewhere
    cards: Objects  # f x CARDS, KK numbers by day of issue
    issued: Ints  # f x CARDS, days
    traits: Ints  # p, bit set of population operators (see operators.registry)
    first_person: int  # entity number of person 0
    first_family: int
    first_dwelling: int

    @property
    def village(self) -> Ints:
        """Village of each dwelling."""
        return self.homes.spot


@dataclass
class Books:
    """What all parts of one country share: serial numbers given, entities counted."""

    nik: SerialBook
    kk: SerialBook
    persons: int = 0
    families: int = 0
    dwellings: int = 0


def make_part(
    villages: Villages, people_wanted: int, scenario: Scenario, books: Books, today: int, rng: np.random.Generator
) -> Part:
    """Grow, house, name and number about `people_wanted` living people."""
    founders = max(3, round(people_wanted / LIVING_PER_FOUNDER))
    line_people = _line_peoples(villages, founders * 14, rng)
    kin = kinship.grow(founders, line_people, scenario.families, _twins(scenario), today, rng)
    people = line_people[kin.line % len(line_people)]
    codes = [i for i, name in enumerate(naming.people_names()) if name in MATRILOCAL]
    homes = settle_down(kin, np.isin(people, codes), len(villages), scenario.families, today, rng)
    alive = kin.died > today
    crowd = np.bincount(homes.spot, minlength=len(villages))[homes.spot]
    places = addresses(villages.urban[homes.spot], villages.hamlet[homes.spot], crowd, rng)
    where = np.where(homes.family >= 0, homes.spot[homes.dwelling[np.maximum(homes.family, 0)]], 0)
    born = _registered_birth(kin, scenario, rng)
    name, name_type, father_name, mother_name = _names(kin, people, villages.urban[where], born, scenario, rng)
    part = Part(
        villages=villages, kin=kin, homes=homes, living=live(kin, homes, people, alive, today, rng), places=places,
        alive=alive, people=people, name=name, name_type=name_type, born=born,
        father_name=father_name, mother_name=mother_name,
        nik=blank(0), second_nik=blank(kin.persons), second_born=born.copy(),
        birth_regency=blank(0), birth_district=blank(0), cards=blank(0), issued=np.empty(0, dtype=np.int64),
        traits=np.zeros(kin.persons, dtype=np.int64),
        first_person=books.persons, first_family=books.families, first_dwelling=books.dwellings,
    )  # fmt: skip
    books.persons += kin.persons
    books.families += len(homes.head)
    books.dwellings += len(homes.spot)
    _register(part, where, scenario, books, today, rng)
    _issue_cards(part, scenario, books, today, rng)
    return part


def _twins(scenario: Scenario) -> float:
    return scenario.rate("D38", "population")


def _line_peoples(villages: Villages, lines: int, rng: np.random.Generator) -> Ints:
    shares = provinces()[villages.code[0][:2]]["peoples"]
    names = naming.people_names()
    codes = np.array([names.index(name) for name in shares])
    weights = np.array(list(shares.values()))
    return rng.choice(codes, lines, p=weights / weights.sum())


def _registered_birth(kin: Kin, scenario: Scenario, rng: np.random.Generator) -> Ints:
    """Birth dates as registered: many older people never knew theirs and got a default day (D22)."""
    year = (kin.born / YEAR + 1970).astype(np.int64)
    rate = scenario.rate("D22", "population") * np.where(year < 1965, 2.0, np.where(year < 1985, 0.6, 0.1))
    unknown = rng.random(kin.persons) < rate
    kind = rng.integers(0, 10, kin.persons)
    month = np.select([kind < 4, kind < 7, kind < 8], [7, 12, 1], 1 + rng.integers(0, 12, kin.persons))
    day = np.select([kind < 4, kind < 7, kind < 8], [1, 31, 1], 15)
    return np.where(unknown, days(year, month, day), kin.born)


def _names(
    kin: Kin, people: Ints, urban: Bools, born: Ints, scenario: Scenario, rng: np.random.Generator
) -> tuple[Objects, Objects, Objects, Objects]:
    """Names, name types, and the names of father and mother (also of those who lived elsewhere)."""
    year = (kin.born / YEAR + 1970).astype(np.int64)
    given = naming.draw_given(people, kin.female, year, urban, scenario.names, rng)
    line = kin.line
    lines = int(line.max()) + 1
    line_people = np.zeros(lines, dtype=np.int64)
    line_people[line] = people
    marga, rank = naming.draw_marga(line_people, rng)[line], naming.draw_rank(line_people, rng)[line]
    _family_tokens(given, kin, scenario, rng)
    _twin_tokens(given, kin, rng)
    name = naming.full_names(given, people, kin.female, marga, rank, kin.order, rng)
    name_type = _name_types(name, people, marga)
    from_elsewhere = np.flatnonzero(kin.father < 0)
    parents = []
    for is_mother in (False, True):
        n = len(from_elsewhere)
        their = people[from_elsewhere]
        female = np.full(n, is_mother)
        tokens = naming.draw_given(
            their, female, year[from_elsewhere] - 26, urban[from_elsewhere], scenario.names, rng
        )
        fam = naming.draw_marga(their, rng) if is_mother else marga[from_elsewhere]
        drawn = naming.full_names(
            tokens, their, female, fam, rank[from_elsewhere], rng.integers(0, 4, n), rng
        )
        column = name[np.maximum(kin.mother if is_mother else kin.father, 0)]
        column[from_elsewhere] = drawn
        parents.append(column)
    return name, name_type, parents[0], parents[1]


def _family_tokens(given: naming.Given, kin: Kin, scenario: Scenario, rng: np.random.Generator) -> None:
    """Some children carry their father's first token as their last one (D39)."""
    takes = np.flatnonzero((kin.father >= 0) & (rng.random(kin.persons) < scenario.rate("D39", "population")))
    father_token = given.tokens[0][kin.father[takes]]
    short = given.tokens[1][takes] == ""
    given.tokens[1][takes] = np.where(short, father_token, given.tokens[1][takes])
    long = takes[~short]
    given.tokens[2][long] = father_token[~short]


def _twin_tokens(given: naming.Given, kin: Kin, rng: np.random.Generator) -> None:
    """Twins share all tokens but one; of a single token the younger keeps the beginning."""
    younger = np.flatnonzero(kin.twin >= 0)
    elder = kin.twin[younger]
    own = given.tokens[0][younger].copy()
    elder_first = given.tokens[0][elder]
    many = given.tokens[1][elder] != ""
    same_sex = kin.female[younger] == kin.female[elder]
    change_first = rng.random(len(younger)) < 0.5
    for k in (1, 2):
        given.tokens[k][younger] = given.tokens[k][elder]
    blends = objects(
        e[:2] + o[2:] if len(o) > 3 and e[:2] + o[2:] != e else o
        for e, o in zip(elder_first, own, strict=True)
    )
    first = np.where(many & ~change_first & same_sex, elder_first, np.where(many, own, blends))
    given.tokens[0][younger] = first
    kept = many & ~change_first & same_sex
    given.tokens[1][younger] = np.where(kept, own, given.tokens[1][younger])


def _name_types(name: Objects, people: Ints, marga: Objects) -> Objects:
    words = np.fromiter((n.count(" ") for n in name), dtype=np.int64, count=len(name)) + 1
    balinese = people == naming.people_names().index("balinese")
    kinds = objects(["balinese", "marga", "mononym", "two_words", "many_words"])
    return kinds[np.select([balinese, marga != "", words == 1, words == 2], [0, 1, 2, 3], 4)]


def _register(
    part: Part, where: Ints, scenario: Scenario, books: Books, today: int, rng: np.random.Generator
) -> None:
    """NIKs, birth places, and second registrations (D06, D08, D09)."""
    kin, homes, villages = part.kin, part.homes, part.villages
    n = kin.persons
    parents = np.maximum(kin.parents, 0)
    card = homes.family[kin.wife[parents]]
    home = np.where((kin.parents >= 0) & (card >= 0), homes.spot[homes.dwelling[np.maximum(card, 0)]], where)
    district = np.array([int(code[:6]) for code in villages.code])[home]
    own_regency = villages.code[0][:4]
    part.birth_regency = villages.regency[home]
    part.birth_district = villages.district[home]
    codes, names = regency_names()
    chance = np.where(kin.father < 0, 2.2, 0.6) * scenario.families.born_elsewhere
    away = np.flatnonzero(rng.random(n) < np.minimum(chance, 0.9))
    near = np.flatnonzero([c[:2] == own_regency[:2] and c != own_regency for c in codes])
    far = rng.integers(len(codes), size=len(away))
    if len(near):
        far = np.where(rng.random(len(away)) < 0.6, near[rng.integers(len(near), size=len(away))], far)
    part.birth_regency[away] = names[far]
    part.birth_district[away] = ""
    district[away] = _some_district(codes, far, rng)
    from synthetic.operators.registry import bit  # late: operators know the columns of a part

    stale = np.flatnonzero(rng.random(n) < scenario.rate("D09", "population"))
    older = objects(villages.older)[home[stale]]
    has = np.array([o != "" for o in older], dtype=bool)
    district[stale[has]] = [int(o[:6]) for o in older[has]]
    part.traits[stale[has]] |= bit("D09")
    corrected = np.flatnonzero(rng.random(n) < scenario.rate("D08", "population"))
    nik_born = part.born.copy()
    nik_born[corrected] += _correction(len(corrected), rng)
    part.traits[corrected] |= bit("D08")
    part.nik = as_text(books.nik.number(nik_stem(district, nik_born, kin.female)))
    grown = part.alive & (kin.born < today - 17 * YEAR)
    two = np.flatnonzero(grown & (rng.random(n) < scenario.rate("D06", "population")))
    part.traits[two] |= bit("D06")
    redated = rng.random(len(two)) < 0.45
    part.second_born[two] = part.born[two] + np.where(redated, _correction(len(two), rng), 0)
    moved = np.where(redated, district[two], district[rng.integers(n, size=len(two))])
    part.second_nik[two] = as_text(
        books.nik.number(nik_stem(moved, part.second_born[two], kin.female[two]))
    )
    for trait, rows in (("D38", kin.twin >= 0), ("D22", part.born != kin.born)):
        part.traits[rows] |= bit(trait)
    part.traits[kin.twin[kin.twin >= 0]] |= bit("D38")


def _some_district(codes: Objects, at: Ints, rng: np.random.Generator) -> Ints:
    """A district inside each regency named by position; regencies that BPS does not know lend their first code."""
    result = np.empty(len(at), dtype=np.int64)
    for regency in np.unique(at):
        rows = np.flatnonzero(at == regency)
        listed = districts_of(codes[regency]) or [codes[regency] + "01"]
        result[rows] = np.array([int(d) for d in listed])[rng.integers(len(listed), size=len(rows))]
    return result


def _correction(rows: int, rng: np.random.Generator) -> Ints:
    """By how many days a birth date was corrected: days, months or whole years, either way."""
    size = np.select(
        [rng.random(rows) < 0.4, rng.random(rows) < 0.5],
        [rng.integers(1, 25, rows), 30 * rng.integers(1, 11, rows)],
        np.round(YEAR * rng.integers(1, 4, rows)).astype(np.int64),
    )
    return np.where(rng.random(rows) < 0.5, size, -size).astype(np.int64)


def _issue_cards(part: Part, scenario: Scenario, books: Books, today: int, rng: np.random.Generator) -> None:
    """Four KK numbers per family in order of issue; each life event brings a new number."""
    homes = part.homes
    n = len(homes.head)
    begin = int((2006 - 1970) * YEAR)
    since = np.maximum(homes.since, begin)
    span = np.maximum(today - 60 - since, 30)
    at = np.sort(rng.random((n, CARDS)), axis=1) ** 0.8
    issued = np.minimum(since[:, None] + (at * span[:, None]).astype(np.int64), today - 20)
    district = np.array([int(code[:6]) for code in part.villages.code])
    spot = homes.spot[homes.dwelling]
    moved = rng.random(n) < scenario.families.moved
    elsewhere = rng.integers(len(part.villages), size=n)
    cards: Any = np.empty((n, CARDS), dtype=object)
    for k in range(CARDS):
        spot_then = np.where(moved & (k < REGISTRY_CARD), elsewhere, spot)
        cards[:, k] = as_text(books.kk.number(kk_stem(district[spot_then], issued[:, k])))
    part.cards, part.issued = cards, issued
