"""Habits of spreadsheets and keyboards inside a file: D36."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Ints, objects
from synthetic.operators.registry import operator
from synthetic.view import SERIAL_DAY, View


@operator("D36")
def spreadsheet_habits(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """Trailing and hard blanks, dates as serial numbers, thousands dots, RT without its zeros."""
    kind = rng.integers(0, 20, len(rows))
    text = view.text
    text["name"][rows[kind < 9]] += " "
    hard = rows[(kind >= 9) & (kind < 12)]
    text["nik"][hard] += "\u00a0"
    spaced = rows[(kind >= 12) & (kind < 16)]
    text["name"][spaced] = objects(
        n.replace(" ", "\u00a0", 1) if " " in n else n + "\u00a0" for n in text["name"][spaced]
    )
    view.style[rows[(kind >= 16) & (kind < 19)]] = SERIAL_DAY
    dotted = rows[kind == 19]
    text["nik"][dotted] = objects(
        f"{int(n):,}".replace(",", ".") if n.isdigit() and len(n) == 16 else n
        for n in text["nik"][dotted]
    )
    short = rows[kind % 4 == 0]
    for part in ("rt", "rw"):
        text[part][short] = objects(value.lstrip("0") for value in text[part][short])
    return rows
