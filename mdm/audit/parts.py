"""The parts of the index of events: 4,096 events each, whose entries lie together; made a little at a time.

A part is the index's own once all its entries stand. Those of one that was not finished are looked at by nobody, and
are what they will be: events do not change.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from sqlmodel import Session

from mdm.audit.events import subjects_of
from mdm.hub.lists import Prepared
from mdm.hub.tables import AuditActor, AuditPart, AuditSubject

if TYPE_CHECKING:
    from mdm.compose import Hub

PART = 4_096  # events
ACTOR, SUBJECT = ("part", "actor", "seq"), ("part", "subject", "seq")
_LAST = Prepared(sa.text("SELECT n, events FROM audit_part ORDER BY n DESC LIMIT 1"))
_EVENTS = Prepared(
    sa.text("SELECT seq, event FROM audit_event WHERE seq >= :first AND seq < :last ORDER BY seq")
)

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_Entry = tuple[int, str, int]
Entries = tuple[list[_Entry], list[_Entry]]


def edge(session: Session) -> int:
    """How many events, from the first, the index covers."""
    rows = _LAST.rows(session.connection(), {})
    return int(rows[0][0]) * PART + int(rows[0][1]) if rows else 0


class Filing:
    """Makes the part that begins at the edge, all of whose events there are: `read` until it says False, then `write`.

    So many events are read at once, and so many entries written: neighbours, so that each page is written once.
    """

    def __init__(self, first: int, events: int, entries: int) -> None:
        self.first, self.last = first, (first // PART + 1) * PART
        self._events, self._entries = events, entries
        self._next = first
        self._read: list[Entries] = []
        self._left: list[
            tuple[type[AuditActor | AuditSubject], tuple[str, ...], Iterator[_Entry]]
        ] = []

    def read(self, session: Session) -> bool:
        """Read some of its events; False when there are none left."""
        if self._next >= self.last:
            return False
        start, self._next = self._next, min(self._next + self._events, self.last)
        self._read.append(entries(session, start, self._next))
        if self._next == self.last:
            self._left = [
                (AuditActor, ACTOR, merge(*(some[0] for some in self._read))),
                (AuditSubject, SUBJECT, merge(*(some[1] for some in self._read))),
            ]
        return True

    def write(self, hub: Hub, session: Session) -> bool:
        """Write some of its entries in the caller's unit of work; False when the index covers it."""
        connection = session.connection()
        while self._left:
            model, columns, left = self._left[0]
            if some := list(islice(left, self._entries)):
                hub.dialect.load(connection, model, columns, some, known=True)
                return True
            self._left.pop(0)
        hub.dialect.exclusive(connection, "audit index")
        if edge(session) == self.first:  # nobody else was quicker
            cover(hub, session, self.first, self.last)
        return False


def entries(session: Session, first: int, last: int) -> Entries:
    """The entries of events `first` to `last` - 1, all of one part: by actor and by subject, in the index's order."""
    part, actors, subjects = first // PART, [], []
    for at, event in _EVENTS.rows(session.connection(), {"first": first, "last": last}):
        said = _decode(event)
        actors.append((part, said["actor"], at))
        subjects += [(part, one, at) for one in subjects_of(said)]
    return sorted(actors), sorted(subjects)


def cover(hub: Hub, session: Session, first: int, last: int) -> None:
    """From now on the index covers events `first` to `last` - 1, too."""
    row = {"n": first // PART, "events": last - first // PART * PART}
    hub.dialect.upsert(session.connection(), AuditPart, [row])
