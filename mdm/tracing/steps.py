"""The steps of a pair's evidence: the level that each comparison found, and what the rarity of the value adds."""

from __future__ import annotations

from matching.rules import Comparison, Level
from mdm.tracing.facts import Step

RARITY = "rarity of the value"
_RARE = "How rare the value is: agreeing on a common one says less."


def level_of(one: Comparison, gamma: int) -> Level:
    """The level of a comparison that Splink calls by this number: from the last, 0, up; -1 is missing."""
    missing = [level for level in one.levels if level.missing]
    held = [level for level in one.levels if not level.missing]
    return missing[0] if gamma < 0 and missing else held[len(held) - 1 - max(gamma, 0)]


def steps_of(one: Comparison, level: Level, bits: float, rarity: float | None) -> list[Step]:
    """What a comparison found, with the bits it weighs and those of the value's rarity, if any."""
    found = [Step(one.name, level.name, level.sentence, bits)]
    return [*found, Step(one.name, RARITY, _RARE, rarity)] if rarity else found
