"""Full names by people, cohort and sex: token pools, numbers of words, titles, birth order and
marga.

Facts: `data/peoples.yaml` (tokens and rules),
`reference/data/names/javanese_name_length_by_cohort.csv` (words per name) and
`reference/data/names/top_exact_fullnames_ektp_2024.csv` (holders of the most frequent full
names).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

import reference
from synthetic.columns import Bools, Ints, Objects, blank, objects
from synthetic.country import DATA
from synthetic.scenario import Names

# People with an e-KTP or younger, both sexes, to turn holders into shares (domain.md 3.1, Dec
# 2024).
COUNTRY = 284_973_643
# Peoples among whom the most frequent full names live; together about this share of the country.
SPREAD = frozenset(
    {
        "javanese",
        "sundanese",
        "betawi",
        "madurese",
        "malay",
        "minang",
        "bugis",
        "sasak",
        "banjar",
        "acehnese",
    }
)
SPREAD_SHARE = 0.82
TOP_BORN = (1945, 1992)  # who bears those names today
ERAS = (("old", 1800, 1964), ("mid", 1965, 1989), ("new", 1990, 2100))
TAIL_TOKENS = 1500  # distinct composed tokens for each people, sex and era
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


@dataclass(frozen=True)
class Pool:
    """Tokens with cumulated probabilities."""

    tokens: Objects
    steps: np.ndarray[Any, np.dtype[np.float64]]

    def draw(self, rng: np.random.Generator, rows: int) -> Objects:
        at = np.searchsorted(self.steps, rng.random(rows), side="right")
        return self.tokens[np.minimum(at, len(self.tokens) - 1)]


@cache
def peoples() -> dict[str, dict[str, Any]]:
    """The document of peoples, by name."""
    text = (DATA / "peoples.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


@cache
def people_names() -> tuple[str, ...]:
    """Peoples in a fixed order; their position is the code used in arrays."""
    return tuple(sorted(peoples()))


def _names_file(name: str) -> list[dict[str, str]]:
    path = Path(reference.__file__).parent / "data" / "names" / name
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@cache
def mean_words() -> dict[tuple[str, bool], np.ndarray[Any, np.dtype[np.float64]]]:
    """Mean words per name of Java by (sex M or F, urban), one value for each year 1900–2100."""
    table: dict[tuple[str, bool], list[tuple[int, float]]] = {}
    for row in _names_file("javanese_name_length_by_cohort.csv"):
        if row["place"] in {"rural", "urban"}:
            key = ("M" if row["sex"] == "male" else "F", row["place"] == "urban")
            middle = int(row["birth_cohort"][:4]) + 2
            table.setdefault(key, []).append((middle, float(row["mean_words"])))
    years = np.arange(1900, 2101)
    return {
        key: np.interp(years, [y for y, _ in points], [w for _, w in points])
        for key, points in table.items()
    }


@cache
def top_names() -> dict[str, tuple[Objects, np.ndarray[Any, np.dtype[np.float64]]]]:
    """The most frequent full names and their share of the whole sex, by sex."""
    found: dict[str, tuple[list[str], list[float]]] = {"M": ([], []), "F": ([], [])}
    for row in _names_file("top_exact_fullnames_ektp_2024.csv"):
        names, shares = found[row["sex"]]
        names.append(row["full_name"].upper())
        shares.append(int(row["holders"].lstrip("~")) / (COUNTRY / 2))
    return {sex: (objects(names), np.array(shares)) for sex, (names, shares) in found.items()}


@cache
def _composed(people: str, sex: str) -> tuple[str, ...]:
    """Rare tokens of a people, composed from its syllables in a fixed order that looks random."""
    parts = peoples()[people]["syllables"][sex]
    starts, middles, ends = (parts[k].split() for k in ("start", "middle", "end"))
    listed = set(" ".join(str(v) for v in peoples()[people][sex].values()).split())
    banned = listed | {name for names, _ in top_names().values() for name in names}
    words = {a + z for a in starts for z in ends if len(a + z) > 3}
    words |= {a + m + z for a in starts for m in middles for z in ends}
    usable = sorted(words - banned)
    order = np.random.default_rng(len(people) * 31 + ord(sex)).permutation(len(usable))
    return tuple(usable[i] for i in order[:TAIL_TOKENS])


@cache
def pool(people: str, sex: str, part: str, names: Names) -> Pool:
    """Tokens for one place in a name: `part` is an era (`old`, `mid`, `new`) or `next` for later
    words."""
    lists = peoples()[people][sex]
    order = {
        "old": ("old", "mid", "new"),
        "mid": ("mid", "new", "old"),
        "new": ("new", "mid", "old"),
    }
    if part == "next":
        common = lists["next"].split()
    else:
        common = next(str(lists[era]) for era in order[part] if era in lists).split()
        if part != "new":  # a thin layer of names of the next era
            common += [t for t in str(lists.get("new", "")).split() if t not in common][:8]
    top = {name for names, _ in top_names().values() for name in names}
    common = [t for t in common if t not in top or part == "next"]
    common = common[: names.vocabulary or None]
    weights = (1.0 / (np.arange(len(common)) + 2.5)) ** names.skew
    rare = _composed(people, sex)
    rare = rare[: TAIL_TOKENS // 2] if part == "next" else rare
    tail_weights = 1.0 / (np.arange(len(rare)) + 12.0) ** 0.75
    share = names.tail * (0.7 if part == "next" else 1.0)
    steps = np.concatenate(
        [weights / weights.sum() * (1 - share), tail_weights / tail_weights.sum() * share]
    ).cumsum()
    return Pool(objects([*common, *rare]), steps)


def era_of(year: Ints) -> Ints:
    """Position in ERAS of each birth year."""
    return np.searchsorted(np.array([first for _, first, _ in ERAS]), year, side="right") - 1


def number_of_words(
    people: str, sex: str, year: Ints, *, urban: Bools, fewer: float, rng: np.random.Generator
) -> Ints:
    """Words in each name, by the people's rule; for marga peoples the words before the marga."""
    rule = peoples()[people]["words"]
    rows = len(year)
    if rule["rule"] == "marga":
        counts, shares = zip(*sorted(rule["given"].items()), strict=True)
        words = np.array(counts)[np.searchsorted(np.cumsum(shares), rng.random(rows) * 0.9999)]
    elif rule["rule"] == "balinese":
        words = 1 + (rng.random(rows) < np.where(year >= 1985, 0.45, 0.12)).astype(np.int64)
    else:
        table = mean_words()
        at = np.clip(year - 1900, 0, 200)
        mean = np.where(urban, table[(sex, True)][at], table[(sex, False)][at])
        mean = np.clip(mean + rule.get("by", 0.0), 1.0, 3.4)
        whole = np.floor(mean)
        words = whole.astype(np.int64) + (rng.random(rows) < mean - whole)
        wide = rng.random(rows) < 0.1  # a little spread that keeps the mean
        words = np.where(wide & (words == 2), np.where(rng.random(rows) < 0.5, 1, 3), words)
    return np.where(rng.random(rows) < fewer, 1, words).astype(np.int64)


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
    eras = era_of(year)
    cell = people * 8 + female.astype(np.int64) * 4 + eras
    order = np.argsort(cell, kind="stable")
    values, starts = np.unique(cell[order], return_index=True)
    for value, at in zip(values, np.split(order, starts[1:]), strict=True):
        name = people_names()[int(value) // 8]
        sex = "F" if int(value) & 4 else "M"
        era = ERAS[int(value) & 3][0]
        words = number_of_words(
            name, sex, year[at], urban=urban[at], fewer=names.fewer_words, rng=rng
        )
        first = pool(name, sex, era, names).draw(rng, len(at))
        later = pool(name, sex, "next", names)
        tokens[0][at] = first
        for k in (1, 2):
            has = at[words > k]
            tokens[k][has] = later.draw(rng, len(has))
        twice = at[tokens[1][at] == tokens[2][at]]
        tokens[2][twice] = ""
        if name in SPREAD and names.namesakes > 0:
            _place_top_names(tokens, at, sex, year=year[at], strength=names.namesakes, rng=rng)
    return Given(tokens)


def _place_top_names(
    tokens: list[Objects], at: Ints, sex: str, *, year: Ints, strength: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Give some people one of the country's most frequent full names, at their real relative
    rates."""
    names, shares = top_names()[sex]
    # Only the cohorts that bear these names get them; 0.55 is about their share of everybody alive.
    rates = np.minimum(shares * strength / SPREAD_SHARE / 0.55, 0.9 / len(shares)).cumsum()
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
