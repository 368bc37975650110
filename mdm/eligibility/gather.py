"""Many people opened for assessment: set-based, a part at a time, and no more than the rules need.

Who is asked for is opened behind the wall of the regions the asker may look at, where the database
has one, as at the desk; families and members, which no NIK leads to, before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from sqlmodel import Session

from mdm import questions
from mdm.access.restricted import restricted
from mdm.compose import Hub
from mdm.desk.decoys import draw_decoys
from mdm.desk.people import doubted, knows_home, open_following, reading, region_of
from mdm.desk.terms import Person, Profile

TOGETHER = 250  # persons in a part: with their families they stay in the processor's reach


def gather(
    hub: Hub,
    session: Session,
    asked: Collection[str],
    seq: int,
    *,
    regions: Sequence[str],
    in_vain: Collection[str] = (),
    members: bool,
    attributes: frozenset[str],
) -> Iterator[dict[str, Person]]:
    """Entity id → person with family, and with members where the rules look at them, as of a run;
    some at a time, those of one family one after the other. Of contents only these attributes are
    read.

    Who of `asked` is not seen from `regions` is left out. Somebody else is opened instead, before the
    wall, as those of `in_vain` are: a miss costs what a hit costs, and nothing is told of them.

    The household is opened only for those whose own profile does not say where they live.
    """
    read = reading(attributes)
    with hub.dialect.wall(session.connection(), regions, seq):
        persons = open_following(hub, session, asked, seq, read)
    beyond = [key[::-1] for key in asked if key not in persons]
    instead = {*in_vain, *draw_decoys(session, seq, beyond)}.difference(asked)
    persons |= open_following(hub, session, instead, seq, read)
    in_order = sorted(persons, key=lambda key: persons[key].body["links"].get("family") or "")
    for start in range(0, len(in_order), TOGETHER):
        some = {key: persons[key] for key in in_order[start : start + TOGETHER]}
        homeless = [one for one in some.values() if not knows_home(one)]
        wanted = chain(_linked(some.values(), "family"), _linked(homeless, "household"))
        everybody = open_following(hub, session, wanted, seq, read)
        if members:
            families = [one for one in everybody.values() if one.kind == "family"]
            named = {key for family in families for key in _members(family)}
            everybody |= {key: persons[key] for key in named & persons.keys()}
            more = (key for key in sorted(named) if key not in persons)
            everybody |= open_following(hub, session, more, seq, read)
        everybody |= some
        ids = [one.entity_id for one in everybody.values()]
        doubts, hidden = questions.of(session, ids, seq), restricted(session, ids)
        people = ((key, _person(one, everybody)) for key, one in some.items())
        yield {key: doubted(person, doubts, hidden) for key, person in people}


def _person(one: Profile, everybody: Mapping[str, Profile]) -> Person:
    links = one.body["links"]
    family = everybody.get(links.get("family") or "")
    household = None if knows_home(one) else everybody.get(links.get("household") or "")
    members = {}
    if family is not None:
        members = {key: everybody[key] for key in _members(family) if key in everybody}
    return Person(one, family, household, region_of(one, household, family), members)


def _linked(profiles: Iterable[Profile], kind: str) -> list[str]:
    return [key for one in profiles if (key := one.body["links"].get(kind))]


def _members(family: Profile) -> list[str]:
    return [member[0] for member in family.body["links"].get("members", ())]
