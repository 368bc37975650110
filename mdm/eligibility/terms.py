"""The terms of eligibility: what is known of a case, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

import msgspec


class _Term(msgspec.Struct, frozen=True):
    """A frozen record, made by the hundred thousand in a batch. Values are personal data: it shows
    none of them."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Outcome(StrEnum):
    """What an assessment comes to. None of them says that anybody receives anything."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not-eligible"
    UNDETERMINED = "undetermined"


class Facts(_Term, frozen=True):
    """What is known of one person or family on the day of the case.

    `values`: attribute → value; groups are taken apart; absent when not known or not valid.
    `sources`: which providers have spoken of it. `records`: how many source records stand behind
    it. `doubtful`: something open about its identity suspends what it says.
    """

    entity_id: str
    values: Mapping[str, Any]
    sources: frozenset[str] = frozenset()
    records: int = 1
    doubtful: bool = False


class Doubt(_Term, frozen=True):
    """Something open: its name in the eligibility document, whose it is, the match weight of the
    pair in question (bits), where there is one."""

    name: str
    of: str  # person, family
    weight: float | None = None


class Case(_Term, frozen=True):
    """Everything an assessment may look at. `complete`: every member the family names can be seen.
    A person nobody can see is a case without facts, with the doubt that says so."""

    on: date
    person: Facts | None
    family: Facts | None = None
    members: tuple[Facts, ...] = ()
    complete: bool = True
    doubts: tuple[Doubt, ...] = ()


class Seen(_Term, frozen=True):
    """A value that a rule looked at: whose it is, which attribute; None: there is none."""

    of: str  # person, family, member
    attribute: str
    value: Any


class Result(_Term, frozen=True):
    """One rule's answer: pass, fail or unknown, and what it saw."""

    rule: str
    result: str
    saw: tuple[Seen, ...] = ()


class Found(_Term, frozen=True):
    """A component: how many are such for sure, how many may be, what each comes to."""

    component: str
    sure: int
    unsure: int
    amount: float


class Assessment(_Term, frozen=True):
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
