"""Human cost: in which order tasks are asked. A pure function of what is known of a task.

A task gains points with every day it waits. All gain alike, so that their order does not change by
waiting: `rank` is the cost as it would be at EPOCH, written once, and good for an index.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mdm.review.document import Part, ReviewRules

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Stake:
    """What is known of a task that says how much it matters. `weight`: the match weight nearest to
    doubt, bits; `weak_only`: nothing but weak links is open."""

    entities: int
    weight: float | None
    benefit: bool
    boundary: bool
    correction: bool
    weak_only: bool


def parts_of(stake: Stake, rules: ReviewRules) -> dict[Part, float]:
    """Part → points, those that count only; without the age, which grows."""
    amounts: dict[Part, float] = {
        "benefit": stake.benefit,
        "boundary": stake.boundary,
        "correction": stake.correction,
        "doubt": doubt_of(stake.weight),
        "together": min(max(stake.entities - 2, 0), rules.most_together),
        "weak_only": stake.weak_only,
    }
    found = {part: round(amount * rules.cost[part].points, 2) for part, amount in amounts.items()}
    return {part: points for part, points in found.items() if points}


def doubt_of(weight: float | None) -> float:
    """How much an answer tells, in bits from 0 to 1, when the odds are 2 to the `weight`."""
    if weight is None:
        return 0.0
    p = 1 / (1 + math.exp2(-max(min(weight, 60.0), -60.0)))
    return -sum(x * math.log2(x) for x in (p, 1 - p) if x > 0)


def rank_of(parts: Mapping[Part, float], opened: datetime, rules: ReviewRules) -> float:
    """The cost at EPOCH: the larger, the earlier it is asked."""
    days = (opened - EPOCH).total_seconds() / _DAY
    return round(sum(parts.values()) - rules.cost["age"].points * days, 6)


def age_points(opened: datetime, at: datetime, rules: ReviewRules) -> float:
    """The points that waiting has added by now."""
    return round(rules.cost["age"].points * max((at - opened).total_seconds(), 0) / _DAY, 1)


def answers_needed(task_id: str, rules: ReviewRules) -> int:
    """1, or 2 for the share of tasks that two people answer; always the same for the same task."""
    digest = hashlib.sha256(f"blind {task_id}".encode()).digest()
    return 2 if int.from_bytes(digest[:4]) < rules.blind.share * 2**32 else 1
