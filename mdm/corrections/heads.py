"""A family whose head goes: that is told before anybody decides, with who is head afterwards where it is known. It is
never refused: what happened in a family is not the hub's to forbid.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session

from mdm.access.restricted import restricted
from mdm.compose import Hub
from mdm.corrections.around import Around, value_of
from mdm.desk.people import open_following
from mdm.desk.terms import Profile
from mdm.hub.runs import published_seq

HEAD = "HEAD"
LEAVES, FOLLOWS = "head-leaves", "head-follows"  # the checks


@dataclass(frozen=True)
class Headless:
    """A family that loses its head. `follows`: the member who is its head afterwards; None where that is not known."""

    follows: Profile | None


def losing(around: Around, going: Collection[str]) -> Headless | None:
    """What becomes of the family when these members are no longer in it, or no longer its head; None where it keeps its
    head, or nobody stays."""
    heads = {one for one, relation in around.relations.items() if relation == HEAD}
    if heads.isdisjoint(going) or not around.relations.keys() - set(going):
        return None
    stay = [around.members[one] for one in heads.difference(going) if one in around.members]
    alive = [one for one in stay if (value_of(one, "life") or {}).get("alive") is not False]
    return Headless(alive[0] if len(alive) == 1 else None)


def name_of(hub: Hub, session: Session, entity_id: str) -> str:
    """The name of who is head afterwards, as it stands now; empty for somebody who may not be shown."""
    if restricted(session, [entity_id]):
        return ""
    found = open_following(hub, session, [entity_id], published_seq(session)).get(entity_id)
    return str(value_of(found, "name") or "") if found else ""
