"""The register of error operators: those of `reference/data/dq_error_catalog.csv` by their ids.

Operators act at four stages, each with its own kind of function:

- `population`: something that is so for a person, and every provider meets it (twins, two NIKs);
- `listing`: which persons a provider lists, and in which family;
- `record`: what one person's row says; called as `act(view, rows, rng)`, patches cells in place,
  and returns the rows it really changed;
- `family`: what a family's or dwelling's row says; called like `record` on plain columns.

The docstring of an operator is its public sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from synthetic.columns import Bools, Ints, Objects, objects

Stage = Literal["population", "listing", "record", "family"]
Can = Callable[[Any], Bools]  # of a view (synthetic/view.py), which stands above this register
F = TypeVar("F", bound=Callable[..., Any])

# D01–D40 are the catalogue's; errors that it does not name get an N.
IDS = (*(f"D{i:02d}" for i in range(1, 41)), "N01", "N02", "N03")


@dataclass(frozen=True)
class Operator:
    """One error at one stage: id, what it does in one sentence, and the function that does it."""

    id: str
    stage: Stage
    sentence: str
    act: Callable[..., Any]
    can: Can


REGISTER: dict[tuple[str, Stage], Operator] = {}


def everywhere(view: Sized) -> Bools:
    """All rows."""
    return np.ones(len(view), dtype=bool)


def operator(name: str, stage: Stage = "record", can: Can = everywhere) -> Callable[[F], F]:
    """Register a function as operator `name` at a stage; `can` says which rows it can act on."""
    if name not in IDS:
        raise ValueError(f"{name} is not an operator id")

    def register(act: F) -> F:
        sentence = " ".join((act.__doc__ or "").split())
        REGISTER[name, stage] = Operator(name, stage, sentence, act, can)
        return act

    return register


def bit(name: str) -> int:
    """The bit of an operator id in a row's set of errors."""
    return 1 << IDS.index(name)


def spelled(sets: Ints) -> Objects:
    """Bit sets as ids joined with semicolons."""
    distinct, where = np.unique(sets, return_inverse=True)
    return objects(
        ";".join(name for i, name in enumerate(IDS) if int(value) >> i & 1) for value in distinct
    )[where]
