"""What of operations waits: rows in quarantine."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import func, select

from api.web.visitor import Visitor
from api.web.waiting import Waiting
from mdm.compose import Hub
from mdm.hub.tables import Batch


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """Rows that wait for their providers."""
    if not visitor.may("operations.read"):
        return
    with hub.sessions.read() as session:
        n = session.exec(select(func.sum(Batch.quarantined))).one() or 0
    yield Waiting(n, "operations.waiting.quarantined", "/operasi/sumber")
