"""People, opened: person, family and household of many at once, in as few statements as can be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, TypedDict

import msgspec
import sqlalchemy as sa
from sqlmodel import Session, col

from mdm import questions
from mdm.access.restricted import restricted
from mdm.compose import Hub
from mdm.desk.terms import Person, Profile
from mdm.hub.lists import ListQuery, together
from mdm.hub.tables import Entity
from mdm.opening import Opened, open_profiles

Read = Callable[[str], Mapping[str, Any]]

_decode: Read = msgspec.json.Decoder().decode
FOLLOWED = 8  # redirects after one another; more is a circle


@lru_cache(maxsize=64)
def reading(attributes: frozenset[str]) -> Read:
    """What reads a golden content with no more than these attributes: the others are passed over,
    which takes a third of the time and of the memory."""
    entries = TypedDict("entries", dict.fromkeys(sorted(attributes), list[Any]), total=False)  # type: ignore[misc]
    whole = {"identity_status": Any, "links": dict[str, Any], "records": list[Any]}
    body = TypedDict("body", {"agreed": entries, "contested": entries, **whole})  # type: ignore[misc]
    return msgspec.json.Decoder(body).decode


def reading_for(wanted: Iterable[frozenset[str] | None]) -> Read:
    """What reads the contents for several who want some attributes each, or all (None)."""
    sets = set(wanted)
    return _decode if None in sets else reading(frozenset().union(*filter(None, sets)))


def open_people(
    hub: Hub,
    session: Session,
    persons: Mapping[str, Profile],
    seq: int,
    *,
    families_of: Collection[str] = (),
    houses_of: Collection[str] | None = None,
    read: Read = _decode,
    in_vain: Collection[str] = (),
) -> dict[str, Person]:
    """Entity id asked for → the person with what belongs to it, as of `seq`; `persons` are opened
    already (`open_following`). Of those opened `in_vain` it is not looked for whether they are restricted, but of an id
    somewhere else: where they lie was looked when they were drawn.

    For those of `families_of` the members of their family are opened too. The household is opened
    for those of `houses_of` (None: all), and for those whose own profile does not say where they
    live.
    """
    wanted = [one.body["links"].get("family") for one in persons.values()]
    wanted += [
        one.body["links"].get("household")
        for asked, one in persons.items()
        if houses_of is None or asked in houses_of or not knows_home(one)
    ]
    others = open_following(hub, session, filter(None, wanted), seq, read)
    named = {asked: _members(one, others) for asked, one in persons.items() if asked in families_of}
    around = dict.fromkeys(chain.from_iterable(named.values()))
    more = (key for key in around if key not in persons)
    members = {**persons, **open_following(hub, session, more, seq, read)}
    everybody = [one.entity_id for of in (members, others) for one in of.values()]
    doubts = questions.of(session, everybody, seq)
    heads = [head for one in others.values() if one.kind == "family" for head in one.heads]
    alone = {*in_vain}.difference(around)
    own = [(k, o) for of in (members, others) for k, o in of.items() if o.kind != "household"]
    # By the id it was drawn by: asked for by another that led there, it is somebody's.
    looked = [key[::-1] if key in alone else one.entity_id for key, one in own]
    hidden = restricted(session, [*looked, *heads])
    people = {
        asked: _person(
            one, others, {key: members[key] for key in named.get(asked, ()) if key in members}
        )
        for asked, one in persons.items()
    }
    return {asked: doubted(one, doubts, hidden) for asked, one in people.items()}


def knows_home(one: Profile) -> bool:
    """Whether a person's own profile says where the person lives."""
    entry = one.entry("domicile")
    return bool(entry and entry[0] and entry[0].get("region_today"))


def open_following(
    hub: Hub, session: Session, ids: Iterable[str], seq: int, read: Read = _decode
) -> dict[str, Profile]:
    """Id asked for → profile; a merged entity's id leads to the one it was merged into."""
    asked = list(dict.fromkeys(ids))
    if not asked:
        return {}
    opened = open_profiles(hub, session, asked, seq)
    found = {key: _profile(one, read) for key, one in opened.items()}
    ahead = {key: key for key in asked if key not in found}
    for _ in range(FOLLOWED):
        ahead = _redirects(session, ahead)
        if not ahead:
            break
        opened = open_profiles(hub, session, ahead.values(), seq)
        for key, target in list(ahead.items()):
            if target in opened:
                found[key] = _profile(opened[target], read)
                del ahead[key]
    return found


def _redirects(session: Session, ahead: Mapping[str, str]) -> dict[str, str]:
    """Asked id → where the entity it led to was merged into; those that lead nowhere fall out."""
    if not ahead:
        return {}
    merged: dict[str, str] = {}
    for some in together(ahead.values()):
        merged.update(_MERGED.rows(session.connection(), some))
    return {key: merged[at] for key, at in ahead.items() if at in merged}


# Straight to the driver: who is not there any more must not be told by the time of this from who is not to be seen.
_MERGED = ListQuery(
    sa.select(col(Entity.entity_id), col(Entity.merged_into)).where(
        col(Entity.entity_id).in_(sa.bindparam("ids", expanding=True)),
        col(Entity.merged_into).is_not(None),
    )
)


def _profile(opened: Opened, read: Read) -> Profile:
    return Profile(
        opened.entity_id, opened.kind, opened.version, opened.run_seq, read(opened.content)
    )


def _members(one: Profile, others: Mapping[str, Profile]) -> list[str]:
    """Entity ids of the family's members."""
    family = others.get(one.body["links"].get("family") or "")
    return [member[0] for member in family.body["links"].get("members", ())] if family else []


def _person(one: Profile, others: Mapping[str, Profile], members: Mapping[str, Profile]) -> Person:
    links = one.body["links"]
    family, household = (others.get(links.get(kind) or "") for kind in ("family", "household"))
    return Person(one, family, household, region_of(one, household, family), members)


def doubted(
    one: Person, doubts: Mapping[str, list[questions.OpenQuestion]], hidden: Collection[str]
) -> Person:
    """The same person, told what is open about everybody opened, and who of them is restricted: work that is the same
    whether somebody is."""
    about = [p.entity_id for p in one.profiles]
    if doubts:
        one.open = {key: doubts[key] for key in about if key in doubts}
        own = [profile.entity_id for profile in (one.person, one.family) if profile is not None]
        review = [q for key in own for q in one.open.get(key, ()) if q.question != questions.WEAK]
        one.doubt = review or None
    if one.family is not None:
        about += one.family.heads
    one.hidden = frozenset(about).intersection(hidden)
    return one


def region_of(*profiles: Profile | None) -> str | None:
    """Today's Kemendagri code of where a person lives, as far as the profiles know, no dots."""
    for name in ("domicile", "card_address"):
        for one in profiles:
            entry = one.entry(name) if one is not None else None
            code = entry[0].get("region_today") if entry and entry[0] else None
            if code:
                return str(code).replace(".", "")
    return None
