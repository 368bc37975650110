"""What a client may see of an opened person: values by kind, nothing that its fields do not name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from api.dci.mapping import Comparable
from api.dci.query import Is
from api.dci.values import held_as
from mdm.access.terms import Decision
from mdm.desk.terms import Person, Profile

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """One profile as it may be seen. Groups of values keep their parts, as far as they are shown.

    `updated` is the date of the newest source record behind a value that is shown.
    """

    entity_id: str
    kind: str
    values: Values = field(repr=False)
    status: str
    links: Mapping[str, Any]
    regions: str
    updated: str | None

    def get(self, *path: str) -> Any:
        """The value at attribute and part; None when there is none to see."""
        value: Any = self.values
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True)
class Found:
    """A person found, with family and household, and the identifiers that found it. `dead` is not shown; of two heads
    of a family it tells who heads it."""

    person: Seen
    family: Seen | None
    household: Seen | None
    doubt: bool
    found_by: frozenset[Is] = frozenset()
    members: Sequence[Found] = ()  # of the family, those to be seen, once opened
    dead: bool = False

    @property
    def member_ids(self) -> list[str]:
        """Entity ids of the people on the family's card, in the card's order."""
        members = self.family.links.get("members", ()) if self.family else ()
        return [str(entity_id) for entity_id, _ in members]

    def value(self, attribute: Comparable, today: date) -> Any:
        """What a query compares; None when there is nothing to see."""
        kind, *path = attribute.source.split(".")
        if attribute.type == "size":
            return len(self.members) or None
        seen = self.person if kind == "person" else self.family
        return held_as(attribute, seen.get(*path) if seen else None, today)


def see(person: Person, decision: Decision) -> Found:
    """An opened person with no more than the decision's fields. How they stand to the head is what the family says that
    they are in: of all that records tell, much may be of another."""
    own = _seen(person.person, decision)
    relation = person.relations.get(person.person.entity_id)
    if relation is not None and "relationship" in decision.fields.get("person", ()):
        own = replace(own, values={**own.values, "relationship": relation})
    return Found(
        person=own,
        family=_seen(person.family, decision) if person.family else None,
        household=_seen(person.household, decision) if person.household else None,
        doubt=person.doubt is not None or person.also_on > 0,
        dead=person.person.dead,
    )


def shown(found: Found) -> dict[str, list[str]]:
    """Kind → attributes that an answer about this person can show: for the audit log."""
    parts = (found.person, found.family, found.household)
    return {one.kind: _names(one.values) for one in parts if one is not None and one.values}


def _seen(profile: Profile, decision: Decision) -> Seen:
    fields = decision.fields.get(profile.kind, frozenset())
    body, values, dates = profile.body, {}, []
    for name, entry in (one for entries in profile.told for one in entries.items()):
        value = _cut(name, entry[0], fields)
        if value is not None and value != {}:
            values[name] = value
            dates.append(body["records"][entry[1]][-1])
    return Seen(
        entity_id=profile.entity_id,
        kind=profile.kind,
        values=values,
        status=str(body["identity_status"]),
        links=body["links"],
        regions=str(body["regions"]),
        updated=max((str(day) for day in dates if day), default=None),
    )


def _names(values: Values) -> list[str]:
    parts = (value if isinstance(value, Mapping) else (name,) for name, value in values.items())
    return sorted({str(name) for names in parts for name in names})


def _cut(name: str, value: Any, fields: frozenset[str]) -> Any:
    """What may be seen of a value; of a group, those of its parts that may be."""
    if isinstance(value, dict):
        return {part: held for part, held in value.items() if part in fields and held is not None}
    return value if name in fields else None
