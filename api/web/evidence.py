"""What speaks for and against a pair, in words: names of comparisons, levels and reasons, in the visitor's language."""

from __future__ import annotations

from api.web.texts import texts
from api.web.wording import Wording
from mdm.tracing.facts import Step
from mdm.tracing.reasons import reason_words, slug
from mdm.tracing.steps import RARITY


def evidence(words: Wording, key: str, otherwise: str) -> str:
    """What the evidence is called; the rules' own words where the texts have none."""
    return words.t(f"evidence.{key}") if f"evidence.{key}" in texts() else otherwise


def reason(words: Wording, name: str, judgement: str = "review") -> str:
    """Why a pair was judged as it is; by default, why it is asked about."""
    return words.said(reason_words(name, judgement))


def part(words: Wording, kind: str, step: Step) -> str:
    """What was compared."""
    return evidence(words, f"part.{kind}.{slug(step.comparison)}", step.comparison)


def finding(words: Wording, kind: str, step: Step) -> str:
    """What the comparison found."""
    level = f"level.{kind}.{slug(step.comparison)}.{slug(step.level)}"
    return evidence(words, "rarity" if step.level == RARITY else level, step.sentence)
