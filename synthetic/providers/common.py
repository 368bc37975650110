"""Cells that more than one provider writes."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Ints, Objects, days, each, objects
from synthetic.spoiling import spoil_family
from synthetic.view import SERIAL_DAY, SHORT_YEAR, Look, View

# Excel counts days from 1899-12-30.
EXCEL_ZERO = 25569


def upper(column: Objects) -> Objects:
    """Upper case."""
    return each(column, str.upper)


def title(column: Objects) -> Objects:
    """Capitalised words."""
    return each(column, str.title)


def housing(look: Look, dwelling: Ints, errors: Ints, rng: np.random.Generator) -> dict[str, Ints]:
    """What rows tell of the houses of these dwellings, by trait, the floor area last (Regsosek 2022 codes, volt-ampere,
    square metres); marks in `errors` where it is not what they are."""
    traits = look.part.living.housing
    table = np.stack([codes[dwelling] for codes in traits.values()], axis=1)
    # Drawn aside: what else is drawn of a population stays as it was before houses were told in two ways.
    spoil_family(look, table, errors, ("N03",), rng.spawn(1)[0])
    return dict(zip(traits, table.T, strict=True))


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
