"""What waits for somebody: each room of the workbench offers one small function that counts it.

    def waiting(hub: Hub, visitor: Visitor) -> Iterable[Waiting]: …

It reads an index, opens nobody, and yields nothing for whom it is not for. A new room adds its
function to ROOMS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from api.web.visitor import Visitor
from mdm.compose import Hub


@dataclass(frozen=True)
class Waiting:
    """A count with what it is of and where to go: `key` of the texts takes `n`."""

    n: int
    key: str
    path: str
    tone: Literal["plain", "urgent"] = "plain"
    detail: str = ""  # a key of the texts, for one more sentence


Room = Callable[[Hub, Visitor], Iterable[Waiting]]


def waits_for(hub: Hub, visitor: Visitor, rooms: Iterable[Room]) -> list[Waiting]:
    """Everything that waits for somebody, the rooms in their order."""
    return [one for room in rooms for one in room(hub, visitor)]
