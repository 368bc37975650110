"""Search: whose acts, about whom, for what, when. The newest first, a page at a time.

Actors and subjects are found by their index, and behind its edge by looking at every event; times
by the moments that tiles keep of their events (clocks may jump, so a time is never taken for an
order).
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

from mdm.audit.events import size, subjects_of
from mdm.audit.parts import PART, edge
from mdm.audit.tiles import WIDTH, made
from mdm.hub.dialect import Dialect, dialect_of
from mdm.hub.tables import AuditActor, AuditEvent, AuditPart, AuditSubject, AuditTile

TOGETHER = 1_000
FEW = 16  # subjects that every event is held against in the database
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

    @cached_property
    def _subject_marks(self) -> tuple[bytes, ...]:
        """One of these stands in the bytes of an event that names a subject; empty where that is not
        sure, for JSON may write other signs than plain ones in several ways."""
        sure = all(one.isascii() and one.isalnum() for one in self.subjects)
        return tuple(one.encode() for one in self.subjects) if sure else ()

    def holds(self, entry: Entry) -> bool:
        """Whether an event is one of those; its subjects are the index's business."""
        return (
            (self.actor is None or entry.actor == self.actor)
            and (self.action is None or entry.action == self.action)
            and (self.purpose is None or entry.details.get("purpose") == self.purpose)
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )

    def among(
        self, column: sa.SQLColumnExpression[bytes], dialect: Dialect
    ) -> Iterator[sa.ColumnElement[bool]]:
        """What the database can say beforehand of an event with that actor and those subjects."""
        if self.actor is not None and self.actor.isascii():
            yield dialect.holds(column, msgspec.json.encode(self.actor))
        if 0 < len(self._subject_marks) <= FEW:
            yield sa.or_(*(dialect.holds(column, mark) for mark in self._subject_marks))

    def names(self, event: bytes) -> bool:
        """Whether actor and subjects of an event are those: what the index says of those it covers."""
        if self.actor is None and not self.subjects:
            return True
        event = bytes(event)
        if self._subject_marks and not any(mark in event for mark in self._subject_marks):
            return False  # a look at its bytes spares reading it
        said = msgspec.json.decode(event)
        return (self.actor is None or said["actor"] == self.actor) and (
            not self.subjects or not subjects_of(said).isdisjoint(self.subjects)
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


def entries(session: Session, wanted: Wanted, *, most: int | None = None) -> Iterator[Entry]:
    """All events wanted, the newest first; of the newest `most` that the index names, if given."""
    for seq, event in islice(_rows(session, wanted, None), most):
        entry = fitting(wanted, seq, event)
        if entry is not None:
            yield entry


def _rows(session: Session, wanted: Wanted, before: int | None) -> Iterator[tuple[int, bytes]]:
    """The events among which those wanted are, the newest first."""
    for low, high in ranges(session, wanted, size(session) if before is None else before):
        yield from _named_between(session, wanted, low, high)


def named(session: Session, wanted: Wanted, top: int) -> set[int]:
    """The events below `top` that have the actor and the subjects wanted, of which there must be one,
    wherever the index ends."""
    behind = edge(session)
    tail = _named_between(session, wanted, behind, top)
    asked = [
        set(session.connection().execute(query).scalars())
        for query in _of_index(wanted, 0, min(top, behind))
    ]
    return set.intersection(*asked) | {seq for seq, _ in tail}


def _named_between(
    session: Session, wanted: Wanted, low: int, high: int
) -> Iterator[tuple[int, bytes]]:
    """Events of a range with the actor and the subjects wanted, the newest first."""
    behind = edge(session)
    for first, last, indexed in ((max(low, behind), high, False), (low, min(high, behind), True)):
        top = last
        while top > first:
            rows = _some(session, wanted, first, top, indexed=indexed)
            yield from (row for row in rows if indexed or wanted.names(row[1]))
            top = rows[-1][0] if len(rows) == TOGETHER else first


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


def _some(
    session: Session, wanted: Wanted, low: int, high: int, *, indexed: bool
) -> list[tuple[int, bytes]]:
    """The newest events of a range, TOGETHER at most: those that the index names, or all."""
    seq = col(AuditEvent.seq)
    query = sa.select(seq, col(AuditEvent.event)).where(seq >= low, seq < high)
    if indexed:
        query = query.where(*(seq.in_(of) for of in _of_index(wanted, low, high)))
    else:
        dialect = dialect_of(session.connection())
        query = query.where(*wanted.among(col(AuditEvent.event), dialect))
    query = query.order_by(seq.desc()).limit(TOGETHER)
    return [(row[0], row[1]) for row in session.connection().execute(query)]


def _of_index(wanted: Wanted, low: int, high: int) -> Iterator[sa.Select[int]]:
    """The events of a range by their subjects, and by their actor, where these are wanted."""
    if wanted.subjects:
        yield _named(AuditSubject, "subject", wanted.subjects, low=low, high=high)
    if wanted.actor is not None:
        yield _named(AuditActor, "actor", [wanted.actor], low=low, high=high)


def _named(
    model: type[AuditActor] | type[AuditSubject],
    column: str,
    names: Sequence[str],
    *,
    low: int,
    high: int,
) -> sa.Select[int]:
    """The events of a range that an index has under some names: asked part by part.

    Parts are listed in a query of their own: joined, SQLite takes their bounds for bounds of the index, and reads
    all that lies between them.
    """
    n = col(AuditPart.n)
    at = col(model.seq)
    parts = sa.select(n).where(n >= low // PART, n <= high // PART)
    return (
        sa.select(at)
        .where(col(model.part).in_(parts), at >= low, at < high)
        .where(getattr(model, column).in_(names))
    )


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
