"""Proposals that wait for somebody's step."""

from __future__ import annotations

from collections.abc import Iterator

from api.web.visitor import Visitor
from api.web.waiting import Waiting
from mdm.compose import Hub
from mdm.corrections.lists import count_returned, count_waiting


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """How many wait, urgent when one is late; how many of one's own came back."""
    if visitor.principal is None or not visitor.may("correction.read"):
        return
    n, late = count_waiting(hub, visitor.principal)
    if n:
        yield Waiting(
            n,
            "officer.waiting",
            "/perbaikan",
            "urgent" if late else "plain",
            "officer.waiting.late" if late else "",
        )
    if visitor.may("correction.propose") and (back := count_returned(hub, visitor.principal)):
        yield Waiting(back, "officer.waiting.returned", "/perbaikan", "urgent")
