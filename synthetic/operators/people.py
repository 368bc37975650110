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


def _numbered_otherwise(view: View) -> Bools:
    """Rows whose relation the other list writes otherwise: both of Kemensos' begin with head and husband, Pemda's words
    end with `other`; the registry's list is the other one."""
    others = {"kemensos": view.relation > 2, "pemda": view.relation < 11}
    return others.get(view.source, np.zeros(len(view), dtype=bool))


@operator("D34", can=_numbered_otherwise)
def relation_in_other_code(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The relation to the head is written in another code list than the file's own, or as
    `other`."""
    own = view.relation[rows]
    view.text["relation_text"][rows] = texts(np.where(rng.random(len(rows)) < 0.7, own, 11))
    return rows
