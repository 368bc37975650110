"""A task's place in the order, from what the task itself says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mdm.hub.tables import ReviewTask
from mdm.questions.finding import HOLD_NOTHING
from mdm.review.cost import Stake, parts_of, rank_of
from mdm.review.document import load_rules
from mdm.review.terms import unpacked


def ranked(task: ReviewTask) -> None:
    """Give a task its place in the order."""
    said = {name: getattr(task, name) for name in _SAYS}
    task.parts, task.rank = place_of(said, task.opened)


def place_of(says: Mapping[str, Any], opened: datetime) -> tuple[dict[str, float], float]:
    """The points that count, and the rank, of a task that says so and was opened then."""
    rules, asked = load_rules(), unpacked(says["questions"])
    stake = Stake(
        entities=says["entities"],
        weight=says["weight"],
        benefit=says["benefit"],
        boundary=says["boundary"],
        correction=says["correction"],
        weak_only=bool(asked) and HOLD_NOTHING.issuperset(asked),
    )
    parts = parts_of(stake, rules)
    return {str(part): points for part, points in parts.items()}, rank_of(parts, opened, rules)


_SAYS = ("entities", "weight", "benefit", "boundary", "correction", "questions")
