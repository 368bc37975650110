"""Search: whose acts, about whom, for what, when. The newest first, a page at a time.

Actors and subjects are found by their index; times by the moments that tiles keep of their events
(clocks may jump, so a time is never taken for an order).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlmodel import Session, col

from mdm.audit.events import size
from mdm.audit.tiles import WIDTH, made
from mdm.hub.tables import AuditActor, AuditEvent, AuditSubject, AuditTile

TOGETHER = 1_000
_ALWAYS = ("at", "actor", "action")


@dataclass(frozen=True)
class Entry:
    """One event, read. `details` is all it says beside its time, actor and action."""

    seq: int
    at: datetime
    actor: str
    action: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What is searched for; every part that is given must hold. `since` is included, `until` not."""

    actor: str | None = None
    subjects: Sequence[str] = ()
    action: str | None = None
    purpose: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @cached_property
    def marks(self) -> tuple[bytes, ...]:
        """What must stand in the bytes of such an event, however its JSON is laid out."""
        said = (self.actor, self.action, self.purpose)
        return tuple(msgspec.json.encode(one) for one in said if one and one.isascii())

    def holds(self, entry: Entry) -> bool:
        """Whether an event is one of those; its subjects are the index's business."""
        return (
            (self.actor is None or entry.actor == self.actor)
            and (self.action is None or entry.action == self.action)
            and (self.purpose is None or entry.details.get("purpose") == self.purpose)
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


@dataclass(frozen=True)
class Page:
    """Some events, the newest first. `before`: what to ask for next, None at the end; `bounded`: so
    many were looked at that the search stops here, however few it found."""

    events: list[Entry]
    before: int | None
    bounded: bool = False


def search(
    session: Session,
    wanted: Wanted,
    *,
    before: int | None = None,
    limit: int = 100,
    most: int | None = None,
) -> Page:
    """A page of events with a smaller sequence number than `before`, after looking at `most`."""
    found: list[Entry] = []
    for looked, (seq, event) in enumerate(_rows(session, wanted, before)):
        if looked == most:
            return Page(found, seq + 1, bounded=True)
        entry = fitting(wanted, seq, event)
        if entry is None:
            continue
        if len(found) == limit:
            return Page(found, found[-1].seq)
        found.append(entry)
    return Page(found, None)


def entries(
    session: Session, wanted: Wanted, *, before: int | None = None, most: int | None = None
) -> Iterator[Entry]:
    """All events wanted, the newest first; of the newest `most` that the index names, if given."""
    for seq, event in islice(_rows(session, wanted, before), most):
        entry = fitting(wanted, seq, event)
        if entry is not None:
            yield entry


def _rows(session: Session, wanted: Wanted, before: int | None) -> Iterator[tuple[int, bytes]]:
    """The events among which those wanted are, the newest first."""
    for low, high in ranges(session, wanted, size(session) if before is None else before):
        top = high
        while top > low:
            rows = _some(session, wanted, low, top)
            yield from rows
            top = rows[-1][0] if len(rows) == TOGETHER else low


def fitting(wanted: Wanted, seq: int, event: bytes) -> Entry | None:
    """The event, read, if it is wanted (its subjects aside). One quick look at its bytes spares reading most others."""
    event = bytes(event)
    if all(mark in event for mark in wanted.marks):
        entry = read(seq, event)
        return entry if wanted.holds(entry) else None
    return None


def read(seq: int, event: bytes) -> Entry:
    """An event from its bytes."""
    said = msgspec.json.decode(event)
    details = {name: value for name, value in said.items() if name not in _ALWAYS}
    at = datetime.fromisoformat(said["at"])
    return Entry(seq, at, said["actor"], said["action"], details)


def _some(session: Session, wanted: Wanted, low: int, high: int) -> list[tuple[int, bytes]]:
    """The newest events of a range that the index names, TOGETHER at most."""
    seq = col(AuditEvent.seq)
    query = sa.select(seq, col(AuditEvent.event)).where(seq >= low, seq < high)
    if wanted.subjects:
        about = col(AuditSubject.seq)
        named = sa.select(about).where(col(AuditSubject.subject).in_(wanted.subjects))
        query = query.where(seq.in_(named.where(about >= low, about < high)))
    if wanted.actor is not None:
        acts = col(AuditActor.seq)
        own = sa.select(acts).where(col(AuditActor.actor) == wanted.actor)
        query = query.where(seq.in_(own.where(acts >= low, acts < high)))
    query = query.order_by(seq.desc()).limit(TOGETHER)
    return [(row[0], row[1]) for row in session.connection().execute(query)]


def ranges(session: Session, wanted: Wanted, top: int) -> Iterator[tuple[int, int]]:
    """Where events of the time wanted can be, the newest first."""
    if wanted.since is None and wanted.until is None:
        yield 0, top
        return
    edge = made(session, 0) * WIDTH  # behind it no tile knows any time
    if edge < top:
        yield edge, top
    n = col(AuditTile.n)
    query = sa.select(n).where(col(AuditTile.level) == 0, n * WIDTH < top)
    if wanted.since is not None:
        query = query.where(col(AuditTile.latest) >= _text(wanted.since))
    if wanted.until is not None:
        query = query.where(col(AuditTile.earliest) <= _text(wanted.until))
    tiles = [row[0] for row in session.connection().execute(query.order_by(n.desc()))]
    for high, low in _neighbours(tiles):
        yield low * WIDTH, min((high + 1) * WIDTH, top)


def _neighbours(tiles: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of neighbouring numbers in a falling list, as (highest, lowest)."""
    start = 0
    for at in range(1, len(tiles) + 1):
        if at == len(tiles) or tiles[at] != tiles[at - 1] - 1:
            yield tiles[start], tiles[at - 1]
            start = at


def _text(moment: datetime) -> str:
    """A moment as events write it."""
    return moment.astimezone(UTC).isoformat()
