"""A task's place in the order, from what the task itself says."""

from __future__ import annotations

from mdm.hub.tables import ReviewTask
from mdm.opendoubts import WEAK
from mdm.review.cost import Stake, parts_of, rank_of
from mdm.review.document import load_rules
from mdm.review.terms import unpacked


def ranked(task: ReviewTask) -> None:
    """Give a task its place in the order."""
    rules = load_rules()
    stake = Stake(
        entities=task.entities,
        weight=task.weight,
        benefit=task.benefit,
        boundary=task.boundary,
        correction=task.correction,
        weak_only=unpacked(task.questions) == (WEAK,),
    )
    parts = parts_of(stake, rules)
    task.parts, task.rank = (
        {str(part): points for part, points in parts.items()},
        rank_of(parts, task.opened, rules),
    )
