"""The terms of eligibility: what is known of a case, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What an assessment comes to. None of them says that anybody receives anything."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not-eligible"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one person or family on the day of the case.

    `values`: attribute → value; groups are taken apart; absent when not known or not valid.
    `sources`: which providers have spoken of it. `records`: how many source records stand behind
    it. `doubtful`: something open about its identity suspends what it says.
    """

    entity_id: str
    values: Mapping[str, Any] = field(repr=False)
    sources: frozenset[str] = frozenset()
    records: int = 1
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something open: its name in the eligibility document, whose it is, the match weight of the
    pair in question (bits), where there is one."""

    name: str
    of: str  # person, family
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything an assessment may look at. `complete`: every member the family names can be seen.
    A person nobody can see is a case without facts, with the doubt that says so."""

    on: date
    person: Facts | None
    family: Facts | None = None
    members: tuple[Facts, ...] = ()
    complete: bool = True
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A value that a rule looked at: whose it is, which attribute; None: there is none."""

    of: str  # person, family, member
    attribute: str
    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """One rule's answer: pass, fail or unknown, and what it saw."""

    rule: str
    result: str
    saw: tuple[Seen, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A component: how many are such for sure, how many may be, what each comes to."""

    component: str
    sure: int
    unsure: int
    amount: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one programme's rules say of one case.

    `listed`: whether the hub holds it as receiving the benefit (None: not known).
    `amount_sure` counts what is known, `amount_possible` also what may be.
    """

    programme: str
    answer: Outcome
    rules: tuple[Result, ...]
    components: tuple[Found, ...]
    amount_sure: float
    amount_possible: float
    doubts: tuple[Doubt, ...]
    listed: bool | None
    keeps_benefit: bool
