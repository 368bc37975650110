"""What somebody with all rights on the database could do to the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mdm.compose import Hub
from mdm.hub.tables import APPEND_ONLY


def tamper(hub: Hub, *statements: str, **values: Any) -> None:
    """Take the guards away and carry out statements."""
    with hub.sessions.engine.begin() as connection:
        for table in (*APPEND_ONLY, "snapshot"):
            if connection.dialect.name == "sqlite":
                for verb in ("update", "delete"):
                    drop = f"DROP TRIGGER IF EXISTS {table}_no_{verb}"
                    connection.execute(sa.text(drop))
            else:
                connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        for statement in statements:
            connection.execute(sa.text(statement), values)


def forge(hub: Hub, seq: int, event: bytes, leaf: bytes) -> None:
    """Put other bytes in an event's place, hash and all."""
    change: Mapping[str, Any] = {"seq": seq, "event": event, "leaf": leaf}
    tamper(
        hub, "UPDATE audit_event SET event = :event, leaf_hash = :leaf WHERE seq = :seq", **change
    )
