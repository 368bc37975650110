"""What cannot last: how long a state that was noted is taken for present. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date

from pydantic import Field, model_validator

from mdm.documents import Document, RequiredSentence
from reference.attributes import dictionary
from reference.sentences import Sentence

Scalar = bool | int | float | str
Bounds = Mapping[str, tuple[Scalar | None, str]]
"""Attribute → the state that cannot last (None: any), and the first day (ISO) whose word on it still counts."""


class Lasts(Document):
    """A state of one attribute (without `value` any), for how many months after it was noted it may still be, and what
    is said where it was noted before; `{months}` in the sentence is that number."""

    value: Scalar | None = None
    months: int = Field(gt=0)
    sentence: RequiredSentence

    @property
    def told(self) -> Sentence:
        """The sentence, its number filled in."""
        months = str(self.months)
        return Sentence(
            *(text.replace("{months}", months) for text in (self.sentence.id, self.sentence.en))
        )

    @model_validator(mode="after")
    def _names_its_number(self) -> Lasts:
        if not all("{months}" in text for text in (self.sentence.id, self.sentence.en)):
            raise ValueError("the sentence says {months} in either language")
        return self


def check(lasts: Mapping[str, Lasts]) -> None:
    """ValueError for an attribute that the dictionary does not have, or a state it cannot be in."""
    for name, state in lasts.items():
        known = dictionary().of("person").get(name) or dictionary().of("family").get(name)
        if known is None:
            raise ValueError(f"lasts: no attribute is called '{name}'")
        if state.value is not None and (known.type == "boolean") != isinstance(state.value, bool):
            raise ValueError(f"lasts: '{name}' is {known.type}, its value is not")


def bounds(lasts: Mapping[str, Lasts], on: date) -> Bounds:
    """From which day on a noted state counts on the day of the question."""
    return {
        name: (one.value, months_before(on, one.months).isoformat()) for name, one in lasts.items()
    }


def period_end(period: str) -> str | None:
    """The last day (ISO) of a quarter written 2026Q3; None for anything else."""
    quarter = re.fullmatch(r"([0-9]{4})Q([1-4])", period)
    if quarter is None:
        return None
    return f"{quarter[1]}-{('03-31', '06-30', '09-30', '12-31')[int(quarter[2]) - 1]}"


def months_before(on: date, months: int) -> date:
    """The same day so many months before, or the last of that month."""
    years, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(years, month + 1, min(on.day, monthrange(years, month + 1)[1]))
