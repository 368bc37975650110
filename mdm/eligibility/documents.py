"""Programme documents: who is eligible for what, as people wrote it down, checked when it is read.

One document is one edition of one programme's rules. Every number has a name, a date since when it
holds, its basis, and what other sources say instead.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mdm import documents
from mdm.documents import Document, RequiredSentence
from mdm.eligibility.conditions import Condition, Name
from mdm.eligibility.terms import Unit
from reference.attributes import dictionary
from reference.codes import labels

Sentence = Annotated[str, Field(min_length=10)]
Per = Literal["year", "month", "once"]
Confidence = Literal["high", "medium-high", "medium", "low"]

#: What the hub works out from the attributes; see facts.py.
DERIVED = {
    "person": {"age": "integer", "identity_status": "text"},
    "family": {"size": "integer", "village_kind": "text", "listed_pkh": "boolean",
               "listed_sembako": "boolean", "listed_pbi": "boolean"},
}  # fmt: skip
MEASURED = ("integer", "decimal")


class AlsoSaid(Document):
    """What another source says instead."""

    value: int | float
    by: Sentence


class Number(Document):
    """A number of the rules: since when, on what basis, how sure, and what else is said.

    `disputed`: while sources disagree, what they would answer differently is not known. Otherwise
    `value` decides, and what else is said is only told.
    """

    value: int | float
    since: date
    basis: Annotated[str, Field(min_length=4)]
    confidence: Confidence
    also_said: tuple[AlsoSaid, ...] = ()
    disputed: bool = False

    @property
    def values(self) -> tuple[int | float, ...]:
        """The value in force; in a dispute also the others."""
        return (self.value, *(other.value for other in self.also_said if self.disputed))

    @model_validator(mode="after")
    def _dispute_has_sides(self) -> Number:
        if self.disputed and not self.also_said:
            raise ValueError("disputed, but nothing else is said")
        return self


class Rule(Document):
    """A requirement or an exclusion: its name, its sentence, what would settle it when it is not
    known, and the condition."""

    name: Name
    sentence: RequiredSentence
    settles: RequiredSentence
    that: Condition


class Component(Document):
    """One ground for an amount: who in the family (or whether the person) is such a one."""

    name: Name
    sentence: RequiredSentence
    amount: Name
    that: Condition


class Components(Document):
    """A rule that somebody is such a one, and what that comes to: at most `most` amounts, the
    highest ones, one for each member."""

    name: Name
    sentence: RequiredSentence
    settles: RequiredSentence
    most: Name
    per: Per
    of: tuple[Component, ...] = Field(min_length=1)


class Amount(Document):
    """An amount that is the same for everybody."""

    number: Name
    per: Per


class Note(Document):
    """Something that is true of the programme and not decided here."""

    name: Name
    sentence: RequiredSentence


class Programme(Document):
    """One edition of one programme's rules."""

    programme: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]*$")]
    edition: Annotated[str, Field(pattern=r"^[0-9]{4}\.[0-9]+$")]
    name: RequiredSentence
    unit: Unit
    valid_from: date
    valid_to: date | None = None
    basis: tuple[Annotated[str, Field(min_length=4)], ...] = Field(min_length=1)
    confidence: Confidence
    listed: Name | None = None
    counted: Condition | None = None
    numbers: dict[Name, Number]
    requirements: tuple[Rule, ...] = Field(min_length=1)
    exclusions: tuple[Rule, ...] = ()
    components: Components | None = None
    amount: Amount | None = None
    checked_elsewhere: tuple[Note, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Requirements, then exclusions."""
        return (*self.requirements, *self.exclusions)

    @property
    def conditions(self) -> dict[str, Condition]:
        """Every condition by the name of its rule or component."""
        found = {rule.name: rule.that for rule in self.rules}
        if self.components:
            found |= {f"{self.components.name}.{one.name}": one.that for one in self.components.of}
        return found | ({"counted": self.counted} if self.counted else {})

    @property
    def per(self) -> Per | None:
        """What an amount is for: a year, a month, once; None: the programme names none."""
        part = self.components or self.amount
        return part.per if part else None

    def in_force(self, on: date) -> bool:
        """Whether this edition holds on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)

    @model_validator(mode="after")
    def _holds_together(self) -> Programme:
        names = [rule.name for rule in self.rules]
        names += [self.components.name] if self.components else []
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two rules are called {', '.join(twice)}")
        if self.components and self.amount:
            raise ValueError("the amount comes from the components or is fixed, not both")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        if self.listed is not None and self.listed not in dictionary().of("person"):
            raise ValueError(f"listed: no attribute of a person is called '{self.listed}'")
        for name, condition in self.conditions.items():
            by_member = name == "counted" or ("." in name and self.unit == "family")
            _check(condition, name, members=by_member)
        self._numbers_known()
        self._sentences_filled()
        return self

    def _numbers_known(self) -> None:
        named = [limit for c in self.conditions.values() for leaf in c.leaves()
                 for limit in leaf.between or () if limit]  # fmt: skip
        if self.components:
            named += [self.components.most, *(one.amount for one in self.components.of)]
        if self.amount:
            named.append(self.amount.number)
        if unknown := sorted(set(named) - set(self.numbers)):
            raise ValueError(f"no number is called {', '.join(unknown)}")
        if idle := sorted(set(self.numbers) - set(named) - self._told()):
            raise ValueError(f"no rule uses the number {', '.join(idle)}")

    def _sentences_filled(self) -> None:
        """`{name}` in a sentence stands for a number of the document."""
        if unknown := sorted(self._told() - set(self.numbers)):
            raise ValueError(f"a sentence names no number that is there: {', '.join(unknown)}")

    def _told(self) -> set[str]:
        """Numbers that sentences name."""
        parts: list[Rule | Note | Component | Components] = [
            *self.rules, *self.notes, *self.checked_elsewhere
        ]  # fmt: skip
        if self.components:
            parts += [self.components, *self.components.of]
        texts = [text for part in parts for text in (part.sentence.id, part.sentence.en)]
        return {name for text in texts for name in re.findall(r"\{(\w*)\}", text)}


def parse_programme(text: str, name: str) -> Programme:
    """A programme document from YAML. RuleError names the document and the first wrong place."""
    return documents.parse(Programme, text, name)


def _check(condition: Condition, rule: str, *, members: bool) -> None:
    """Attributes must exist, numbers be compared with numbers, members be looked at one by one."""
    if condition.attribute is not None:
        if condition.of == "member" and not members:
            raise ValueError(f"{rule}: a member is tested inside some_member or a component only")
        kind = "family" if condition.of == "family" else "person"
        found = attribute_type(kind, condition.attribute)
        if found is None or found == "group":
            raise ValueError(f"{rule}: no {kind} attribute is called '{condition.attribute}'")
        if condition.between is not None and found not in MEASURED:
            raise ValueError(f"{rule}: '{condition.attribute}' is {found}, not a number")
        for value in (*(condition.in_ or ()), *condition.unsure):
            _check_code(kind, condition.attribute, value, rule)
    if condition.some_member is not None and members:
        raise ValueError(f"{rule}: some_member inside some_member")
    for child in condition.children():
        _check(child, rule, members=members or condition.some_member is not None)


def _check_code(kind: str, attribute: str, value: Any, rule: str) -> None:
    known = dictionary().of(kind).get(attribute)
    coded = known.concept if known is not None and known.type == "code" else None
    if coded is not None and value not in labels(coded):
        raise ValueError(f"{rule}: '{value}' is no code of {coded}")


def attribute_type(kind: str, name: str) -> str | None:
    """The type of an attribute that conditions may test, None when there is none of that name."""
    known = dictionary().of(kind).get(name)
    return known.type if known else DERIVED.get(kind, {}).get(name)
