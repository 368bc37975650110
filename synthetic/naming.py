"""Full names: given tokens, titles, birth order and marga put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthetic.columns import Bools, Ints, Objects, blank, groups, objects
from synthetic.scenario import Names
from synthetic.tokens import (
    ERAS,
    OPENERS,
    SPREAD,
    SPREAD_SHARE,
    TOP_BORN,
    TOP_BORN_SHARE,
    era_of,
    number_of_words,
    people_names,
    peoples,
    pool,
    top_names,
)

ORDER = {
    "M": (("WAYAN", "PUTU", "GEDE"), ("MADE", "KADEK", "NENGAH"), ("NYOMAN", "KOMANG"), ("KETUT",)),
    "F": (("WAYAN", "PUTU", "LUH"), ("MADE", "KADEK", "NENGAH"), ("NYOMAN", "KOMANG"), ("KETUT",)),
}
CASTES = (
    ("I", "NI", 0.9),
    ("I GUSTI", "NI GUSTI", 0.03),
    ("ANAK AGUNG", "ANAK AGUNG AYU", 0.025),
    ("IDA BAGUS", "IDA AYU", 0.02),
    ("I DEWA", "DESAK", 0.02),
    ("COKORDA", "COKORDA ISTRI", 0.005),
)


@dataclass
class Given:
    """Given names of many people: up to three tokens each, later ones '' when absent."""

    tokens: list[Objects]


def draw_given(
    people: Ints, female: Bools, year: Ints, *, urban: Bools, names: Names,
    rng: np.random.Generator,
) -> Given:  # fmt: skip
    """Given tokens for everybody: loops over (people, sex, era), never over persons."""
    rows = len(people)
    tokens = [blank(rows) for _ in range(3)]
    cell = people * 8 + female.astype(np.int64) * 4 + era_of(year)
    for value, at in groups(cell):
        name = people_names()[value // 8]
        sex = "F" if value & 4 else "M"
        words = number_of_words(
            name, sex, year[at], urban=urban[at], fewer=names.fewer_words, rng=rng
        )
        kind = (name, sex, ERAS[value & 3][0])
        drawn = _draw_tokens(kind, words, names, rng)
        for k in range(3):
            tokens[k][at] = drawn[k]
        if name in SPREAD and names.namesakes > 0:
            _place_top_names(tokens, at, sex, year=year[at], strength=names.namesakes, rng=rng)
    return Given(tokens)


def _draw_tokens(
    kind: tuple[str, str, str], words: Ints, names: Names, rng: np.random.Generator
) -> list[Objects]:
    """Three columns of tokens for people of one (people, sex, era)."""
    people, sex, era = kind
    n = len(words)
    firsts, later = pool(people, sex, era, names), pool(people, sex, "next", names)
    first = firsts.draw(rng, n)
    rule = peoples()[people]["words"]["rule"]
    if rule in {"reference", "shift"}:  # others have a marga or a birth order beside the word
        alone = np.flatnonzero((words == 1) & (rng.random(n) >= names.lone_openers))
        first[alone] = pool(people, sex, f"alone {era}", names).draw(rng, len(alone))
    second = firsts.draw(rng, n)  # MUHAMMAD RIZKY, SITI AISYAH; not SITI NUR, nor RIZKY MUHAMMAD
    paired = _opens(first) & ~_opens(second) & (rng.random(n) < 0.6)
    second = np.where(paired, second, later.draw(rng, n))
    second[(words < 2) | (second == first)] = ""
    third = later.draw(rng, n)
    third[(words < 3) | (third == second) | (second == "")] = ""
    again = np.flatnonzero((words > 1) & (second == ""))
    second[again] = later.draw(rng, len(again))
    second[again[second[again] == first[again]]] = ""
    return [first, second, third]


def _opens(column: Objects) -> Bools:
    return np.fromiter((token in OPENERS for token in column), dtype=bool, count=len(column))


def _place_top_names(
    tokens: list[Objects], at: Ints, sex: str, *, year: Ints, strength: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Give some people one of the country's most frequent full names, at their real relative
    rates."""
    names, shares = top_names()[sex]
    bearers = SPREAD_SHARE * TOP_BORN_SHARE
    rates = np.minimum(shares * strength / bearers, 0.9 / len(shares)).cumsum()
    chance = rng.random(len(at))
    which = np.searchsorted(rates, chance, side="right")
    hit = (which < len(names)) & (year >= TOP_BORN[0]) & (year <= TOP_BORN[1])
    tokens[0][at[hit]] = names[which[hit]]
    tokens[1][at[hit]] = ""
    tokens[2][at[hit]] = ""


def draw_marga(people: Ints, rng: np.random.Generator) -> Objects:
    """A marga (or fam) for everybody whose people has them, '' for the others."""
    family = blank(len(people))
    for code in np.unique(people):
        document = peoples()[people_names()[int(code)]]
        if "marga" in document:
            at = np.flatnonzero(people == code)
            listed = objects(document["marga"].split())
            weights = 1.0 / (np.arange(len(listed)) + 4.0)
            family[at] = rng.choice(listed, len(at), p=weights / weights.sum())
    return family


def draw_rank(people: Ints, rng: np.random.Generator) -> Ints:
    """Inherited rank: for Balinese a position in CASTES, for peoples with titles 1 when noble,
    else 0."""
    rank = np.zeros(len(people), dtype=np.int64)
    for code in np.unique(people):
        name = people_names()[int(code)]
        at = np.flatnonzero(people == code)
        if name == "balinese":
            steps = np.cumsum([share for _, _, share in CASTES])
            rank[at] = np.minimum(np.searchsorted(steps, rng.random(len(at))), len(CASTES) - 1)
        elif "title" in peoples()[name]:
            rank[at] = rng.random(len(at)) < sum(peoples()[name]["title"]["M"].values())
    return rank


@dataclass
class Inherited:
    """What names take from a line: marga ('' without), rank, and place among siblings from 0."""

    marga: Objects
    rank: Ints
    order: Ints


def full_names(
    given: Given, people: Ints, female: Bools, line: Inherited, rng: np.random.Generator
) -> Objects:
    """Whole names from their parts."""
    first, second, third = given.tokens
    names = first.copy()
    for more in (second, third, line.marga):
        has = np.flatnonzero(more != "")
        names[has] = names[has] + " " + more[has]
    for code in np.unique(people):
        name = people_names()[int(code)]
        if name != "balinese" and "title" not in peoples()[name]:
            continue
        for is_female in (False, True):
            at = np.flatnonzero((people == code) & (female == is_female))
            if len(at):
                prefix = _prefixes(name, is_female, line.rank[at], line.order[at], rng)
                names[at] = prefix + names[at]
    return names


def _prefixes(
    people: str, female: bool, rank: Ints, order: Ints, rng: np.random.Generator
) -> Objects:
    sex = "F" if female else "M"
    if people != "balinese":
        titles = objects(f"{title} " for title in peoples()[people]["title"][sex])
        return np.where(rank > 0, titles[rng.integers(len(titles), size=len(rank))], "")
    particle = objects(f"{caste[1 if female else 0]} " for caste in CASTES)[rank]
    slots = [objects(f"{token} " for token in slot) for slot in ORDER[sex]]
    width = max(len(slot) for slot in slots)
    table = objects([slot[i % len(slot)] for slot in slots for i in range(width)])
    birth = table[(order % 4) * width + rng.integers(width, size=len(order))]
    plain = rank <= 1
    dropped = rng.random(len(order)) < np.where(plain, 0.02, 0.75)
    prefixes: Objects = particle + np.where(dropped, "", birth)
    return prefixes
