"""Generations: founders, births, twins, marriages, divorces and deaths, as columns of persons and
couples.

Nothing here knows names, numbers or places; a person is an index into the columns of `Kin`. A
father or mother is an index too, or -1 when the parents lived outside this part of the
country.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthetic.columns import Bools, Ints
from synthetic.scenario import Families

NEVER = np.int64(10**9)  # a day that does not come
YEAR = 365.25
ROUNDS = 5
MOST_CHILDREN = 9
YOUNGEST = 15.5  # years at marriage

Match = tuple[Ints, Ints, Ints]  # husbands, wives, days of marriage


@dataclass
class Kin:
    """Persons (first block) and couples (second block); all days are days since 1970-01-01."""

    female: Bools
    born: Ints
    died: Ints
    father: Ints
    mother: Ints
    order: Ints  # place among siblings, from 0
    twin: Ints  # index of the elder twin, or -1
    line: Ints  # the founder whose people and rank this person inherits (through the father)
    parents: Ints  # couple of the parents, or -1
    couple: Ints  # own (latest) couple, or -1
    husband: Ints
    wife: Ints
    married: Ints
    parted: Ints  # day of divorce, or NEVER

    @property
    def persons(self) -> int:
        return len(self.born)


@dataclass
class _Columns:
    """Columns that grow block by block."""

    blocks: dict[str, list[Any]] = field(default_factory=dict)
    rows: int = 0

    def append(self, rows: int, **columns: Any) -> Ints:
        for name, values in columns.items():
            self.blocks.setdefault(name, []).append(np.broadcast_to(np.asarray(values), (rows,)))
        start = self.rows
        self.rows += rows
        return np.arange(start, start + rows)

    def column(self, name: str) -> Any:
        return np.concatenate(self.blocks[name])


def _death(born: Ints, rng: np.random.Generator) -> Ints:
    """Day of death: infants by cohort, everyone else by a Gompertz law with a middle of about 74
    years."""
    rows = len(born)
    age = 76.0 + 10.5 * np.log(-np.log(np.maximum(rng.random(rows), 1e-12)))
    infant = rng.random(rows) < np.where(born < 0, 0.05, 0.015)
    age = np.where(infant, rng.random(rows) * 2, np.maximum(age, 2.0))
    return (born + age * YEAR).astype(np.int64)


def _persons(kin: _Columns, born: Ints, female: Any, rng: np.random.Generator, **more: Any) -> Ints:
    columns: dict[str, Any] = {
        "father": -1, "mother": -1, "order": 0, "twin": -1, "line": -1, "parents": -1,
    }  # fmt: skip
    columns.update(more)
    return kin.append(len(born), born=born, female=female, died=_death(born, rng), **columns)


def _birth_spacing(
    married: Ints, mother_born: Ints, last: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """(couple position, place among siblings, day of birth) of every birth, none after the day `last`."""
    rows = len(married)
    year = mother_born / YEAR + 1970
    mean = np.clip(np.interp(year, [1935, 1950, 1965, 1980, 1995], [5.0, 4.4, 3.1, 2.4, 2.1]), 0, 6)
    wanted = np.minimum(rng.poisson(mean), MOST_CHILDREN)
    gaps = rng.gamma(4.0, 0.75, (rows, MOST_CHILDREN)) + 0.95
    gaps[:, 0] = 0.8 + rng.gamma(1.5, 0.7, rows)
    birth = married[:, None] + (gaps.cumsum(axis=1) * YEAR).astype(np.int64)
    last = np.minimum(last, mother_born + int(46 * YEAR))
    happens = (np.arange(MOST_CHILDREN) < wanted[:, None]) & (birth <= last[:, None])
    couple, place = np.nonzero(happens)
    return couple, place, birth[couple, place]


def _match(
    sons: Ints, daughters: Ints, seeks: dict[str, Ints], share: float, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Pair sons with daughters of one people who marry at about the same time; siblings never."""
    left: list[Ints] = []
    right: list[Ints] = []
    people, day, father = seeks["people"], seeks["day"], seeks["father"]
    for code in np.unique(people[sons]):
        s = sons[people[sons] == code]
        d = daughters[people[daughters] == code]
        n = int(min(len(s), len(d)) * share)
        if n:
            s = rng.permutation(s)[:n]
            d = rng.permutation(d)[:n]
            left.append(s[np.argsort(day[s], kind="stable")])
            right.append(d[np.argsort(day[d], kind="stable")])
    if not left:
        none = np.empty(0, dtype=np.int64)
        return none, none
    s, d = np.concatenate(left), np.concatenate(right)
    fits = (np.abs(day[s] - day[d]) < 6 * YEAR) & ((father[s] != father[d]) | (father[s] < 0))
    return s[fits], d[fits]


def grow(
    founders: int,
    line_people: Ints,
    families: Families,
    *,
    twins: float,
    today: int,
    rng: np.random.Generator,
) -> Kin:
    """Grow a population from founding couples; `line_people` says of what people each founder's
    line is.

    `line_people` has 3 * founders entries or more: lines of spouses from elsewhere are taken
    from its end.
    """
    kin, couples = _Columns(), _Columns()
    older = rng.random(founders) < 0.5
    year = np.where(older, rng.uniform(1926, 1962, founders), rng.uniform(1962, 2001, founders))
    wives_born = ((year - 1970) * YEAR).astype(np.int64)
    age = np.clip(rng.normal(20.5, 3.0, founders), YOUNGEST, 34)
    married = np.minimum(wives_born + (age * YEAR).astype(np.int64), today - 200)
    husbands_born = wives_born - (rng.normal(3.5, 3.5, founders) * YEAR).astype(np.int64)
    husbands_born = np.minimum(husbands_born, married - int(YOUNGEST * YEAR))
    husbands = _persons(kin, husbands_born, False, rng, line=np.arange(founders))
    wives = _persons(kin, wives_born, True, rng, line=np.arange(founders))
    kin.blocks["order"][0] = rng.integers(0, 5, founders)
    kin.blocks["order"][1] = rng.integers(0, 5, founders)
    lines = founders
    for _ in range(ROUNDS):
        if not len(husbands):
            break
        match = (husbands, wives, married)
        made = _wed(kin, couples, match, divorced=families.divorced, today=today, rng=rng)
        children = _bear(kin, couples, made, twins=twins, today=today, rng=rng)
        match, lines = _courtship(kin, children, line_people, lines=lines, today=today, rng=rng)
        husbands, wives, married = match
    return _close(kin, couples)


def _wed(
    kin: _Columns, couples: _Columns, match: Match, *, divorced: float, today: int,
    rng: np.random.Generator,
) -> Ints:  # fmt: skip
    husbands, wives, married = match
    died = kin.column("died")
    for spouse in (husbands, wives):
        died[spouse] = np.maximum(died[spouse], married + 400)
    kin.blocks["died"] = [died]
    rows = len(husbands)
    parts = rng.random(rows) < divorced
    after = (rng.gamma(2.0, 4.0, rows) + 1.0) * YEAR
    parted = np.where(parts, married + after.astype(np.int64), NEVER)
    end = np.minimum(np.minimum(died[husbands], died[wives]), today)
    parted = np.where(parted < end, parted, NEVER)
    return couples.append(rows, husband=husbands, wife=wives, married=married, parted=parted)


def _bear(
    kin: _Columns, couples: _Columns, made: Ints, *, twins: float, today: int,
    rng: np.random.Generator,
) -> Ints:  # fmt: skip
    husband, wife = couples.column("husband")[made], couples.column("wife")[made]
    married, parted = couples.column("married")[made], couples.column("parted")[made]
    born, died = kin.column("born"), kin.column("died")
    # A child may be born when the father is gone, never after the mother's death.
    last = np.minimum(np.minimum(parted, died[husband]) + 200, np.minimum(died[wife], today))
    couple, place, day = _birth_spacing(married, born[wife], last, rng)
    facts = {
        "father": husband[couple], "mother": wife[couple], "order": place,
        "line": kin.column("line")[husband[couple]], "parents": made[couple],
    }  # fmt: skip
    first = _persons(kin, day, rng.random(len(day)) < 0.49, rng, **facts)
    pair = np.flatnonzero(rng.random(len(day)) < twins)
    same_sex = rng.random(len(pair)) < 0.65
    elder_female = kin.column("female")[first[pair]]
    female = np.where(same_sex, elder_female, ~elder_female)
    also = {name: values[pair] for name, values in facts.items()}
    second = _persons(kin, day[pair], female, rng, **{**also, "twin": first[pair]})
    return np.concatenate([first, second])


def _courtship(
    kin: _Columns, children: Ints, line_people: Ints, *, lines: int, today: int,
    rng: np.random.Generator,
) -> tuple[Match, int]:  # fmt: skip
    """Who of the grown children marries whom and when; spouses from elsewhere join the columns."""
    born, died, female = kin.column("born"), kin.column("died"), kin.column("female")
    b = born[children]
    shift = np.clip((b / YEAR + 1970 - 1960) / 15, 0, 4)
    age = (
        np.where(female[children], rng.normal(20.5, 3.2, len(b)), rng.normal(24.0, 3.8, len(b)))
        + shift
    )
    day = b + (np.clip(age, 16, 45) * YEAR).astype(np.int64)
    seeks = (day < today) & (day < died[children]) & (rng.random(len(b)) < 0.955)
    who, when = children[seeks], day[seeks]
    if not len(who):
        none = np.empty(0, dtype=np.int64)
        return (none, none, none), lines
    people = line_people[kin.column("line")[who] % len(line_people)]
    at = {"people": people, "day": when, "father": kin.column("father")[who]}
    sons, daughters = np.flatnonzero(~female[who]), np.flatnonzero(female[who])
    s, d = _match(sons, daughters, at, 0.72, rng)
    alone = np.ones(len(who), dtype=bool)
    alone[s] = alone[d] = False
    lone = np.flatnonzero(alone)
    gap = rng.normal(3.5, 3.0, len(lone)) * YEAR * np.where(female[who[lone]], -1, 1)
    outside_born = np.minimum(
        born[who[lone]] + gap.astype(np.int64), when[lone] - int(YOUNGEST * YEAR)
    )
    outside = _persons(
        kin, outside_born, ~female[who[lone]], rng,
        line=lines + np.arange(len(lone)), order=rng.integers(0, 4, len(lone)),
    )  # fmt: skip
    inside_female = female[who[lone]]
    husbands = np.concatenate([who[s], np.where(inside_female, outside, who[lone])])
    wives = np.concatenate([who[d], np.where(inside_female, who[lone], outside)])
    married = np.concatenate([np.maximum(when[s], when[d]), when[lone]])
    return (husbands, wives, np.minimum(married, today - 30)), lines + len(lone)


def _close(kin: _Columns, couples: _Columns) -> Kin:
    names = ("female", "born", "died", "father", "mother", "order", "twin", "line", "parents")
    persons = {name: kin.column(name) for name in names}
    made = {name: couples.column(name) for name in ("husband", "wife", "married", "parted")}
    own = np.full(len(persons["born"]), -1, dtype=np.int64)
    own[made["husband"]] = np.arange(len(made["husband"]))
    own[made["wife"]] = np.arange(len(made["wife"]))
    return Kin(**persons, couple=own, **made)
