"""Logs to test with: acts of nobody, many at once, under checkpoints."""

from __future__ import annotations

from collections.abc import Callable

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


def keep_log(*counts: int) -> Callable[[Hub], None]:
    """Fills a home with so many looks, and a checkpoint after each of the counts."""

    def fill(hub: Hub) -> None:
        for count in counts:
            act(hub, count)
            audit.checkpoint(hub)

    return fill
