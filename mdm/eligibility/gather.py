"""Many people opened at once for assessment: set-based, and no more profiles than the rules need."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import chain

from sqlmodel import Session

from mdm import questions
from mdm.compose import Hub
from mdm.desk.people import doubted, open_following, region_of
from mdm.desk.terms import Person, Profile
from mdm.rights import restricted


def gather(
    hub: Hub, session: Session, asked: Collection[str], seq: int, *, members: bool
) -> dict[str, Person]:
    """Entity id → person with family, and with members where the rules look at them, as of a run.

    The household is opened only for those whose own profile does not say where they live.
    """
    persons = open_following(hub, session, asked, seq)
    homeless = [one for one in persons.values() if not _knows_home(one)]
    wanted = chain(_linked(persons.values(), "family"), _linked(homeless, "household"))
    others = open_following(hub, session, wanted, seq)
    more: Mapping[str, Profile] = {}
    if members:
        families = [one for one in others.values() if one.kind == "family"]
        named = (key for family in families for key in _members(family))
        more = open_following(hub, session, (key for key in named if key not in persons), seq)
    everybody = {**more, **others, **persons}
    ids = [one.entity_id for one in everybody.values()]
    doubts, hidden = questions.of(session, ids, seq), restricted(session, ids)
    people = ((key, _person(one, everybody)) for key, one in persons.items())
    return {key: doubted(person, doubts, hidden) for key, person in people}


def _person(one: Profile, everybody: Mapping[str, Profile]) -> Person:
    links = one.body["links"]
    family = everybody.get(links.get("family") or "")
    household = everybody.get(links.get("household") or "")
    members = {}
    if family is not None:
        members = {key: everybody[key] for key in _members(family) if key in everybody}
    return Person(one, family, household, region_of(one, household, family), members)


def _linked(profiles: Iterable[Profile], kind: str) -> list[str]:
    return [key for one in profiles if (key := one.body["links"].get(kind))]


def _members(family: Profile) -> list[str]:
    return [member[0] for member in family.body["links"].get("members", ())]


def _knows_home(one: Profile) -> bool:
    entry = one.entry("domicile")
    return bool(entry and entry[0] and entry[0].get("region_today"))
