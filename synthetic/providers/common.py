"""Cells that more than one provider writes."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Ints, Objects, days, each, objects
from synthetic.view import SERIAL_DAY, SHORT_YEAR, View

# Excel counts days from 1899-12-30.
EXCEL_ZERO = 25569


def upper(column: Objects) -> Objects:
    """Upper case."""
    return each(column, str.upper)


def title(column: Objects) -> Objects:
    """Capitalised words."""
    return each(column, str.title)


def birth_text(view: View, pattern: str, short: str = "") -> Objects:
    """Birth dates in a pattern of y, m, d; short years and Excel serials where the row's style
    says so."""
    key = ((view.year * 100 + view.month) * 100 + view.day) * 4 + view.style
    distinct, where = np.unique(key, return_inverse=True)
    return objects(_date(int(k), pattern, short) for k in distinct)[where]


def _date(key: int, pattern: str, short: str) -> str:
    style, date = key % 4, key // 4
    y, m, d = date // 10000, date // 100 % 100, date % 100
    if style == SERIAL_DAY and y >= 1900:
        day: Ints = days(np.array([y]), np.array([m]), np.array([d]))
        return str(int(day[0]) + EXCEL_ZERO)
    if style == SHORT_YEAR and short:
        return short.format(y=y % 100, m=m, d=d)
    return pattern.format(y=y, m=m, d=d)
