"""How far two people who do not see each other's answer agree. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """Of so many tasks that two people answered: the share in which they said the same, and Cohen's
    kappa, which takes out what chance would give (None where chance gives all)."""

    pairs: int
    same: float
    kappa: float | None


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement | None:
    """The agreement of first and second answers; None when there are none."""
    n = len(pairs)
    if not n:
        return None
    same = sum(first == second for first, second in pairs) / n
    firsts, seconds = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(firsts[name] * seconds[name] for name in firsts) / n**2
    return Agreement(n, same, None if chance == 1 else (same - chance) / (1 - chance))
