"""What a unit of work changes of the rows that the log holds: noticed by itself, told by its next event.

Before a row is written, what its group said is digested; when the event is recorded, what it says now. The event tells
both: who altered the row before, past the hub, cannot hide behind the next act upon it. What is left untold when the
unit of work ends gets an event of its own: no act can forget to tell.

Rows that are written in bulk pass this by: there `note` is called before, by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session

from mdm.audit import vouched
from mdm.audit.vouched import BY_MODEL, EMPTY, Holds, Table
from mdm.hub.dialect import dialect_of

_NOTED = "rows that the log holds"  # in a session: (table, group) → digest before


def note(session: Session, table: Table, *groups: str) -> None:
    """Some groups will be changed past the session's own rows: what they say now."""
    noted = session.info.setdefault(_NOTED, {})
    for group in groups:
        if (table.called, group) not in noted:
            _take_turn(session, table, group)
            noted[table.called, group] = vouched.digest(session, table, group)


def _take_turn(session: Session, table: Table, group: str) -> None:
    """Until this unit of work ends no other changes the group: each would tell of it without the other's rows."""
    connection = session.connection()
    dialect_of(connection).exclusive(connection, f"rows of {table.called} {group}")


def told(session: Session) -> Holds | None:
    """What this unit of work has changed since its last event; from then on it counts as told."""
    noted = session.info.pop(_NOTED, None)
    if not noted:
        return None
    found: dict[str, dict[str, str | list[str]]] = {}
    for (name, group), before in sorted(noted.items()):
        now = vouched.digest(session, vouched.BY_NAME[name], group)
        if now != before:
            found.setdefault(name, {})[group] = now if before == EMPTY else [before, now]
    return found or None


def _changed(session: OrmSession) -> Iterator[tuple[Table, Any]]:
    """The rows that are about to be written, of those that the log holds."""
    for row in (*session.new, *session.deleted):
        if table := BY_MODEL.get(type(row)):
            yield table, row
    for row in session.dirty:
        if table := BY_MODEL.get(type(row)):
            attributes = sa.inspect(row).attrs
            if any(attributes[name].history.has_changes() for name in table.says):
                yield table, row


# Before it is looked at what somebody else did with the rows: whoever waits for a turn holds no row.
@sa.event.listens_for(OrmSession, "before_flush", insert=True)
def _notice(session: OrmSession, _context: Any, _instances: Any) -> None:
    # In one order, so that of two units of work with several groups one waits, not both.
    for name, group in sorted(
        {(table.called, table.group(row)) for table, row in _changed(session)}
    ):
        note(session, vouched.BY_NAME[name], group)  # type: ignore[arg-type]
