"""The terms of eligibility: what is known of a case, and what is said about it. What rules say goes out in answers as
it stands here (mdm/eligibility/answers.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import msgspec

Unit = Literal["person", "family"]
Whose = Literal["person", "family", "member"]
ResultName = Literal["pass", "fail", "unknown"]


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
    `dates`: attribute → the day (ISO) of the record that told the value, where it has one;
    `periods`: attribute → the period its value is of. `outdated`: attribute → a state that cannot
    last and was noted too long ago to say anything of the day; not among the values.
    `sources`: which providers have spoken of it. `records`: how many source records stand behind
    it. `doubtful`: something open about its identity suspends what it says.
    """

    entity_id: str
    values: Mapping[str, Any]
    sources: frozenset[str] = frozenset()
    records: int = 1
    doubtful: bool = False
    dates: Mapping[str, str] = {}
    periods: Mapping[str, str] = {}
    outdated: Mapping[str, Any] = {}


class Doubt(_Term, frozen=True):
    """Something open: its name in the eligibility document, whose it is, and the match weight of the pair in question
    in bits, where there is one."""

    doubt: str
    of: Unit
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


class Saw(_Term, frozen=True, omit_defaults=True):
    """A value a rule looked at. `withheld`: there may be one, and the asker may not see it.

    `date`: the day of the record that told it (of several people's, the oldest); absent where it has
    none. `period`: the period the value is of, as of a desil. `outdated`: noted too long ago to say
    anything of the day asked about.
    """

    of: Whose
    attribute: str
    value: Any = None
    withheld: bool = False
    date: str | None = None
    period: str | None = None
    outdated: bool = False


class RuleResult(_Term, frozen=True, omit_defaults=True):
    """One rule's answer, by name, and what it saw."""

    rule: str
    result: ResultName
    saw: tuple[Saw, ...] = ()


class Found(_Term, frozen=True):
    """A component, by name: how many are such for sure, and how many may be."""

    component: str
    sure: int
    unsure: int


class Assessment(_Term, frozen=True):
    """What one programme's rules say of one case.

    `listed`: whether the hub holds it as receiving the benefit (None: not known).
    `amount_sure` counts what is known, `amount_possible` also what may be.
    """

    programme: str
    answer: Outcome
    rules: tuple[RuleResult, ...]
    components: tuple[Found, ...]
    amount_sure: float
    amount_possible: float
    doubts: tuple[Doubt, ...]
    listed: bool | None
    keeps_benefit: bool
