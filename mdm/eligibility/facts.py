"""From opened profiles to the facts of a case: values on a day, sources, doubts. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from mdm.desk.revealing import DATE, RELATION
from mdm.desk.terms import Person, Profile
from mdm.eligibility.doubts import EligibilityRules
from mdm.eligibility.lasting import Bounds, bounds, period_end
from mdm.eligibility.terms import Case, Doubt, Facts, Unit
from mdm.questions import OpenQuestion
from mdm.survivorship import load_rules

OLDEST = 130  # years; a greater age is a slip
LISTED = {"pkh": "listed_pkh", "sembako": "listed_sembako", "pbi": "listed_pbi"}
PLACES = ("domicile", "card_address")  # where somebody lives before what the card says
RECORD = 1  # of an entry: the record that told the value
PERIOD_OF = {"desil": "desil_period"}  # what says of which period a value is
DERIVED_FROM = {"age": "birth_date", "village_kind": "region_today"}
VILLAGE_KINDS = {"1": "kelurahan", "2": "desa", "3": "desa_adat"}  # seventh digit of the code


@dataclass
class Maker:
    """Makes cases as of one day. Keeps the facts of everybody it met: the members of a family are
    the same people for each of them."""

    on: date
    said: EligibilityRules
    looks_at: frozenset[tuple[str, str]]
    _needed: Mapping[str, frozenset[str]] = field(init=False)
    _bounds: Bounds | None = field(init=False)
    _facts: dict[str, Facts] = field(default_factory=dict)
    _families: dict[tuple[str, str | None], tuple[Facts, tuple[Facts, ...], bool]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self._needed = entries_for(self.looks_at)
        lasts = self.said.lasts
        self._bounds = None if lasts is None else bounds(lasts, self.on)

    @property
    def attributes(self) -> frozenset[str]:
        """The attributes of contents that it reads, and those that tell where somebody lives."""
        return frozenset(PLACES).union(*self._needed.values())

    def case(self, person: Person) -> Case:
        """The case of a person. Members and families whose processing is restricted are left out,
        as if nothing were known of them."""
        own = self._one(person, person.person)
        found = [*self._doubts(person.person, "person", person.open)]
        if person.also_on:
            found.append(Doubt("several_carriers", "person"))
        if own.values.get("alive") is False and "person_died" in self.said.doubts:
            found.append(Doubt("person_died", "person"))
        if person.family is None or person.family.entity_id in person.hidden:
            return Case(self.on, own, None, (own,), complete=False, doubts=tuple(found))
        found += self._doubts(person.family, "family", person.open)
        family, members, complete = self._family(person, own)
        return Case(self.on, own, family, members, complete, tuple(found))

    def nobody(self) -> Case:
        """The case of a NIK under which there is nobody to assess."""
        return Case(self.on, None, complete=False, doubts=(Doubt("not_found", "person"),))

    def _family(self, person: Person, own: Facts) -> tuple[Facts, tuple[Facts, ...], bool]:
        family = person.family
        assert family is not None
        # The same for whoever of them is asked about, but of somebody in doubt: their own word is taken.
        place = family.entity_id, own.entity_id if own.doubtful else None
        kept = self._families.get(place)
        if kept is None:
            named = [member[0] for member in family.body["links"].get("members", ())]
            seen = [
                self._one(person, one)
                for key in named
                if (one := self._member(person, key)) is not None and key not in person.hidden
            ]
            facts = self._of(family, "family", person.open)
            values, dates = {**facts.values}, {**facts.dates}
            complete = len(seen) == len(named) > 0
            # Of members not seen nothing is known, and nothing told: not even how many they are.
            values |= {"size": len(named)} if complete else {}
            for flag, name in LISTED.items():
                listed, day = _listed(seen, flag, own, complete=complete)
                values |= {} if listed is None else {name: listed}
                dates |= {} if day is None else {name: day}
            facts = replace(facts, values=values, dates=dates)
            kept = self._families[place] = facts, tuple(seen), complete
        return kept

    @staticmethod
    def _member(person: Person, key: str) -> Profile | None:
        return person.person if key == person.person.entity_id else person.members.get(key)

    def _one(self, person: Person, one: Profile) -> Facts:
        """The facts of the person or a member: how they stand to the head is what the family says that they are in."""
        facts = self._of(one, "person", person.open)
        if RELATION not in self._needed["person"]:
            return facts
        relation = person.relations.get(one.entity_id)
        if relation is None or facts.values.get(RELATION) == relation:
            return facts
        dates = {name: day for name, day in facts.dates.items() if name != RELATION}
        kept = replace(facts, values={**facts.values, RELATION: relation}, dates=dates)
        self._facts[one.entity_id] = kept
        return kept

    def _of(self, profile: Profile, of: Unit, open_: Mapping[str, Sequence[OpenQuestion]]) -> Facts:
        known = self._facts.get(profile.entity_id)
        if known is None:
            doubts = self._doubts(profile, of, open_)
            suspended = any(self.said.doubts[one.doubt].suspends for one in doubts)  # type: ignore[index]
            known = facts_of(profile, self.on, self._needed[of], self._bounds, doubtful=suspended)
            self._facts[profile.entity_id] = known
        return known

    def _doubts(
        self, profile: Profile, of: Unit, open_: Mapping[str, Sequence[OpenQuestion]]
    ) -> list[Doubt]:
        """What is open about one profile, each kind once, with the heaviest pair's weight."""
        if profile.entity_id not in open_ and profile.body["identity_status"] != "conflict":
            return []
        weights: dict[str, float | None] = {}
        for one in open_.get(profile.entity_id, ()):
            before = weights.get(one.question)
            heavier = before is None or (one.weight is not None and one.weight > before)
            weights[one.question] = one.weight if heavier else before
        if profile.body["identity_status"] == "conflict":
            weights["identity_conflict"] = None
        return [
            Doubt(name, of, None if weight is None else round(weight, 1))
            for name, weight in sorted(weights.items())
        ]


def facts_of(
    profile: Profile,
    on: date,
    needed: Collection[str],
    lasting: Bounds | None,
    *,
    doubtful: bool = False,
) -> Facts:
    """The facts of one profile on a day: valid values of the `needed` entries, groups taken apart,
    and what follows from them (age, kind of village); always the identity status. Without bounds
    nothing is told of how old they are."""
    body, records = profile.body, profile.body["records"]
    dates: dict[str, str] = {}
    values: dict[str, Any] = {"identity_status": body["identity_status"]}
    places: dict[str, tuple[dict[str, Any], str | None]] = {}
    for entries in profile.told:
        for name, entry in entries.items():
            if name not in needed:
                continue
            value, day = entry[0], records[entry[RECORD]][DATE]
            if name in PLACES:
                places[name] = value, day
                continue
            told = value if isinstance(value, dict) else {name: value}
            values.update(told)
            if day is not None:
                dates.update(dict.fromkeys(told, day))
    for name in PLACES if places else ():
        place, day = places.get(name, ({}, None))
        for part in place.keys() - values.keys():
            values[part] = place[part]
            if day is not None:
                dates[part] = day
    if "birth_date" in values and (age := age_on(values["birth_date"], on)) is not None:
        values["age"] = age
    if "region_today" in values:
        region = str(values["region_today"]).replace(".", "")
        if kind := VILLAGE_KINDS.get(region[6:7]):
            values["village_kind"] = kind
    sources = frozenset([record[0] for record in records])
    if lasting is None:
        return Facts(profile.entity_id, values, sources, len(records), doubtful)
    outdated = {
        name: values.pop(name)
        for name, (state, since) in lasting.items()
        if name in values
        and state in (None, values[name])
        and _told(name, values, dates, since) < since
    }
    dates |= {name: dates[base] for name, base in DERIVED_FROM.items() if base in dates}
    periods = {
        name: period for name, by in PERIOD_OF.items() if (period := values.get(by)) is not None
    }
    return Facts(
        profile.entity_id, values, sources, len(records), doubtful, dates, periods, outdated
    )


def _told(name: str, values: Mapping[str, Any], dates: Mapping[str, str], undated: str) -> str:
    """The day of which a value speaks: the last of its period, where it has one, else that of its record."""
    period = values.get(PERIOD_OF.get(name, ""))
    ends = period_end(str(period)) if period is not None else None
    return ends or dates.get(name, undated)


@lru_cache(maxsize=64)
def entries_for(looks_at: frozenset[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """Kind → the entries of a profile that hold the attributes rules look at."""
    found: dict[str, set[str]] = {"person": set(), "family": set()}
    for of, attribute in looks_at:
        kind = "family" if of == "family" else "person"
        for into, entry in _held_in(kind, attribute):
            found[into].add(entry)
    return {kind: frozenset(of) for kind, of in found.items()}


def _held_in(kind: str, attribute: str) -> Iterator[tuple[str, str]]:
    if attribute.startswith("listed_"):
        yield "person", attribute.removeprefix("listed_")
        return
    name = DERIVED_FROM.get(attribute, attribute)
    for entry, rule in load_rules().kind(kind).attributes.items():
        if name == entry or name in rule.together:
            yield kind, entry


def age_on(born: str | None, on: date) -> int | None:
    """Full years on a day; None for a birth date that is missing, to come, or too long ago."""
    if born is None:
        return None
    today = on.isoformat()
    if born > today:
        return None
    age = on.year - int(born[:4]) - (today[5:] < born[5:10])
    return age if age <= OLDEST else None


def _listed(
    members: Sequence[Facts], flag: str, own: Facts, *, complete: bool
) -> tuple[bool | None, str | None]:
    """Whether somebody of the family is listed: yes not by the word of another in doubt alone, no only where somebody's
    list was seen and nobody else can be the one. And the day of that word: of the newest yes, or the oldest no."""
    said = [one for one in members if flag in one.values]
    listed = [one for one in said if one.values[flag]]
    sure = [one for one in listed if one is own or not one.doubtful]
    if sure:
        return True, max(_days(sure, flag)) or None
    # A word too old to say anything leaves open whether its member is the one.
    if said and complete and not listed and not any(flag in one.outdated for one in members):
        return False, min(_days(said, flag)) or None
    return None, None


def _days(of: Sequence[Facts], flag: str) -> list[str]:
    """When it was told of each; what nobody dated, before everything."""
    return [one.dates.get(flag, "") for one in of]
