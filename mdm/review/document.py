"""The review document, `mdm/rules/review.yaml`: the order of tasks, who confirms, how it is watched."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mdm import documents
from mdm.documents import Document, RequiredSentence

DOCUMENT = Path(__file__).parents[1] / "rules" / "review.yaml"
Part = Literal["benefit", "boundary", "correction", "doubt", "together", "age", "weak_only"]
PARTS: tuple[Part, ...] = (
    "benefit", "boundary", "correction", "doubt", "together", "age", "weak_only",
)  # fmt: skip


class Points(Document):
    """One part of the human cost: its points, and what it stands for."""

    points: float
    sentence: RequiredSentence


class Blind(Document):
    """The share of tasks, 0 to 1, that two people answer who do not see each other's answer."""

    share: float = Field(ge=0, le=1)
    sentence: RequiredSentence


class LargeMerge(Document):
    """How many records of one person need the same answer from two people."""

    records: int = Field(ge=2)
    sentence: RequiredSentence


class Unsure(Document):
    """After how many people who could not say a task waits for a supervisor."""

    reviewers: int = Field(ge=1)
    sentence: RequiredSentence


class Claim(Document):
    """For how many minutes a task is one person's."""

    minutes: float = Field(gt=0)
    sentence: RequiredSentence


class ReviewRules(Document):
    """The whole document."""

    version: Literal[1]
    cost: dict[Part, Points]
    most_together: int = Field(ge=1)
    blind: Blind
    large_merge: LargeMerge
    unsure: Unsure
    claim: Claim
    reasons: dict[Annotated[str, Field(pattern=r"^[a-z_]+$")], RequiredSentence]

    @model_validator(mode="after")
    def _every_part(self) -> ReviewRules:
        if missing := sorted(set(PARTS) - set(self.cost)):
            raise ValueError(f"cost: nothing is said of {', '.join(missing)}")
        if not self.reasons:
            raise ValueError("reasons: name at least one")
        return self


@cache
def load_rules() -> ReviewRules:
    """The review rules in force; RuleError names what is wrong."""
    return documents.read(ReviewRules, DOCUMENT)
