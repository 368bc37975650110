"""A sample of golden values: a profile is drawn, then one of its values.

Entity ids are random and say nothing, so the first profile behind a random place among them is a
random profile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from mdm.compose import Hub
from mdm.hub.tables import SealedProfile
from mdm.lookup import rules_of_its_day
from mdm.opening import open_profiles
from mdm.sampling.dice import Dice
from mdm.sampling.terms import Drawn, Item
from mdm.sampling.within import within
from mdm.survivorship import Choice, explain

TRIES = 5_000  # profiles opened before the draw gives up
FEW = 2_000  # profiles that are shuffled, not thrown at
TOGETHER = 100


@dataclass(frozen=True)
class WantedValues:
    """Which values: of a kind of entity, in regions (Kemendagri prefixes), of one attribute or any,
    only those with losers or any."""

    kind: str
    regions: tuple[str, ...] = ("",)
    attribute: str | None = None
    contested: bool = False


def draw_values(
    hub: Hub, session: Session, wanted: WantedValues, count: int, seed: str, *, seq: int
) -> Drawn:
    """Up to `count` values of as many profiles as of a run; each stratum is what decided."""
    dice, drawn, found = Dice(seed), set[str](), list[Item]()
    few = session.exec(_query(wanted, seq).distinct().limit(FEW + 1)).all()
    places = dice.shuffled(few) if len(few) <= FEW else _places(session, wanted, dice, seq)
    places = islice(places, TRIES)
    while len(found) < count:
        some = list(dict.fromkeys(islice(places, TOGETHER)))
        if not some:
            break
        fresh = [one for one in some if one not in drawn]
        drawn.update(fresh)
        opened = open_profiles(hub, session, fresh, seq)
        for entity_id in fresh:
            profile = opened.get(entity_id)
            if profile is None:
                continue
            told = explain(profile.content, rules_of_its_day(session, entity_id, profile.version))
            choices = [choice for choice in told.choices if _fits(choice, wanted)]
            if choices and len(found) < count:
                choice = choices[dice.below(len(choices))]
                ref = {"entity_id": entity_id, "version": profile.version}
                found.append(Item(choice.decided_by, ref | {"attribute": choice.attribute}))
    strata = Counter(one.stratum for one in found)
    return Drawn(tuple(found), dict.fromkeys(strata), run_seq=seq)


def _fits(choice: Choice, wanted: WantedValues) -> bool:
    named = wanted.attribute is None or choice.attribute == wanted.attribute
    return named and (bool(choice.losers) or not wanted.contested)


def _places(session: Session, wanted: WantedValues, dice: Dice, seq: int) -> Iterator[str]:
    """The entity behind one random place after another; the first of all behind the last."""
    at = col(SealedProfile.entity_id)
    query = _query(wanted, seq).order_by(at).limit(1)
    for pivot in dice.pivots():
        yield session.exec(query.where(at >= pivot)).first() or session.exec(query).one()


def _query(wanted: WantedValues, seq: int) -> SelectOfScalar[str]:
    """Everybody a value could be drawn of."""
    query = select(SealedProfile.entity_id).where(
        SealedProfile.kind == wanted.kind, SealedProfile.run_seq <= seq
    )
    return query if "" in wanted.regions else query.where(within(wanted.regions))
