"""What of operations waits: rows in quarantine."""

from __future__ import annotations

from collections.abc import Iterator

from api.web.visitor import Visitor
from api.web.waiting import Waiting
from mdm import figures
from mdm.compose import Hub


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """Rows that wait for their providers, as the published run found them."""
    if not visitor.may("operations.read"):
        return
    with hub.sessions.read() as session:
        seq = figures.newest(session)
        n = sum(one.count for one in figures.read(session, seq, "quarantine")) if seq else 0
    yield Waiting(n, "operations.waiting.quarantined", "/operasi/sumber")
