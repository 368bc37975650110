"""A second person who approves what the first one asked for."""

from __future__ import annotations

from mdm.access import approvals
from mdm.access.terms import Principal
from mdm.compose import Hub

SECOND = Principal("second@hub", "staff", frozenset({"supervisor", "key-administrator"}), ("",))


def approve(hub: Hub, approval: str) -> str:
    """Approve a request that waits; its id again."""
    with hub.sessions.begin() as session:
        approvals.answer(session, SECOND, approval, approve=True)
    return approval
