"""Token pools and numbers of words: what names are made of, by people, cohort and sex.

Facts: `data/peoples.yaml` (tokens and rules), and from `reference/data/names`:
`javanese_name_length_by_cohort.csv` (words per name) and `top_exact_fullnames_ektp_2024.csv`
(holders of the most frequent full names).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import reference
from reference.documents import read_yaml
from synthetic.columns import Bools, Ints, Objects, objects
from synthetic.country import DATA
from synthetic.scenario import Names

# The country's people (Kemendagri, December 2024), to turn holders of a name into shares.
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
TOP_BORN_SHARE = 0.45  # their share of everybody on file
ERAS = (("old", 1800, 1964), ("mid", 1965, 1989), ("new", 1990, 2100))
TAIL_TOKENS = 1500  # distinct composed tokens for each people, sex and era
# Words that open a name and seldom are all of it.
OPENERS = frozenset(
    {
        "MUHAMMAD", "MOHAMMAD", "MOCHAMAD", "MOH", "MUH", "ABDUL", "ABD", "AHMAD", "ACHMAD", "SITI",
        "SITTI", "SRI", "NUR", "NURUL", "NOOR", "DWI", "TRI", "EKO", "AL", "KHOIRUN", "HALIMATUS",
        "HOLIFATUL", "LAILATUL", "WASILATUL", "RAUDHATUL", "HASANATUL", "AINUL", "NENG", "CUT",
        "ANDI", "BAIQ", "LA", "WA", "PUTRI",
    }
)  # fmt: skip


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
    return dict(read_yaml(text))


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
    """Tokens for one place in a name.

    `part` is an era (`old`, `mid`, `new`) for first words, `next` for later words, or `alone` and
    an era (`alone old`) for names of one word, which are more even, as counts of full names say.
    """
    era = part.removeprefix("alone ")
    common = _common(people, sex, era)[: names.vocabulary or None]
    rare = _composed(people, sex)
    tail, flat = names.tail, 2.5
    if era == "next":
        rare, tail, flat = rare[: TAIL_TOKENS // 2], 0.7 * tail, 5.0
    elif part != era:
        alone = [token for token in common if token not in OPENERS]
        common, tail, flat = alone or common, min(2.0 * tail, 0.9), 9.0
    weights = (1.0 / (np.arange(len(common)) + flat)) ** names.skew
    tail_weights = 1.0 / (np.arange(len(rare)) + 12.0) ** 0.75
    steps = np.concatenate(
        [weights / weights.sum() * (1 - tail), tail_weights / tail_weights.sum() * tail]
    ).cumsum()
    return Pool(objects([*common, *rare]), steps)


def _common(people: str, sex: str, part: str) -> list[str]:
    """Listed tokens of an era or of later words; an era without a list borrows the nearest."""
    lists = peoples()[people][sex]
    if part == "next":
        return str(lists["next"]).split()
    nearest = {
        "old": ("old", "mid", "new"),
        "mid": ("mid", "new", "old"),
        "new": ("new", "mid", "old"),
    }
    common = next(str(lists[era]) for era in nearest[part] if era in lists).split()
    if part != "new":  # a thin layer of names of the next era
        common += [t for t in str(lists.get("new", "")).split() if t not in common][:8]
    top = {name for listed, _ in top_names().values() for name in listed}
    return [token for token in common if token not in top]


def era_of(year: Ints) -> Ints:
    """Position in ERAS of each birth year."""
    return np.searchsorted(np.array([first for _, first, _ in ERAS]), year, side="right") - 1


def number_of_words(
    people: str, sex: str, year: Ints, *, urban: Bools, fewer: float, rng: np.random.Generator
) -> Ints:
    """Words in each name by the people's rule; for marga peoples the words before the marga."""
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
