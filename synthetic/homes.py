"""Who lives with whom: family cards and dwellings of today, heads, and everybody's relation to
the head.

A family is the people on one card (KK); a dwelling holds one or more families. Both are
numbered from 0 inside one part of the country.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthetic.columns import Bools, Ints
from synthetic.kinship import NEVER, ROUNDS, YEAR, Kin
from synthetic.scenario import Families

(
    HEAD,
    HUSBAND,
    WIFE,
    CHILD,
    CHILD_IN_LAW,
    GRANDCHILD,
    PARENT,
    PARENT_IN_LAW,
    RELATIVE,
    WORKER,
    OTHER,
) = range(1, 12)


@dataclass
class Homes:
    """Family and dwelling of everybody (first block), facts of families, then of dwellings."""

    family: Ints  # per person
    before: Ints  # per person: the family before marriage, or -1
    joined: Ints  # per person: day of joining the present family (birth when born into it)
    relation: Ints  # Dukcapil SHDK 1–11
    marital: Ints  # 1–4
    boarder: Bools
    head: Ints  # per family: person, -1 when nobody lives
    since: Ints  # per family: day the family began
    dwelling: Ints  # per family
    spot: Ints  # per dwelling: number of the village


def settle_down(
    kin: Kin, matrilocal: Bools, villages: int, *, families: Families, today: int,
    rng: np.random.Generator,
) -> Homes:  # fmt: skip
    """Place every person of `kin`; `matrilocal` says per person whether couples prefer the wife's
    parents."""
    alive = kin.died > today
    roof, card, spot = _couples(kin, matrilocal, villages, families=families, today=today, rng=rng)
    draft = _Draft.of_cards(kin, card, roof, spot)
    draft.family = _elders(
        kin, draft.family, card, share=families.elders_taken_in, today=today, rng=rng
    )
    leavers = _leavers(kin, alive, today, rng)
    _move_out(kin, draft, leavers, villages=villages, today=today, rng=rng)
    lodgers = leavers[rng.random(len(leavers)) < families.lodgers]
    draft.family[lodgers] = rng.choice(draft.family[alive], len(lodgers))
    draft.boarder[lodgers] = True
    draft.family = _orphans(kin, draft.family, alive, today, rng)
    draft.dwelling = _share_roofs(draft.dwelling, draft.spot, families.shared_roofs, rng)
    return _number(kin, draft, alive, today=today, rng=rng)


def _orphans(kin: Kin, family: Ints, alive: Bools, today: int, rng: np.random.Generator) -> Ints:
    """Children on whose card nobody grown is left are taken in by another family, brothers and sisters by one."""
    grown = alive & ((kin.born < today - 17 * YEAR) | (kin.couple >= 0))
    kept = np.zeros(int(family.max()) + 1, dtype=bool)
    kept[family[grown]] = True
    if not kept.any():
        return family
    taken_by = rng.choice(np.flatnonzero(kept), len(kept))
    return np.where(alive & ~kept[family], taken_by[family], family)


@dataclass
class _Draft:
    """Homes before cards and dwellings are numbered without gaps."""

    family: Ints  # per person: card
    before: Ints  # per person: card before marriage, or -1
    joined: Ints  # per person
    boarder: Bools  # per person
    dwelling: Ints  # per card
    spot: Ints  # per dwelling

    @classmethod
    def of_cards(cls, kin: Kin, card: Ints, roof: Ints, spot: Ints) -> _Draft:
        """Everybody on the card of the own couple, else of the parents."""
        coupled, has_parents = kin.couple >= 0, kin.parents >= 0
        family = np.where(coupled, card[kin.couple], np.where(has_parents, card[kin.parents], 0))
        before = np.where(coupled & has_parents, card[kin.parents], -1)
        before[before == family] = -1
        joined = np.where(before >= 0, kin.married[kin.couple], kin.born)
        boarder = np.zeros(kin.persons, dtype=bool)
        return cls(family, before, joined, boarder, roof.copy(), spot)


def _move_out(
    kin: Kin, draft: _Draft, leavers: Ints, *, villages: int, today: int, rng: np.random.Generator
) -> None:
    """Give each leaver a card and a dwelling of their own, near the parents or anywhere."""
    n, parents = len(leavers), kin.parents[leavers]
    parents_card = draft.family[kin.wife[np.maximum(parents, 0)]]
    draft.before[leavers] = np.where(parents >= 0, parents_card, draft.before[leavers])
    home = draft.spot[draft.dwelling[np.maximum(parents_card, 0)]]
    draft.family[leavers] = len(draft.dwelling) + np.arange(n)
    since = today - (rng.random(n) * 12 * YEAR).astype(np.int64)
    draft.joined[leavers] = np.maximum(since, kin.born[leavers] + int(17 * YEAR))
    away = (rng.random(n) < 0.4) | (parents < 0)
    draft.dwelling = np.concatenate([draft.dwelling, len(draft.spot) + np.arange(n)])
    chosen = np.where(away, rng.integers(villages, size=n), home)
    draft.spot = np.concatenate([draft.spot, chosen])


def _couples(
    kin: Kin, matrilocal: Bools, villages: int, *, families: Families, today: int,
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip
    """Per couple: dwelling and the couple whose card it is on; per dwelling: village."""
    n = len(kin.husband)
    his, hers = kin.parents[kin.husband], kin.parents[kin.wife]
    wife_first = rng.random(n) < np.where(matrilocal[kin.husband], 0.75, 0.35)
    side = np.where(wife_first, np.where(hers >= 0, hers, his), np.where(his >= 0, his, hers))
    years = (today - kin.married) / YEAR
    chance = families.living_with_parents * np.exp(-years / 9.0) + 0.1
    stays = (side >= 0) & (rng.random(n) < chance)
    own = ~stays | (rng.random(n) < families.own_card_with_parents)
    roof = np.cumsum(~stays) - 1  # a new dwelling for everyone who leaves
    spot_of = np.full(n, -1, dtype=np.int64)
    anywhere = rng.integers(villages, size=n)
    near = rng.random(n) < 0.62
    card = np.arange(n)
    ready = side < 0
    spot_of[ready] = anywhere[ready]
    for _ in range(ROUNDS + 1):
        now = ~ready & ready[np.maximum(side, 0)]
        if not now.any():
            break
        s = side[now]
        roof[now] = np.where(stays[now], roof[s], roof[now])
        card[now] = np.where(own[now], card[now], card[s])
        spot_of[now] = np.where(stays[now] | near[now], spot_of[s], anywhere[now])
        ready |= now
    spot = np.zeros(int((~stays).sum()), dtype=np.int64)
    spot[roof[~stays]] = spot_of[~stays]
    return roof, card, spot


def _elders(
    kin: Kin, family: Ints, card: Ints, *, share: float, today: int, rng: np.random.Generator
) -> Ints:
    """Widowed old people move onto the card of a married child."""
    couples = len(kin.husband)
    child_card = np.full(couples, -1, dtype=np.int64)
    active = (kin.died[kin.husband] > today) & (kin.died[kin.wife] > today) & (kin.parted == NEVER)
    for spouse in (kin.husband, kin.wife):
        parents = kin.parents[spouse]
        known = active & (parents >= 0)
        child_card[parents[known]] = card[known]
    c = np.maximum(kin.couple, 0)
    other = np.where(kin.female, kin.husband[c], kin.wife[c])
    old = (kin.died > today) & (kin.born < today - 62 * YEAR) & (kin.couple >= 0)
    widowed = old & (kin.died[other] <= today) & (child_card[c] >= 0)
    moves = widowed & (rng.random(kin.persons) < share)
    return np.where(moves, child_card[c], family)


def _leavers(kin: Kin, alive: Bools, today: int, rng: np.random.Generator) -> Ints:
    """People who live alone on a card of their own: grown unmarried children, and divorced
    husbands."""
    grown = alive & (kin.couple < 0) & (kin.born < today - 21 * YEAR)
    single = grown & (rng.random(kin.persons) < 0.13)
    c = np.maximum(kin.couple, 0)
    divorced = alive & (kin.couple >= 0) & (kin.parted[c] <= today) & ~kin.female
    return np.flatnonzero(single | divorced)


def _share_roofs(dwelling: Ints, spot: Ints, share: float, rng: np.random.Generator) -> Ints:
    """Some families without kin there share a dwelling with a neighbour: rented rooms, shop
    houses."""
    n = len(spot)
    moves = np.flatnonzero(rng.random(n) < share)
    by_village = np.argsort(spot, kind="stable")
    place = np.empty(n, dtype=np.int64)
    place[by_village] = np.arange(n)
    neighbour = by_village[np.minimum(place[moves] + 1, n - 1)]
    fits = (spot[neighbour] == spot[moves]) & ~np.isin(neighbour, moves)
    to = np.arange(n)
    to[moves[fits]] = neighbour[fits]
    return to[dwelling]


def _number(
    kin: Kin, draft: _Draft, alive: Bools, *, today: int, rng: np.random.Generator
) -> Homes:
    """Choose heads, name relations, and number families and dwellings without gaps."""
    family, before, boarder = draft.family, draft.before, draft.boarder
    cards = len(draft.dwelling)
    couples = len(kin.husband)
    c = np.maximum(kin.couple, 0)
    parted = kin.parted[c] <= today
    root = (kin.couple >= 0) & (kin.couple == np.minimum(family, couples - 1)) & (family < couples)
    swapped = rng.random(cards)[family] < 0.006
    score = np.where(root & (kin.female == swapped), 0, np.where(root, 1, 2)) + 3 * boarder
    living = np.flatnonzero(alive)
    first = living[np.lexsort((kin.born[living], score[living], family[living]))]
    owners, at = np.unique(family[first], return_index=True)
    head = np.full(cards, -1, dtype=np.int64)
    head[owners] = first[at]
    relation = _relations(kin, head[family], parted)
    strangers = np.flatnonzero(boarder & (relation == RELATIVE))
    relation[strangers] = np.where(rng.random(len(strangers)) < 0.25, WORKER, OTHER)
    spouse = np.where(kin.female, kin.husband[c], kin.wife[c])
    marital = np.select([kin.couple < 0, parted, kin.died[spouse] <= today], [1, 3, 4], 2)
    since = np.full(cards, today, dtype=np.int64)
    since[:couples] = kin.married
    np.minimum.at(since, family[living], draft.joined[living])
    since[:couples] = np.maximum(since[:couples], kin.married)
    kept = np.flatnonzero(head >= 0)
    number = np.full(cards, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    dwellings, place = np.unique(draft.dwelling[kept], return_inverse=True)
    return Homes(
        family=number[family],
        before=np.where(before >= 0, number[before], -1),
        joined=draft.joined,
        relation=relation,
        marital=marital,
        boarder=boarder,
        head=head[kept],
        since=since[kept],
        dwelling=place,
        spot=draft.spot[dwellings],
    )


def _relations(kin: Kin, head: Ints, parted: Bools) -> Ints:
    """Dukcapil relation of everybody to the head of their card; people of a dead card get
    RELATIVE."""
    n = kin.persons
    me = np.arange(n)
    c = np.maximum(kin.couple, 0)
    spouse = np.where(kin.couple >= 0, np.where(kin.female, kin.husband[c], kin.wife[c]), -9)
    h = np.maximum(head, 0)
    partner = np.where(parted[h], -8, spouse[h])

    def child_of(person: Ints) -> Bools:
        known = person >= 0
        p = np.maximum(person, 0)
        parents = (kin.father[p], kin.mother[p])
        hit = np.zeros(n, dtype=bool)
        for parent in parents:
            hit |= (parent == head) | (parent == partner)
        return known & hit

    def up(person: Ints, parent: Ints) -> Ints:
        return np.where(person >= 0, parent[np.maximum(person, 0)], -7)

    grandchild = child_of(kin.father) | child_of(kin.mother)
    is_parent = (kin.father[h] == me) | (kin.mother[h] == me)
    is_parent_in_law = (up(partner, kin.father) == me) | (up(partner, kin.mother) == me)
    checks = [
        me == head,
        (partner == me) & ~kin.female,
        partner == me,
        child_of(me),
        child_of(spouse),
        grandchild,
        is_parent,
        is_parent_in_law,
    ]
    return np.select(
        checks,
        [HEAD, HUSBAND, WIFE, CHILD, CHILD_IN_LAW, GRANDCHILD, PARENT, PARENT_IN_LAW],
        RELATIVE,
    )
