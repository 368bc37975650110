"""Errors of the KK number on a person's row: D12."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Bools, Ints, objects
from synthetic.operators.niks import scientific, slip
from synthetic.operators.registry import operator
from synthetic.view import View


def _has_kk(view: View) -> Bools:
    return np.fromiter((len(n) == 16 for n in view.text["kk"]), dtype=bool, count=len(view))


@operator("D12", can=_has_kk)
def kk_swapped(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The KK number is the person's NIK, is missing, or has slipped by a digit."""
    column = view.text["kk"]
    kind, place, digit = (rng.integers(0, k, len(rows)) for k in (10, 15, 9))
    column[rows] = objects(
        view.numbers.nik[view.who[row]] if k < 3
        else "" if k < 5
        else scientific(column[row]) if k == 5
        else slip(column[row], int(p), int(k) % 4, int(d))
        for row, k, p, d in zip(rows, kind, place, digit, strict=True)
    )  # fmt: skip
    return rows
