"""The index of events by actor and by subject, held against the events it was made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session

from mdm.audit.events import size, subjects_of
from mdm.audit.search import Wanted, entries
from mdm.hub.tables import AuditActor, AuditSubject

if TYPE_CHECKING:
    from mdm.compose import Hub

TOGETHER = 20_000


class Index:
    """What the index should hold, as counts and order-free sums: nothing is kept of a million events."""

    def __init__(self) -> None:
        self._actors = self._subjects = 0
        self._actor_sum = self._subject_sum = 0

    def add(self, seq: int, said: Any) -> None:
        """One event: `said` has `actor` and the details that name subjects."""
        self._actors += 1
        self._actor_sum += hash((said.actor, seq))
        for subject in _subjects(said):
            self._subjects += 1
            self._subject_sum += hash((subject, seq))

    def differences(self, session: Session) -> list[str]:
        """What the index holds otherwise, in words."""
        held = (
            ("actors", AuditActor.__table__, self._actors, self._actor_sum),  # type: ignore[attr-defined]
            ("subjects", AuditSubject.__table__, self._subjects, self._subject_sum),  # type: ignore[attr-defined]
        )
        return [
            f"The index of {what} does not agree with the events: {rows:,} entries, {expected:,} "
            "expected. Searches may miss events; `dtsen audit reindex` makes it anew."
            for what, table, expected, total in held
            for rows, found in [_sum(session, table)]
            if (rows, found) != (expected, total)
        ]


def reindex(hub: Hub) -> int:
    """Make the index anew from the events; how many entries it has."""
    with hub.sessions.begin() as session:
        connection = session.connection()
        hub.dialect.exclusive(connection, "audit")
        for model in (AuditActor, AuditSubject):
            connection.execute(sa.delete(model))
        count, actors, subjects = 0, [], []
        for entry in entries(session, Wanted(), before=size(session)):
            actors.append((entry.actor, entry.seq))
            subjects += [(one, entry.seq) for one in subjects_of(entry.details)]
            if len(actors) + len(subjects) >= TOGETHER:
                count += _write(hub, connection, actors, subjects)
                actors, subjects = [], []
        return count + _write(hub, connection, actors, subjects)


def _write(
    hub: Hub,
    connection: sa.Connection,
    actors: list[tuple[str, int]],
    subjects: list[tuple[str, int]],
) -> int:
    return hub.dialect.load(connection, AuditActor, ("actor", "seq"), actors) + hub.dialect.load(
        connection, AuditSubject, ("subject", "seq"), subjects
    )


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


def _sum(session: Session, table: sa.Table) -> tuple[int, int]:
    """Entries of an index, and the order-free sum over them."""
    rows = total = 0
    name = next(column.name for column in table.primary_key if column.name != "seq")
    found = session.connection().exec_driver_sql(f"SELECT {name}, seq FROM {table.name}")
    while found.cursor is not None and (some := found.cursor.fetchmany(TOGETHER)):
        rows += len(some)
        total += sum(map(hash, some))
    found.close()
    return rows, total
