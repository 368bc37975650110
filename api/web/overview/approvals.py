"""Approvals and alarms that wait for somebody."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import col, func, select

from api.web.visitor import Visitor
from api.web.waiting import Waiting
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import Approval


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """Requests of others that wait for a second person."""
    if not visitor.may("approval.decide"):
        return
    with hub.sessions.read() as session:
        n = session.exec(
            select(func.count()).where(
                Approval.state == "waiting",
                Approval.expires > now(),
                col(Approval.requested_by) != visitor.id,
            )
        ).one()
    yield Waiting(n, "overview.waiting.approvals", "/")
