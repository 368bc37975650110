"""The index of events by actor and by subject: made behind the log, held against its events.

An act does not wait for it: entries of random ids touch a page each, and would be most of what a
look writes. It is made some thousand events at a time, by whoever keeps the log; what stands behind
its edge is looked through (search.py). Entries lie by part, so that making one writes neighbouring
pages, however long the log has become.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from mdm.audit.events import size, subjects_of
from mdm.hub.dialect import table_of
from mdm.hub.tables import AuditActor, AuditEvent, AuditPart, AuditSubject

if TYPE_CHECKING:
    from mdm.compose import Hub

PART = 4_096  # events
SLICE = 256  # events read at once beside those who are served, who then have their turn
ENTRIES = 512  # written at once, likewise: neighbours, so that each page is written once
REST_SECONDS = 0.01
TOGETHER = 20_000
BUSY = 200  # events between two looks, from which on the index waits
# Events that may stand behind it meanwhile: a search reads them in a twentieth of a second.
BEHIND = 16 * PART

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def edge(session: Session) -> int:
    """How many events, from the first, the index covers."""
    query = select(AuditPart.n, AuditPart.events).order_by(col(AuditPart.n).desc()).limit(1)
    last = session.exec(query).first()
    return last[0] * PART + last[1] if last else 0


def grow_in_time(hub: Hub, before: int) -> int:
    """Index the parts that are full, unless many are served just now and not too much stands behind the index yet:
    whoever else writes takes from SQLite's connections what they remember of the database. `before`: how many events
    there were at the last look; how many there are now."""
    while True:
        with hub.sessions.read() as session:
            held, covered = size(session), edge(session)
        if held - before >= BUSY and held - covered < BEHIND:
            return held
        if not _grow_part(hub):
            return held
        before = held  # a part takes about as long as there is between two looks


def grow(hub: Hub) -> None:
    """Index the parts that are full, a little at a time, so that nobody who is served meanwhile waits for long."""
    while _grow_part(hub):
        pass


def _grow_part(hub: Hub) -> bool:
    """Index the next part; False when it is not full.

    It is the index's own once all its entries stand. Those of one that was not finished are looked at by nobody,
    and are what they will be: events do not change.
    """
    with hub.sessions.read() as session:
        first, held = edge(session), size(session)
    last = (first // PART + 1) * PART
    if held < last:
        return False
    actors, subjects = [], []
    for start in range(first, last, SLICE):
        with hub.sessions.read() as session:
            some = _entries(session, start, min(start + SLICE, last))
        actors += some[0]
        subjects += some[1]
        time.sleep(REST_SECONDS)
    for model, entries in ((AuditActor, sorted(actors)), (AuditSubject, sorted(subjects))):
        for start in range(0, len(entries), ENTRIES):
            _add(hub, model, entries[start : start + ENTRIES])
            time.sleep(REST_SECONDS)
    with hub.sessions.again() as session:
        hub.dialect.exclusive(session.connection(), "audit index")
        if edge(session) == first:  # no other process was quicker
            _cover(hub, session, first, last)
    return True


def reindex(hub: Hub) -> int:
    """Make the index anew from the events, up to the last one; how many entries it has."""
    with hub.sessions.begin() as session:
        connection = session.connection()
        hub.dialect.exclusive(connection, "audit index")
        for model in (AuditActor, AuditSubject, AuditPart):
            connection.execute(sa.delete(model))
        held = size(session)
        return sum(
            _write(hub, session, first, last, _entries(session, first, last))
            for first in range(0, held, PART)
            for last in [min(first + PART, held)]
        )


def _add(hub: Hub, model: type[AuditActor] | type[AuditSubject], entries: Sequence[_Entry]) -> None:
    """Neighbouring entries of a part, unless they stand already."""
    names = [column.name for column in table_of(model).primary_key]
    rows = [dict(zip(names, entry, strict=True)) for entry in entries]
    with hub.sessions.again() as session:
        hub.dialect.upsert(session.connection(), model, rows)


_Entry = tuple[int, str, int]
_Entries = tuple[list[_Entry], list[_Entry]]


def _entries(session: Session, first: int, last: int) -> _Entries:
    """The entries of events `first` to `last` - 1, all of one part, in the order of the index."""
    seq, part = col(AuditEvent.seq), first // PART
    query = sa.select(seq, col(AuditEvent.event)).where(seq >= first, seq < last)
    actors, subjects = [], []
    for at, event in session.connection().execute(query):
        said = _decode(event)
        actors.append((part, said["actor"], at))
        subjects += [(part, one, at) for one in subjects_of(said)]
    return sorted(actors), sorted(subjects)


def _write(hub: Hub, session: Session, first: int, last: int, entries: _Entries) -> int:
    connection, (actors, subjects) = session.connection(), entries
    _cover(hub, session, first, last)
    return hub.dialect.load(
        connection, AuditActor, ("part", "actor", "seq"), actors
    ) + hub.dialect.load(connection, AuditSubject, ("part", "subject", "seq"), subjects)


def _cover(hub: Hub, session: Session, first: int, last: int) -> None:
    """From now on the index covers events `first` to `last` - 1, too."""
    row = {"n": first // PART, "events": last - first // PART * PART}
    hub.dialect.upsert(session.connection(), AuditPart, [row])


class Index:
    """What the index should hold, as counts and order-free sums: nothing is kept of a million events."""

    def __init__(self, session: Session) -> None:
        self._edge = edge(session)
        self._actors = self._subjects = 0
        self._actor_sum = self._subject_sum = 0

    def add(self, seq: int, said: Any) -> None:
        """One event: `said` has `actor` and the details that name subjects."""
        if seq >= self._edge:
            return
        part = seq // PART
        self._actors += 1
        self._actor_sum += hash((part, said.actor, seq))
        for subject in _subjects(said):
            self._subjects += 1
            self._subject_sum += hash((part, subject, seq))

    def differences(self, session: Session) -> list[str]:
        """What the index holds otherwise, in words."""
        parts = -(-self._edge // PART)
        rows = (
            ("actors", self._sum(session, AuditActor), (self._actors, self._actor_sum)),
            ("subjects", self._sum(session, AuditSubject), (self._subjects, self._subject_sum)),
            ("parts", _parts(session), (parts, self._edge)),
        )
        return [
            f"The index of {what} does not agree with the events: {found[0]:,} entries, "
            f"{expected[0]:,} expected. Searches may miss events; `dtsen audit reindex` makes it anew."
            for what, found, expected in rows
            if found != expected
        ]

    def _sum(
        self, session: Session, model: type[AuditActor] | type[AuditSubject]
    ) -> tuple[int, int]:
        """Entries of an index below its edge, and the order-free sum over them."""
        table = table_of(model)
        rows = total = 0
        names = ", ".join(column.name for column in table.primary_key)
        asked = f"SELECT {names} FROM {table.name} WHERE seq < {self._edge}"
        found = session.connection().exec_driver_sql(asked)
        while found.cursor is not None and (some := _some(found.cursor)):
            rows += len(some)
            total += sum(map(hash, some))
        found.close()
        return rows, total


def _subjects(said: Any) -> Iterable[str]:
    """As `subjects_of` has it; most events name one entity or none, and nothing else."""
    entities = said.entity_id
    if said.batch is said.run is said.job is said.id is None:
        if entities is None:
            return ()
        if type(entities) is list and len(entities) == 1 and type(entities[0]) is str:
            return entities
    found: set[Any] = set(entities) if type(entities) is list else {entities}
    for value in (said.batch, said.run, said.job, said.id):
        found.update(value if type(value) is list else (value,))
    return {one for one in found if type(one) is str}


def _some(cursor: Any) -> Sequence[tuple[int, str, int]]:
    found: Sequence[tuple[int, str, int]] = cursor.fetchmany(TOGETHER)
    return found


def _parts(session: Session) -> tuple[int, int]:
    """How many parts there are, and how many events they say they cover."""
    counted = select(func.count(), func.coalesce(func.sum(AuditPart.events), 0))
    count, events = session.exec(counted).one()
    return int(count), int(events)
