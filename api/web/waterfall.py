"""The waterfall of a match weight: from the prior, step by step, to the sum, as bars and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mdm.tracing.facts import Step

WIDTH = 240  # of the drawing, in its own units


@dataclass(frozen=True)
class Bar:
    """One step: the bits it adds, the sum behind it, and where its bar lies in the drawing."""

    name: str
    level: str
    sentence: str
    bits: float
    total: float
    x: float
    width: float

    @property
    def tone(self) -> str:
        """What it speaks for: `for`, `against`, or `nothing`."""
        return "for" if self.bits > 0.05 else "against" if self.bits < -0.05 else "nothing"


@dataclass(frozen=True)
class Waterfall:
    """All bars, the prior first, and where zero lies."""

    bars: tuple[Bar, ...]
    zero: float
    total: float


def waterfall(prior: float, steps: Sequence[Step]) -> Waterfall:
    """The bars of a pair's evidence, on one scale."""
    sums = [prior]
    for step in steps:
        sums.append(sums[-1] + step.bits)
    low, high = min(0.0, *sums), max(0.0, *sums)
    scale = WIDTH / ((high - low) or 1)

    def bar(name: str, level: str, sentence: str, *, begin: float, end: float) -> Bar:
        x, width = (min(begin, end) - low) * scale, abs(end - begin) * scale
        return Bar(name, level, sentence, end - begin, end, round(x, 1), round(max(width, 1.0), 1))

    bars = [bar("prior", "", "", begin=0.0, end=prior)]
    bars += [
        bar(step.comparison, step.level, step.sentence, begin=before, end=after)
        for step, (before, after) in zip(steps, pairwise(sums), strict=True)
    ]
    return Waterfall(tuple(bars), round((0.0 - low) * scale, 1), sums[-1])
