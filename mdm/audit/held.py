"""What the hub keeps of its log, as verification reads it: events, hashes of tiles, checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from mdm.audit.tiles import HASH, WIDTH
from mdm.hub.tables import AuditCheckpoint, AuditTile

TILES_TOGETHER = 64  # read at once
TOGETHER = 8_192  # events read at once


@dataclass(frozen=True)
class Signed:
    """A checkpoint: how many events it was signed over, their root, the signed note."""

    size: int
    root: bytes
    note: str


def checkpoints(session: Session) -> list[Signed]:
    """The checkpoints that were signed here, the smallest first."""
    at = col(AuditCheckpoint.size)
    query = sa.select(at, col(AuditCheckpoint.root), col(AuditCheckpoint.note)).order_by(at)
    return [Signed(row[0], bytes(row[1]), row[2]) for row in session.connection().execute(query)]


@dataclass(frozen=True)
class KeptTile:
    """A tile as it was kept: root, hashes, and when its events were."""

    root: bytes
    hashes: bytes
    earliest: str | None
    latest: str | None


class KeptTiles:
    """The tiles of level 0, read some at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._read: dict[int, KeptTile] = {}
        self._from = -1

    def of(self, n: int) -> KeptTile | None:
        """A tile, if it was made."""
        start = n - n % TILES_TOGETHER
        if start != self._from:
            at = col(AuditTile.n)
            query = sa.select(
                at,
                col(AuditTile.root),
                col(AuditTile.hashes),
                col(AuditTile.earliest),
                col(AuditTile.latest),
            ).where(col(AuditTile.level) == 0, at >= start, at < start + TILES_TOGETHER)
            rows = self._session.connection().execute(query).all()
            self._read = {
                n: KeptTile(bytes(top), bytes(hashes), since, until)
                for n, top, hashes, since, until in rows
            }
            self._from = start
        return self._read.get(n)

    def leaf(self, seq: int) -> bytes:
        """What was kept of one event; nothing like a hash when nothing was."""
        kept = self.of(seq // WIDTH)
        at = seq % WIDTH * HASH
        return kept.hashes[at : at + HASH] if kept else b""


def events(session: Session) -> Iterator[Sequence[Any]]:
    """All events in order, some thousands at a time, as the driver gives them: a million rows are
    read faster than wrapped."""
    connection, last = session.connection(), -(1 << 62)
    while True:
        found = connection.exec_driver_sql(
            f"SELECT seq, event, leaf_hash FROM audit_event WHERE seq > {last} "
            f"ORDER BY seq LIMIT {TOGETHER}"
        )
        rows = found.cursor.fetchall() if found.cursor is not None else []
        found.close()
        if not rows:
            return
        yield rows
        last = rows[-1][0]
