"""NIK and KK numbers by their grammar, with serials that no real number of a small district
reaches.

NIK: 6 digits district of first registration, DDMMYY of birth (women day + 40), 4 digits serial.
KK: 6 digits district of issue, DDMMYY of issue, 4 digits serial.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthetic.columns import Bools, Ints, Objects, calendar, padded
from synthetic.writing import ImpossibleError

# Serials of synthetic numbers lie in this range, both ends included; it marks a number as
# nobody's. Real serials count from 0001 for each district and day, and a district does not see
# 9,000 births in a day.
FIRST_SERIAL = 9000
LAST_SERIAL = 9899
# KK numbers take the end of the range, so that no KK number equals a NIK by chance.
FIRST_KK_SERIAL = 9700


@dataclass
class SerialBook:
    """Counts serials given per twelve-digit stem, over all parts of a country."""

    first: int = FIRST_SERIAL
    last: int = FIRST_KK_SERIAL - 1
    stems: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    given: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def number(self, stems: Ints) -> Ints:
        """The 16-digit numbers for these stems, all different. Raises ImpossibleError when a stem
        runs out."""
        distinct, where, counts = np.unique(stems, return_inverse=True, return_counts=True)
        order = np.argsort(where, kind="stable")
        starts = np.concatenate([[0], counts.cumsum()[:-1]]) if len(counts) else counts
        rank = np.empty(len(stems), dtype=np.int64)
        rank[order] = np.arange(len(stems)) - np.repeat(starts, counts)
        at = np.searchsorted(self.stems, distinct)
        known = at < len(self.stems)
        known[known] = self.stems[at[known]] == distinct[known]
        used = np.zeros(len(distinct), dtype=np.int64)
        used[known] = self.given[at[known]]
        room = self.last - self.first + 1
        if len(distinct) and int((used + counts).max()) > room:
            raise ImpossibleError("So many people have no numbers in so few kecamatan")
        self._remember(distinct, used + counts, known, at)
        # Serials start at a place that depends on the stem only, so that they do not all look
        # alike.
        serial = (stems % 997 * 613 + used[where] + rank) % room
        numbers: Ints = stems * 10_000 + self.first + serial
        return numbers

    def _remember(self, stems: Ints, used: Ints, known: Bools, at: Ints) -> None:
        self.given[at[known]] = used[known]
        merged = np.concatenate([self.stems, stems[~known]])
        order = np.argsort(merged, kind="stable")
        self.stems = merged[order]
        self.given = np.concatenate([self.given, used[~known]])[order]


def nik_stem(district: Ints, born: Ints, female: Bools) -> Ints:
    """Twelve-digit stems of NIKs."""
    year, month, day = calendar(born)
    stem: Ints = district * 1_000_000 + (day + 40 * female) * 10_000 + month * 100 + year % 100
    return stem


def kk_stem(district: Ints, issued: Ints) -> Ints:
    """Twelve-digit stems of KK numbers."""
    year, month, day = calendar(issued)
    return district * 1_000_000 + day * 10_000 + month * 100 + year % 100


def as_text(numbers: Any) -> Objects:
    """Sixteen-digit numbers as text."""
    return padded(np.asarray(numbers, dtype=np.int64), 16)
