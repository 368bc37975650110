"""What the administration commands share: how a list is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mdm.cli.answers import emit_json, table
from mdm.cli.session import Session


def printed(session: Session, name: str, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A list, as JSON or as a table."""
    if session.json:
        emit_json(session, {name: rows})
        return
    columns = list(rows[0]) if rows else ["nothing"]
    cells = [[_joined(row[column]) for column in columns] for row in rows]
    session.out.print(table(title, [column.replace("_", " ") for column in columns], cells))


def _joined(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
