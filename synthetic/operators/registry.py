"""The register of error operators: every error of `reference/data/dq_error_catalog.csv` under its id.

A record operator takes a view (the rows of one provider's file before they are written), the positions of the rows it
shall spoil and a random generator; it patches the cells in place and returns the positions it really changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synthetic.columns import Bools, Ints, Objects, objects

if TYPE_CHECKING:
    from synthetic.view import View

Act = Callable[["View", Ints, np.random.Generator], Ints]
Can = Callable[["View"], Bools]

# Slips that the catalogue does not name get an N.
IDS = tuple(f"D{i:02d}" for i in range(1, 41)) + ("N01",)


@dataclass(frozen=True)
class Operator:
    """One error: id, what it does in one sentence, where it acts, and how."""

    id: str
    sentence: str
    act: Act
    can: Can


REGISTER: dict[str, Operator] = {}
ELSEWHERE: dict[str, str] = {}


def everywhere(view: View) -> Bools:
    """All rows."""
    return np.ones(len(view), dtype=bool)


def operator(name: str, can: Can = everywhere) -> Callable[[Act], Act]:
    """Register a record operator; its docstring is its public sentence."""

    def register(act: Act) -> Act:
        REGISTER[name] = Operator(name, " ".join((act.__doc__ or "").split()), act, can)
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
