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
