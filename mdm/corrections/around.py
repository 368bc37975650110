"""Whom a proposal is about, opened: the person or family, the members, where they live, who carries a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from mdm.access.restricted import restricted
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.desk.people import open_following, region_of
from mdm.desk.terms import Profile
from mdm.hub.runs import published_seq
from mdm.hub.tables import Entity
from mdm.opening import carriers
from mdm.seal.tokens import tokens_for


@dataclass(frozen=True)
class Around:
    """A person or a family with what stands around it. `region` holds Kemendagri digits."""

    target: Profile
    family: Profile | None
    household: Profile | None
    members: Mapping[str, Profile]
    relations: Mapping[str, str | None]  # of the members
    region: str | None


def look_around(hub: Hub, session: Session, entity_id: str) -> Around | None:
    """Open a person or family as readers see it; None when there is none.

    For code that answers for what it does with it: nothing is written to the audit log here.
    """
    seq = published_seq(session)
    target = open_following(hub, session, [entity_id], seq).get(entity_id)
    if target is None or target.kind == "household":
        return None
    family = target if target.kind == "family" else _linked(hub, session, target, "family", seq)
    home = _linked(hub, session, family or target, "household", seq)
    named = family.body["links"].get("members", ()) if family else ()
    opened = open_following(hub, session, [one for one, _ in named], seq)
    region = region_around(target, family, home) or region_of(*opened.values())
    return Around(target, family, home, opened, dict(named), region)


def region_around(one: Profile, family: Profile | None, home: Profile | None) -> str | None:
    """Kemendagri digits of where a person lives, or a family or dwelling stands, as far as these profiles know."""
    return region_of(*([one] if one.kind == "person" else []), home, family)


def carrying(hub: Hub, session: Session, principal: Principal, nik: str) -> list[Profile]:
    """The persons of a principal's regions filed under a NIK, the one whose golden NIK it is first. Whoever lives
    elsewhere, or whose processing is restricted, is not told of: a number typed into a form must not say whether
    somebody has it."""
    seq, tokens = published_seq(session), tokens_for(hub, nik)
    found = carriers(session, tokens, seq)
    ids = [one for token in tokens for one in found.get(token, ())]
    beside = (look_around(hub, session, one) for one in dict.fromkeys(ids))
    here = [one.target for one in beside if one and principal.covers(one.region)]
    hidden = restricted(session, [one.entity_id for one in here])
    return [one for one in here if one.entity_id not in hidden]


def known_as(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """These entities and all that were merged into them, each with the one it is now: a proposal goes by the id that
    its target had when it was proposed."""
    found = {one: one for one in ids}
    ahead = list(found)
    while ahead:
        query = select(Entity.entity_id, Entity.merged_into).where(
            col(Entity.merged_into).in_(ahead)
        )
        came = [(one, into) for one, into in session.exec(query) if one not in found]
        found |= {one: found[into] for one, into in came if into is not None}
        ahead = [one for one, _ in came]
    return found


def value_of(profile: Profile, attribute: str) -> Any:
    """The chosen value of an attribute; None when nobody spoke."""
    entry = profile.entry(attribute)
    return entry[0] if entry else None


def said_by(profile: Profile, attribute: str, source: str) -> list[Any]:
    """What a source's records say of an attribute in this profile, chosen or lost."""
    entry, records = profile.entry(attribute), profile.body["records"]
    if not entry:
        return []
    told = [(entry[0], entry[1]), *((lost[0], lost[1]) for lost in (entry[3:4] or [[]])[0])]
    return [value for value, at in told if records[at][0] == source]


def _linked(hub: Hub, session: Session, one: Profile, kind: str, seq: int) -> Profile | None:
    named = one.body["links"].get(kind)
    return open_following(hub, session, [named], seq).get(named) if named else None
