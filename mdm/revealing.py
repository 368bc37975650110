"""Revealing: one person's profile as one principal may see it for one purpose."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mdm.access.terms import Decision
from mdm.desk.terms import Answered, Moment, Person, Profile, Question

SOURCE, DATE = 0, 6  # of a record in a golden content


@dataclass(frozen=True)
class Shown:
    """What is shown of one profile: values by attribute, and where each comes from."""

    values: dict[str, Any]
    sources: dict[str, tuple[str, str | None, int]]


@dataclass(frozen=True)
class Revealed:
    """A person as somebody may see it. `withheld` names fields asked for and not shown."""

    person: Person
    shown: Mapping[str, Shown]
    withheld: Sequence[str]


def reveal(person: Person, decision: Decision, asked: Collection[str] | None) -> Revealed:
    """The fields that were asked for (None: all) and may be seen."""
    profiles = {"person": person.person, "family": person.family, "household": person.household}
    shown = {
        kind: show(one, decision.fields.get(kind, frozenset()), asked)
        for kind, one in profiles.items()
        if one is not None
    }
    withheld = [name for name in sorted(asked or ()) if not _is_allowed(name, decision)]
    return Revealed(person, shown, withheld)


def show(profile: Profile, allowed: Collection[str], asked: Collection[str] | None) -> Shown:
    """The allowed values of one profile; those that travel together each under its own name."""
    values: dict[str, Any] = {}
    sources: dict[str, tuple[str, str | None, int]] = {}
    records = profile.body["records"]
    kind = profile.kind
    for entries in (profile.body["agreed"], profile.body["contested"]):
        for name, entry in entries.items():
            value, record = entry[0], records[entry[1]]
            parts = value.items() if isinstance(value, dict) else ((name, value),)
            for part, plain in parts:
                if part in allowed and (asked is None or f"{kind}.{part}" in asked):
                    values[part] = plain
                    sources[part] = (record[SOURCE], record[DATE], entry[2])
    return Shown(values, sources)


def _is_allowed(asked: str, decision: Decision) -> bool:
    kind, _, name = asked.partition(".")
    return name in decision.fields.get(kind, ())


@dataclass(frozen=True, kw_only=True)
class Lookup(Question):
    """A question about one person. `render` turns what may be seen into what is sent."""

    render: Callable[[Moment, Revealed], bytes] = field(repr=False)
    asked: frozenset[str] | None = None  # `kind.attribute`; None: all that may be seen
    action: str = "profile.lookup"
    event: str = "reveal"

    def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
        seen = reveal(person, decision, self.asked)
        fields = {kind: list(one.values) for kind, one in seen.shown.items()}
        return Answered(self.render(moment, seen), fields)

    def unknown(self, moment: Moment) -> None:
        return None

    def whole(self, moment: Moment, values: Sequence[Any]) -> Any:
        return values[0]
