"""Run the record and family operators of a scenario, in the order of the catalogue, and count
what they did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synthetic.columns import Ints
from synthetic.operators import (
    addresses,
    cards,
    dates,
    families,
    files,
    listing,
    names,
    niks,
    people,
    population,
)
from synthetic.operators.registry import REGISTER, bit
from synthetic.view import Look, View

# Imported for their registrations.
ALL = (addresses, cards, dates, families, files, listing, names, niks, people, population)


@dataclass
class Tally:
    """How many rows each operator could act on and did act on, by operator and provider."""

    counts: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, name: str, source: str, able: int, acted: int) -> None:
        counts = self.counts.setdefault((name, source), [0, 0])
        counts[0] += able
        counts[1] += acted


def spoil(view: View, rng: np.random.Generator, tally: Tally) -> None:
    """Patch the rows of persons in place; marks every changed row in `view.errors`."""
    for (name, stage), op in sorted(REGISTER.items()):
        rate = view.look.rate(name)
        if stage != "record" or rate <= 0.0 or not len(view):
            continue
        able = np.flatnonzero(op.can(view))
        rows = able[rng.random(len(able)) < rate]
        changed = op.act(view, rows, rng) if len(rows) else rows
        view.errors[changed] |= bit(name)
        tally.add(name, view.source, len(able), len(changed))


def spoil_family(
    look: Look, column: Any, errors: Ints, names_: tuple[str, ...], rng: np.random.Generator
) -> None:
    """Patch one column of family or dwelling rows in place with the named operators."""
    for name in names_:
        rows = np.flatnonzero(rng.random(len(column)) < look.rate(name))
        if len(rows):
            changed = REGISTER[name, "family"].act(column, rows, rng)
            errors[changed] |= bit(name)
