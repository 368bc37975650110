"""Decoys: people opened and thrown away, so that a question about nobody costs what a hit costs.

Each is drawn for one question and used once: somebody opened again and again would be at hand, and
be told from anybody else by the time it takes.
"""

from __future__ import annotations

import secrets
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session

from mdm.hub.lists import Prepared


def draw_decoys(session: Session, seq: int, count: int) -> list[str]:
    """Ids of so many persons from all over the hub, by chance; none when nothing is published."""
    places = 1 << max(count - 1, 0).bit_length()  # few lengths of the statement
    drawn = _draw(session, seq, [secrets.token_hex(16) for _ in range(places)])
    if None in drawn:  # behind the last id there is nobody: begin anew
        first = _draw(session, seq, [""])[0]
        drawn = [one or first for one in drawn]
    return [one for one in drawn[:count] if one is not None]


def _draw(session: Session, seq: int, starts: list[str]) -> list[str | None]:
    """For each start the next person's id from there."""
    values = {f"s{n}": start for n, start in enumerate(starts)}
    rows = _drawing(len(starts)).rows(session.connection(), {"seq": seq, **values})
    return [row[0] for row in rows]


@lru_cache(maxsize=16)
def _drawing(starts: int) -> Prepared:
    each = " UNION ALL ".join(f"SELECT CAST(:s{n} AS VARCHAR) AS start" for n in range(starts))
    return Prepared(
        sa.text(
            "SELECT (SELECT entity_id FROM entity WHERE entity_id >= starts.start "
            "AND kind = 'person' AND status = 'active' AND created_run <= :seq "
            f"ORDER BY entity_id LIMIT 1) FROM ({each}) starts"
        )
    )
