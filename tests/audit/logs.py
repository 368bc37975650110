"""Logs to test with: acts of nobody, many at once."""

from __future__ import annotations

from mdm import audit
from mdm.audit import Event
from mdm.compose import Hub


def act(hub: Hub, count: int, actor: str = "officer") -> None:
    """Record so many looks, each about an entity of its own."""
    made = [
        Event(actor, "look", {"entity_id": f"e{n}", "found": True, "purpose": "verification"})
        for n in range(count)
    ]
    with hub.sessions.begin() as session:
        audit.record_many(session, made)
