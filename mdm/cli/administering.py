"""What the administration commands share: who acts, secrets read, lists shown."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from mdm.cli.answers import emit_json, table
from mdm.cli.session import Session


def operator() -> str:
    """Who acts at this machine, as the audit log names them."""
    return f"command line: {getpass.getuser()}"


def ask(prompt: str) -> str:
    """A secret: hidden while it is typed at a terminal, else the next line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")


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
