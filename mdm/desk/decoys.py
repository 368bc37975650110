"""Decoys: people opened and thrown away, so that a question about nobody costs what a hit costs.

Which of all people stands in for a number follows from the number, as its tokens do: nobody can tell who it is, and
whoever asks about the same number again opens the same people again. Were another drawn each time, nobody would be told
from somebody by asking a hundred times: somebody is at hand by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session

from mdm.hub.lists import Prepared, slices

TOGETHER = 128  # starts in one statement


def draw_decoys(session: Session, seq: int, starts: Sequence[str]) -> list[str]:
    """For each start, an id as entities have, the next person's id from there; none when nothing is published."""
    drawn: list[str | None] = []
    for some in slices(starts, TOGETHER):
        places = 1 << (len(some) - 1).bit_length()  # few lengths of the statement
        drawn += _draw(session, seq, [*some, *[""] * (places - len(some))])[: len(some)]
    if None in drawn:  # behind the last id there is nobody: begin anew
        first = _draw(session, seq, [""])[0]
        drawn = [one or first for one in drawn]
    return [one for one in drawn if one is not None]


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
