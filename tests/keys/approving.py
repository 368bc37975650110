"""A second person who approves what the first one asked for."""

from __future__ import annotations

import pytest

from mdm.access import approvals
from mdm.access.errors import SecondPersonError
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.rights import erasing

REASON = "uu27-2022-art43"

SECOND = Principal("second@hub", "staff", frozenset({"supervisor", "key-administrator"}), ("",))


def approve(hub: Hub, approval: str) -> str:
    """Approve a request that waits; its id again."""
    with hub.sessions.begin() as session:
        approvals.answer(session, SECOND, approval, approve=True)
    return approval


def erase(hub: Hub, entity_id: str) -> erasing.Erased:
    """Erase one person with two pairs of eyes."""
    with pytest.raises(SecondPersonError) as waits:
        erasing.erase(hub, entity_id, reason=REASON, actor="first@hub")
    approval = approve(hub, waits.value.approval)
    return erasing.erase(hub, entity_id, reason=REASON, actor="first@hub", approval=approval)
