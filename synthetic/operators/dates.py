"""Errors of the birth date: D22–D24."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Ints, calendar, days
from synthetic.operators.registry import operator
from synthetic.view import SHORT_YEAR, View


@operator("D22")
def date_default(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The day is a default: 1 July, 31 December, 1 January, or the 15th of the month; never one to come."""
    kind = rng.integers(0, 10, len(rows))
    month = np.select([kind < 4, kind < 7, kind < 9], [7, 12, 1], view.month[rows])
    day = np.select([kind < 4, kind < 7, kind < 9], [1, 31, 1], 15)
    past = days(view.year[rows], month, day) <= view.today
    rows = rows[past]
    view.month[rows], view.day[rows] = month[past], day[past]
    return rows


@operator("D23")
def date_typo(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """Day and month are swapped, the day is off by one, the year has two digits, or the century
    is wrong."""
    kind = rng.integers(0, 20, len(rows))
    swap = rows[(kind < 6) & (view.day[rows] <= 12)]
    view.day[swap], view.month[swap] = view.month[swap], view.day[swap].copy()
    near = rows[(kind >= 6) & (kind < 12)]
    shifted = days(view.year[near], view.month[near], view.day[near])
    shifted += np.where(rng.random(len(near)) < 0.5, 1, -1)
    view.year[near], view.month[near], view.day[near] = calendar(shifted)
    tens = rows[(kind == 12) | (kind == 13)]
    view.month[tens] = (view.month[tens] + rng.integers(0, 11, len(tens))) % 12 + 1
    view.day[tens] = np.minimum(view.day[tens], 28)
    century = rows[(kind == 14) & (view.year[rows] < 1930)]
    view.year[century] += 100
    short = rows[(kind >= 14) & ~np.isin(rows, century)]
    if view.source == "pemda":
        view.style[short] = SHORT_YEAR
        return np.concatenate([swap, near, tens, century, short])
    return np.concatenate([swap, near, tens, century])


@operator("D24")
def date_estimated(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The year is off by one to ten because the age was guessed, often rounded to a multiple of
    five."""
    age = view.today // 365 + 1970 - view.year[rows]
    rounded = np.round(age / 5.0).astype(np.int64) * 5 - age
    size = np.minimum(rng.geometric(0.45, len(rows)), 10)
    shift = np.where(rng.random(len(rows)) < 0.5, size, -size)
    shift = np.where((rng.random(len(rows)) < 0.4) & (rounded != 0), rounded, shift)
    latest = view.today // 365 + 1969
    new = np.minimum(view.year[rows] - shift, latest)
    changed: Ints = rows[new != view.year[rows]]
    view.year[rows] = new
    view.day[rows] = np.where(view.month[rows] == 2, np.minimum(view.day[rows], 28), view.day[rows])
    return changed
