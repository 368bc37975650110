"""The tally behind budgets: what principals used up, counted in the hub by one statement for a whole group of
questions.

The SQL is one text for every database: INSERT … ON CONFLICT … RETURNING.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from mdm.hub.lists import Prepared

COUNTED = ("requests", "niks", "asked", "missed")
_UNITS = ("minute", "day", "day", "day")  # what each is counted within


@dataclass(frozen=True, slots=True)
class Used:
    """What a principal used up: requests of this minute; distinct NIKs, asked and missed of today."""

    requests: int = 0
    niks: int = 0
    asked: int = 0
    missed: int = 0


def add(session: Session, minute: int, day: int, more: Mapping[str, Used]) -> dict[str, Used]:
    """Add to what principals have used up; what they have used now.

    Their rows are this unit of work's until it ends: nobody else counts them meanwhile.
    """
    values: dict[str, Any] = {"minute": minute, "day": day}
    for n, principal in enumerate(sorted(more)):
        values[f"principal{n}"] = principal
        values |= {f"{name}{n}": getattr(more[principal], name) for name in COUNTED}
    rows = _adding(len(more)).rows(session.connection(), values)
    return {row[0]: Used(*row[1:]) for row in rows}


def count(session: Session, days: Mapping[str, Used]) -> None:
    """Write down how the day of principals stands whose rows are this unit of work's."""
    for principal, day in days.items():
        said = {"niks": day.niks, "asked": day.asked, "missed": day.missed}
        _COUNT.rows(session.connection(), {"principal": principal, **said})


_COUNT = Prepared(
    sa.text(
        "UPDATE budget SET niks = :niks, asked = :asked, missed = :missed "
        "WHERE principal = :principal RETURNING niks"
    )
)


@lru_cache(maxsize=256)
def _adding(rows: int) -> Prepared:
    values = ", ".join(
        f"(:principal{n}, :minute, :day, " + ", ".join(f":{name}{n}" for name in COUNTED) + ")"
        for n in range(rows)
    )
    sums = ", ".join(
        f"{name} = excluded.{name} + "
        f"CASE WHEN budget.{unit} = excluded.{unit} THEN budget.{name} ELSE 0 END"
        for name, unit in zip(COUNTED, _UNITS, strict=True)
    )
    return Prepared(
        sa.text(
            f"INSERT INTO budget (principal, minute, day, {', '.join(COUNTED)}) VALUES {values} "
            f"ON CONFLICT (principal) DO UPDATE SET {sums}, minute = excluded.minute, "
            f"day = excluded.day RETURNING principal, {', '.join(COUNTED)}"
        )
    )
