"""The document of corrections: kinds of proposals, what they may touch, chain, deadlines, expiry, sentences."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mdm import documents
from mdm.documents import Document, RequiredSentence

DOCUMENT = Path(__file__).resolve().parents[1] / "rules" / "corrections.yaml"

Level = Literal["refuse", "warn", "note"]
About = Literal["value", "person", "family", "proposal"]
Corrected = Literal["person", "family"]


class CheckRule(Document):
    """What a check says, and whether it stands in the way."""

    id: str = Field(min_length=4)
    en: str = Field(min_length=4)
    level: Level


class CutOff(Document):
    """The last day of a month whose approvals count in it, and where that day is counted."""

    day: int = Field(ge=1, le=28)
    utc_offset_hours: int = Field(ge=-12, le=14)


class EvidenceRule(Document):
    """Which files may support a proposal; `largest` in bytes."""

    types: tuple[str, ...]
    largest: int = Field(ge=1)
    most: int = Field(ge=1)


class Step(Document):
    """One step of the chain: who takes a proposal from `waits` to `then`, within how many hours."""

    act: str
    role: str
    action: str
    waits: str
    then: str
    hours: int = Field(ge=1)
    sentence: RequiredSentence


class AttributeRule(Document):
    """One attribute that proposals may touch: whether the registry owns it, which columns it fills, which of them only
    remark on it (two that differ in a remark say the same), and within what it is said: beside another value of that
    column, the same is another word. `lasting`: it does not change in a life, so that only the registry has news of it.
    """

    registry: bool = False
    columns: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    within: str | None = None
    lasting: bool = False


class KindRule(Document):
    """One kind of proposal: what its form is about, which person's or family's columns it asks for,
    how long it holds, how many files of evidence it needs, and which."""

    sentence: RequiredSentence
    about: About
    person: tuple[str, ...] = ()
    expiry: str
    evidence: int = Field(ge=0)
    papers: RequiredSentence


class CorrectionRules(Document):
    """The whole document."""

    version: Literal[1]
    cut_off: CutOff
    law_hours: int
    evidence: EvidenceRule
    chain: Annotated[tuple[Step, ...], Field(min_length=1)]
    attributes: dict[Corrected, dict[str, AttributeRule]]
    only_bps: tuple[str, ...]
    expiries: dict[str, RequiredSentence]
    kinds: dict[str, KindRule]
    states: dict[str, RequiredSentence]
    outcomes: dict[str, RequiredSentence]
    checks: dict[str, CheckRule]

    @model_validator(mode="after")
    def _holds_together(self) -> CorrectionRules:
        if sum(step.hours for step in self.chain) > self.law_hours:
            raise ValueError("the steps of the chain take longer than the law allows")
        for step, after in zip(self.chain, self.chain[1:], strict=False):
            if step.then != after.waits:
                raise ValueError(f"nobody takes up what '{step.act}' leaves")
        if {state for step in self.chain for state in (step.waits, step.then)} - self.states.keys():
            raise ValueError("a state of the chain has no words")
        for name, kind in self.kinds.items():
            if kind.expiry not in self.expiries:
                raise ValueError(f"{name}: no expiry is called '{kind.expiry}'")
        return self

    def columns(self, kind: Corrected, attribute: str, *, remarks: bool = True) -> tuple[str, ...]:
        """The columns of the accepted table that an attribute fills; without `remarks` those that say it."""
        rule = self.attributes[kind][attribute]
        columns = rule.columns or (attribute,)
        return columns if remarks else tuple(one for one in columns if one not in rule.remarks)

    def attribute_of(self, kind: Corrected, column: str) -> str | None:
        """The attribute that a column belongs to; None when no proposal may touch it."""
        return next(
            (name for name in self.attributes[kind] if column in self.columns(kind, name)), None
        )

    def owned(self, kind: Corrected, attribute: str) -> bool:
        """Whether the civil registry owns an attribute."""
        rule = self.attributes[kind].get(attribute)
        return rule is not None and rule.registry

    def step(self, act: str) -> Step:
        """A step of the chain by its act. KeyError for one that is not of it."""
        return {step.act: step for step in self.chain}[act]

    def waiting(self, state: str) -> Step | None:
        """The step that takes up a proposal in this state."""
        return next((step for step in self.chain if step.waits == state), None)


@cache
def load_rules() -> CorrectionRules:
    """The document in force. RuleError names what is wrong."""
    return documents.read(CorrectionRules, DOCUMENT)
