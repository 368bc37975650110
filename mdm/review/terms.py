"""The terms of review: states of a task, what an answer says, what is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: States of a task: to be answered; waiting for a supervisor; answered, not yet seen in a run; over.
OPEN, PARKED, DECIDED, CLOSED = "open", "parked", "decided", "closed"
#: Why a task is parked.
NOBODY_SURE, DISAGREEMENT = "unsure", "disagreement"
#: What an answer comes to.
SAME, DIFFERENT, SPLIT, UNSURE = "same", "different", "split", "unsure"
#: States of an answer: waits for another's; its judgements stand; others agreed on another; taken back.
WAITING, JUDGED, OUTVOTED, UNDONE = "waiting", "decided", "outvoted", "undone"


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """An open question (mdm/questions) as its row has it; `other` is '' when it lies inside the entity."""

    entity_id: str
    question: str
    other: str
    kind: str
    weight: float | None
    reason: str


def packed(names: Iterable[str]) -> str:
    """Names as one text that can be searched for `|name|`."""
    listed = sorted(set(names))
    return f"|{'|'.join(listed)}|" if listed else ""


def unpacked(text: str) -> tuple[str, ...]:
    """The names again."""
    return tuple(filter(None, text.split("|")))
