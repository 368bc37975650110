"""Errors of sex and codes, and of who is listed: D25, D31, D34."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Bools, Ints, texts
from synthetic.operators.registry import operator
from synthetic.view import View


@operator("D25")
def sex_swapped(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """Sex is recorded as the other one."""
    view.female[rows] = ~view.female[rows]
    return rows


def _dead(view: View) -> Bools:
    return view.dead


@operator("D31", can=_dead)
def dead_listed_as_living(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """A dead person is still listed as living."""
    view.dead[rows] = False
    return rows


@operator("D34")
def relation_in_other_code(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The relation to the head is written in another code list than the file's own, or as
    `other`."""
    own = view.relation[rows]
    view.text["relation_text"][rows] = texts(np.where(rng.random(len(rows)) < 0.7, own, 11))
    return rows
