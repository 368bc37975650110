"""Tiles: the tree's hashes, 256 together, kept so that roots and proofs read a few rows.

A tile of level 0 holds 256 leaf hashes, one of level 1 the roots of 256 tiles of level 0, and so
on (after C2SP tlog-tiles). Only full ones are kept, when the log is checkpointed; what stands
behind them is read from the events. Tiles are a help, never believed: `verify` makes them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from sqlmodel import Session, col

from mdm.audit.tree import fold, leaf_hash
from mdm.errors import IntegrityError
from mdm.hub.lists import Prepared
from mdm.hub.tables import AuditEvent, AuditTile

if TYPE_CHECKING:
    from mdm.compose import Hub

WIDTH, HEIGHT, HASH = 256, 8, 32
TOGETHER = 64  # tiles made in one unit of work: 16,384 events
_MADE = Prepared(sa.text("SELECT max(n) FROM audit_tile WHERE level = :level"))
_COLUMNS = ("level", "n", "root", "earliest", "latest", "hashes")

Leaf = tuple[bytes, bytes]  # an event's leaf hash and its bytes
Row = tuple[int, int, bytes, str | None, str | None, bytes]


class _Moment(msgspec.Struct):
    at: str


_moment = msgspec.json.Decoder(_Moment)


class TreeOf:
    """Node hashes of the first `size` events; called as `tree.Nodes`. Reads what it needs once.

    The full tiles below `size` must have been made.
    """

    def __init__(self, session: Session, size: int) -> None:
        self._session = session
        self._size = size
        self._levels: dict[tuple[int, int], list[list[bytes]]] = {}
        self._roots: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        tile_level, inside = divmod(level, HEIGHT)
        n = index >> (HEIGHT - inside)
        if inside == 0 and tile_level:
            return self._root(tile_level - 1, index)
        if (tile_level, n) not in self._levels:
            self._levels[tile_level, n] = fold(self._hashes(tile_level, n))
        return self._levels[tile_level, n][inside][index - (n << (HEIGHT - inside))]

    def _root(self, level: int, n: int) -> bytes:
        if (level, n) not in self._roots:
            where = sa.and_(col(AuditTile.level) == level, col(AuditTile.n) == n)
            self._roots[level, n] = self._read(sa.select(col(AuditTile.root)).where(where), 1)[0]
        return self._roots[level, n]

    def _hashes(self, level: int, n: int) -> list[bytes]:
        """The hashes of a tile; of one that is not full yet, those there are."""
        below = self._size >> (HEIGHT * level)  # hashes there are on this level
        first, last = n * WIDTH, min((n + 1) * WIDTH, below)
        if last - first == WIDTH:
            where = sa.and_(col(AuditTile.level) == level, col(AuditTile.n) == n)
            (held,) = self._read(sa.select(col(AuditTile.hashes)).where(where), 1)
            return [held[at : at + HASH] for at in range(0, len(held), HASH)]
        if level == 0:
            seq = col(AuditEvent.seq)
            leaves = sa.select(col(AuditEvent.leaf_hash)).where(seq >= first, seq < last)
            return self._read(leaves.order_by(seq), last - first)
        below_n = col(AuditTile.n)
        roots = sa.select(col(AuditTile.root)).where(
            col(AuditTile.level) == level - 1, below_n >= first, below_n < last
        )
        return self._read(roots.order_by(below_n), last - first)

    def _read(self, query: sa.Select[Any], expected: int) -> list[bytes]:
        found = [bytes(row[0]) for row in self._session.connection().execute(query)]
        if len(found) != expected:
            raise IntegrityError(
                "Events of the audit log, or hashes kept of them, are missing.",
                "Run `dtsen audit verify`; it says which.",
            )
        return found


def grow(hub: Hub, size: int) -> None:
    """Make the full tiles of the first `size` events that are not made yet, in short units of work.

    Every event is hashed again on the way: IntegrityError for one that is missing or was altered.
    """
    while True:
        with hub.sessions.read() as session:
            first = made(session, 0)
            last = min(size // WIDTH, first + TOGETHER)
            if first >= last:
                break
            rows = [_leaf_tile(session, n) for n in range(first, last)]
        with hub.sessions.begin_volatile() as session:
            _add(hub, session, first, rows)
    _grow_above(hub, size)


def made(session: Session, level: int) -> int:
    """How many tiles of a level there are."""
    ((last,),) = _MADE.rows(session.connection(), {"level": level})
    return 0 if last is None else int(last) + 1


def check_leaves(session: Session, first: int, last: int) -> list[Leaf]:
    """Leaf hash and event of events first to last - 1, each hashed again.

    IntegrityError for an event that is missing or whose bytes do not match its hash.
    """
    seq = col(AuditEvent.seq)
    query = sa.select(seq, col(AuditEvent.event), col(AuditEvent.leaf_hash))
    rows: Any = session.connection().execute(query.where(seq >= first, seq < last).order_by(seq))
    found = []
    for expected, (at, event, leaf) in enumerate(rows, first):
        if at != expected:
            raise _damaged(expected, "is missing")
        if leaf_hash(event) != leaf:
            raise _damaged(expected, "was altered")
        found.append((bytes(leaf), bytes(event)))
    if len(found) != last - first:
        raise _damaged(first + len(found), "is missing")
    return found


def _damaged(seq: int, what: str) -> IntegrityError:
    return IntegrityError(
        f"Event {seq} of the audit log {what}.",
        "Run `dtsen audit verify`, and find out who could write to the hub.",
    )


def add_tile(hub: Hub, session: Session, n: int, leaves: Sequence[Leaf]) -> None:
    """Keep tile `n` of level 0, and those above that it fills, in the caller's unit of work, unless they stand."""
    _add(hub, session, n, [_leaf_row(n, leaves)])
    level = 1
    while (n + 1) % WIDTH == 0:
        n = (n + 1) // WIDTH - 1
        _add(hub, session, n, [_tile_above(session, level, n)])
        level += 1


def _leaf_tile(session: Session, n: int) -> Row:
    return _leaf_row(n, check_leaves(session, n * WIDTH, (n + 1) * WIDTH))


def _leaf_row(n: int, leaves: Sequence[Leaf]) -> Row:
    moments = [_moment.decode(event).at for _, event in leaves]
    hashes = [leaf for leaf, _ in leaves]
    return 0, n, fold(hashes)[-1][0], min(moments), max(moments), b"".join(hashes)


def _grow_above(hub: Hub, size: int) -> None:
    """The tiles of the levels above."""
    level = 1
    while size >> (HEIGHT * (level + 1)):
        with hub.sessions.read() as session:
            first, last = made(session, level), size >> (HEIGHT * (level + 1))
            rows = [_tile_above(session, level, n) for n in range(first, last)]
        if rows:
            with hub.sessions.begin_volatile() as session:
                _add(hub, session, first, rows)
        level += 1


def _tile_above(session: Session, level: int, n: int) -> Row:
    at = col(AuditTile.n)
    query = sa.select(col(AuditTile.root)).where(
        col(AuditTile.level) == level - 1, at >= n * WIDTH, at < (n + 1) * WIDTH
    )
    roots = [bytes(row[0]) for row in session.connection().execute(query.order_by(at))]
    if len(roots) != WIDTH:
        raise _damaged(n << (HEIGHT * (level + 1)), "or one soon after it is missing")
    return level, n, fold(roots)[-1][0], None, None, b"".join(roots)


def _add(hub: Hub, session: Session, first: int, rows: Sequence[Row]) -> None:
    """Add tiles of one level, unless another process was quicker."""
    connection = session.connection()
    hub.dialect.exclusive(connection, "audit tiles")
    if made(session, rows[0][0]) == first:
        hub.dialect.load(connection, AuditTile, _COLUMNS, list(rows))
