"""What somebody else did meanwhile: a row that is another than it was when a unit of work read it is not written over.

An embedded database has one writer at a time, and a writing unit of work reads what it will be to write on. Elsewhere
two may read one row, and the second would undo what the first did with it, or decide what is decided. Whoever locks the
row, or waits for a turn and reads then, never meets this.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_mapper

from mdm.errors import ConflictError
from mdm.hub.dialect import dialect_of

TOGETHER = 500  # rows looked at in one go


def somebody_else() -> ConflictError:
    """Two did the same at once, and this one was the second."""
    return ConflictError(
        "Somebody else has just decided or changed this; nothing was done.",
        "Look at it again, then decide.",
        code="meanwhile",
    )


@sa.event.listens_for(Session, "before_flush")
def _look(session: Session, _context: Any, _instances: Any) -> None:
    """ConflictError where a row that will be written does not say any more what it said when it was read."""
    found: dict[sa.Table, list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = defaultdict(list)
    for row in session.dirty:
        if was := dict(_before(row)):
            found[object_mapper(row).local_table].append((_key(row), was))  # type: ignore[index]
    for row in session.deleted:
        found[object_mapper(row).local_table].append((_key(row), {}))  # type: ignore[index]
    if not found or dialect_of(session.connection()).embedded:
        return
    for table in sorted(found, key=lambda one: one.name):
        for at in range(0, len(found[table]), TOGETHER):
            _compare(session, table, found[table][at : at + TOGETHER])


def _before(row: Any) -> Iterator[tuple[str, Any]]:
    """Of the columns that will be written, what they said when they were read."""
    for attribute in sa.inspect(row).attrs:
        history = attribute.history
        if history.has_changes() and history.deleted:
            yield attribute.key, history.deleted[0]


def _key(row: Any) -> dict[str, Any]:
    names = [column.name for column in object_mapper(row).primary_key]
    return dict(zip(names, sa.inspect(row).identity, strict=True))


def _compare(
    session: Session, table: sa.Table, some: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> None:
    key, says = list(table.primary_key), sorted({name for _, was in some for name in was})
    sought = [tuple(one[column.name] for column in key) for one, _ in some]
    query = sa.select(*key, *(table.c[name] for name in says))
    query = query.where(sa.tuple_(*key).in_(sought)).order_by(*key).with_for_update()
    rows = session.connection().execute(query).mappings()
    now = {tuple(row[column.name] for column in key): row for row in rows}
    for place, (_, was) in zip(sought, some, strict=True):
        row = now.get(place)
        if row is None or any(row[name] != value for name, value in was.items()):
            raise somebody_else()
