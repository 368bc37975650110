"""Revealing: one person's profile as one principal may see it for one purpose."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mdm.access.terms import Decision
from mdm.desk.terms import Answered, Moment, Person, Profile, Question

SOURCE, DATE = 0, 6  # of a record in a golden content
RELATION = "relationship"


@dataclass(frozen=True, slots=True)
class Revealed:
    """A person as somebody may see it: kind → attribute → value. `withheld` names fields asked
    for and not shown."""

    person: Person
    shown: Mapping[str, Mapping[str, Any]]
    withheld: Sequence[str]


def reveal(person: Person, decision: Decision, asked: Collection[str] | None) -> Revealed:
    """The fields that were asked for (None: all) and may be seen. How they stand to the head is what the family says
    that they are in."""
    shown = {
        one.kind: show(one, _allowed(one.kind, decision, asked))
        for one in (person.person, person.family, person.household)
        if one is not None
    }
    relation = person.relations.get(person.person.entity_id)
    if relation is not None and RELATION in shown["person"]:
        shown["person"][RELATION] = relation
    withheld = [name for name in sorted(asked or ()) if not _is_allowed(name, decision)]
    return Revealed(person, shown, withheld)


def show(profile: Profile, allowed: frozenset[str]) -> dict[str, Any]:
    """The allowed valid values of one profile; those that travel together each under its own name."""
    values: dict[str, Any] = {}
    for entries in profile.told:
        for name, entry in entries.items():
            value = entry[0]
            if isinstance(value, dict):
                if allowed.issuperset(value):
                    values.update(value)
                else:
                    values.update({part: value[part] for part in value if part in allowed})
            elif name in allowed:
                values[name] = value
    return values


def sources(profile: Profile, shown: Mapping[str, Any]) -> dict[str, tuple[str, str | None, int]]:
    """Attribute shown → source and date of the record it comes from, and how many sources agree; not of a relation that
    the family says otherwise."""
    found: dict[str, tuple[str, str | None, int]] = {}
    records = profile.body["records"]
    for name, entry in profile.entries.items():
        if name == RELATION and shown.get(name) != entry[0]:
            continue
        record = records[entry[1]]
        for part in entry[0] if isinstance(entry[0], dict) else (name,):
            if part in shown:
                found[part] = (record[SOURCE], record[DATE], entry[2])
    return found


def _allowed(kind: str, decision: Decision, asked: Collection[str] | None) -> frozenset[str]:
    allowed = decision.fields.get(kind, frozenset())
    if asked is None:
        return allowed
    return frozenset(one for one in allowed if f"{kind}.{one}" in asked)


def _is_allowed(asked: str, decision: Decision) -> bool:
    kind, _, name = asked.partition(".")
    return name in decision.fields.get(kind, ())


@dataclass(frozen=True, kw_only=True)
class Lookup(Question):
    """A question about one person. `render` turns what may be seen into what is sent."""

    render: Callable[[Moment, Revealed], bytes] = field(repr=False)
    asked: frozenset[str] | None = None  # `kind.attribute`; None: all that may be seen
    snapshot: str | None = None  # the name of `seq`, for the log
    action: str = "profile.lookup"
    event: str = "reveal"

    def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
        seen = reveal(person, decision, self.asked)
        fields = {kind: list(values) for kind, values in seen.shown.items()}
        return Answered(self.render(moment, seen), fields, {"snapshot": self.snapshot})

    def unknown(self, moment: Moment) -> None:
        return None

    def whole(self, moment: Moment, values: Sequence[Any]) -> Any:
        return values[0]
