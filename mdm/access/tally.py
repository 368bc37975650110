"""The tally behind budgets: three statements in the hub, each for a whole group of questions.

The SQL is one text for every database: INSERT … ON CONFLICT … RETURNING.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from mdm.hub.lists import Prepared

TOGETHER = 500  # tokens in one statement
COUNTED = ("requests", "niks", "asked", "missed")
_UNITS = ("minute", "day", "day", "day")  # what each is counted within


@dataclass(frozen=True, slots=True)
class Used:
    """What a principal used up: requests of this minute; distinct NIKs, asked and missed of today."""

    requests: int = 0
    niks: int = 0
    asked: int = 0
    missed: int = 0


def note(session: Session, day: int, tokens: Mapping[str, set[bytes]]) -> dict[str, set[bytes]]:
    """Note whom each principal asked about; principal → the tokens that are new today."""
    # In one order everywhere: two workers that note the same rows never wait for each other.
    pairs = sorted((principal, token) for principal, of in tokens.items() for token in of)
    fresh: dict[str, set[bytes]] = {principal: set() for principal in tokens}
    for start in range(0, len(pairs), TOGETHER):
        part = pairs[start : start + TOGETHER]
        values: dict[str, Any] = {"day": day}
        for n, (principal, token) in enumerate(part):
            values[f"p{n}"], values[f"t{n}"] = principal, token
        for principal, token in _noting(len(part)).rows(session.connection(), values):
            fresh[principal].add(bytes(token))
    return fresh


def add(session: Session, minute: int, day: int, more: Mapping[str, Used]) -> dict[str, Used]:
    """Add to what principals have used up; what they have used now."""
    values: dict[str, Any] = {"minute": minute, "day": day}
    for n, principal in enumerate(sorted(more)):
        values[f"principal{n}"] = principal
        values |= {f"{name}{n}": getattr(more[principal], name) for name in COUNTED}
    rows = _adding(len(more)).rows(session.connection(), values)
    return {row[0]: Used(*row[1:]) for row in rows}


def take_back(session: Session, day: int, principal: str, tokens: Sequence[bytes]) -> None:
    """What was refused was not seen: asked again, it counts again."""
    rows = [{"day": day, "p": principal, "t": token} for token in tokens]
    session.connection().execute(_FORGET, rows)
    session.connection().execute(_LESS, {"p": principal, "less": len(tokens)})


def forget(session: Session, today: int) -> None:
    """What was asked on earlier days is nobody's business any more."""
    session.connection().execute(_FORGET_OLD, {"day": today})


_FORGET = sa.text("DELETE FROM budget_nik WHERE day = :day AND principal = :p AND token = :t")
_LESS = sa.text("UPDATE budget SET niks = niks - :less WHERE principal = :p")
_FORGET_OLD = sa.text("DELETE FROM budget_nik WHERE day < :day")


@lru_cache(maxsize=TOGETHER)
def _noting(rows: int) -> Prepared:
    values = ", ".join(f"(:day, :p{n}, :t{n})" for n in range(rows))
    return Prepared(
        sa.text(
            f"INSERT INTO budget_nik (day, principal, token) VALUES {values} "
            "ON CONFLICT (day, principal, token) DO NOTHING RETURNING principal, token"
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
