"""The shape of eligibility answers as they are sent. None of them names an entity or a NIK."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mdm.eligibility.terms import Doubt, Found, ResultName, RuleResult, Saw, Unit
from reference.sentences import Sentence

OutcomeName = Literal["eligible", "not-eligible", "undetermined"]
Per = Literal["year", "month", "once"]


class NumberSaid(msgspec.Struct, frozen=True, omit_defaults=True):
    """A number the rules use: since when, on what basis, how sure, and what other sources say."""

    number: str
    value: float
    since: str
    basis: str
    confidence: str
    also_said: list[str] = []
    disputed: bool = False


class RuleSaid(msgspec.Struct, frozen=True):
    """A rule in words: what it asks, and what would settle it when it is not known."""

    rule: str
    kind: Literal["requirement", "exclusion", "component"]
    sentence: Sentence
    settles: Sentence


class ComponentSaid(msgspec.Struct, frozen=True):
    """A ground for an amount, in words."""

    component: str
    sentence: Sentence
    amount: float


class ProgrammeSaid(msgspec.Struct, frozen=True):
    """One edition of one programme's rules, in words: what the brief answers refer to by name."""

    programme: str
    edition: str
    name: Sentence
    unit: Unit
    valid_from: str
    valid_to: str | None
    basis: list[str]
    confidence: str
    numbers: list[NumberSaid]
    rules: list[RuleSaid]
    components: list[ComponentSaid]
    per: Per | None
    checked_elsewhere: list[Sentence]
    notes: list[Sentence]


class Amount(msgspec.Struct, frozen=True):
    """What it would come to in rupiah: with what is known, and with what may be."""

    sure: float
    possible: float
    per: Per


class Brief(msgspec.Struct, frozen=True, omit_defaults=True):
    """One programme's answer for one person, by names; their sentences are told once beside it."""

    answer: OutcomeName
    rules: tuple[RuleResult, ...]
    listed: bool | None
    keeps_benefit: bool
    components: tuple[Found, ...] = ()
    amount: Amount | None = None
    doubts: tuple[Doubt, ...] = ()


class Identity(msgspec.Struct, frozen=True):
    """How sure it is who this is. `weakest_link`: match weight in bits, where the link confidence
    is moderate."""

    status: str | None
    confidence: Literal["single-record", "strong", "moderate"] | None
    weakest_link: float | None
    under_review: bool


class Item(msgspec.Struct, frozen=True):
    """The answers for one NIK, by its place in the request, from 0."""

    index: Annotated[int, Meta(ge=0)]
    identity: Identity
    answers: dict[str, Brief]


class AsOf(msgspec.Struct, frozen=True):
    """As of when an answer speaks: the snapshot (null: current), its run and when that became
    visible, the day on which ages are counted, the digest of the rule documents, and how many
    families carry a desil of which period."""

    snapshot: str | None
    run: int
    published: str | None
    on: str
    rule_set: str
    desil_periods: dict[str, int]


class DoubtWords(msgspec.Struct, frozen=True):
    """A kind of doubt, in words."""

    suspends: bool
    sentence: Sentence
    settles: Sentence


class Words(msgspec.Struct, frozen=True, omit_defaults=True):
    """What brief answers say by name, in sentences. `outdated`: attribute → why a value that was seen
    as outdated says nothing."""

    programmes: dict[str, ProgrammeSaid]
    answers: dict[str, dict[str, Sentence]]  # programme → outcome → sentence
    doubts: dict[str, DoubtWords]
    keeps_benefit: Sentence
    confidence: dict[str, Sentence]
    outdated: dict[str, Sentence] = {}


class RuleAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule: its sentence, what it came to, the values it saw; when not known, what would
    settle it; of values too old to say anything, why. An exclusion passes where it does not hold."""

    rule: str
    kind: Literal["requirement", "exclusion", "component"]
    sentence: Sentence
    result: ResultName
    saw: tuple[Saw, ...]
    settles: Sentence | None = None
    outdated: list[Sentence] = []


class ComponentAnswer(msgspec.Struct, frozen=True):
    """A ground for an amount that was found, or may be."""

    component: str
    sentence: Sentence
    sure: int
    unsure: int
    amount: float


class DoubtAnswer(msgspec.Struct, frozen=True):
    """Something open, in words."""

    doubt: str
    of: Unit
    weight: float | None
    suspends: bool
    sentence: Sentence
    settles: Sentence


class RuleSetSaid(msgspec.Struct, frozen=True):
    """Which rules answered: the edition, where it stands in law, how sure it is, its numbers."""

    edition: str
    digest: str
    valid_from: str
    valid_to: str | None
    basis: list[str]
    confidence: str
    numbers: list[NumberSaid]


class ProgrammeAnswer(msgspec.Struct, frozen=True):
    """One programme's answer for one person, with its reasons."""

    programme: str
    name: Sentence
    unit: Unit
    answer: OutcomeName
    sentence: Sentence
    rules: list[RuleAnswer]
    components: list[ComponentAnswer]
    amount: Amount | None
    doubts: list[DoubtAnswer]
    settles: list[Sentence]
    listed: bool | None
    keeps_benefit: bool
    keeps_benefit_because: Sentence | None
    checked_elsewhere: list[Sentence]
    notes: list[Sentence]
    rule_set: RuleSetSaid


class EligibilityAnswer(msgspec.Struct, frozen=True):
    """The answer about one NIK."""

    as_of: AsOf
    identity: Identity
    answers: list[ProgrammeAnswer]


class BatchAnswer(msgspec.Struct, frozen=True):
    """The answers about many NIKs, in the order asked."""

    as_of: AsOf
    words: Words
    items: list[Item]


class BatchTold(msgspec.Struct, frozen=True):
    """The same on its way out: each item is JSON already."""

    as_of: AsOf
    words: Words
    items: Sequence[msgspec.Raw]
