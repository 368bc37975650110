"""Search: from a NIK to the family's sheet, at the desk, where a miss costs what a hit costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mdm.access.terms import Decision
from mdm.corrections.terms import PURPOSE
from mdm.desk.terms import Answered, Moment, Person, Question


@dataclass(frozen=True, kw_only=True)
class Find(Question):
    """Which entity a NIK leads to: somebody of the asker's region, for a correction. Answers its id, or None."""

    action: str = "profile.lookup"
    event: str = "find"
    purpose: str = PURPOSE
    spares_restricted: bool = True

    def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
        return Answered(person.person.entity_id)

    def unknown(self, moment: Moment) -> None:
        return None

    def whole(self, moment: Moment, values: Sequence[Any]) -> Any:
        return values[0]
