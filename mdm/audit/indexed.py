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

import sqlalchemy as sa
from sqlmodel import Session, func, select

from mdm.audit.events import size
from mdm.audit.parts import ACTOR, PART, SUBJECT, Entries, Filing, cover, edge, entries
from mdm.hub.dialect import table_of
from mdm.hub.tables import AuditActor, AuditPart, AuditSubject

if TYPE_CHECKING:
    from mdm.compose import Hub

SLICE = 256  # events read at once beside those who are served, who then have their turn
ENTRIES = 512  # written at once, likewise
REST_SECONDS = 0.01
TOGETHER = 20_000
BUSY = 200  # events between two looks, from which on the index waits
# Events that may stand behind it meanwhile: a search reads them in a twentieth of a second.
BEHIND = 16 * PART


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


def _grow_part(hub: Hub) -> bool:
    """Index the next part, a little at a time, so that nobody who is served meanwhile waits for long; False when it is
    not full."""
    with hub.sessions.read() as session:
        part = Filing(edge(session), SLICE, ENTRIES)
        if size(session) < part.last:
            return False
    more = True
    while more:
        with hub.sessions.read() as session:
            more = part.read(session)
        time.sleep(REST_SECONDS)
    more = True
    while more:
        with hub.sessions.begin_volatile() as session:
            more = part.write(hub, session)
        time.sleep(REST_SECONDS)
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
            _write(hub, session, first, last, entries(session, first, last))
            for first in range(0, held, PART)
            for last in [min(first + PART, held)]
        )


def _write(hub: Hub, session: Session, first: int, last: int, made: Entries) -> int:
    connection, (actors, subjects) = session.connection(), made
    cover(hub, session, first, last)
    return hub.dialect.load(connection, AuditActor, ACTOR, actors) + hub.dialect.load(
        connection, AuditSubject, SUBJECT, subjects
    )


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
