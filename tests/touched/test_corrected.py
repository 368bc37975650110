"""An approved correction is seen at once: what a whole run makes of it afterwards is the same."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from sqlmodel import select

from mdm.compose import Hub
from mdm.corrections import store
from mdm.corrections.around import Around, look_around, value_of
from mdm.corrections.outcomes import outcomes
from mdm.corrections.terms import Draft
from mdm.hub.tables import Correction, Entity
from mdm.pipeline import run
from mdm.touched import Settled, Waiting, settle
from mdm.touched.words import Words
from reference.codes import labels
from tests.corrections.chain import approve, draft
from tests.run.homes import QUIET, FirstRun, copy_of, profiles


@dataclass
class World:
    """A published home and its larger families; what is approved is settled at once."""

    hub: Hub
    families: list[Around]

    def settle(self, *drafts: Draft) -> tuple[list[str], Settled | Waiting | None]:
        made = [approve(self.hub, one) for one in drafts]
        engine = self.hub.engine()
        try:
            return made, settle(self.hub, engine, Words(self.hub))
        finally:
            engine.close()

    def became(self, correction: str) -> list[str]:
        with self.hub.sessions.read() as session:
            rows = session.exec(select(Correction).where(Correction.id == correction)).all()
            found = outcomes(self.hub, session, list(store.open_many(self.hub, session, rows)))
        return [one.outcome for one in found[correction]]

    def now(self, entity_id: str) -> Around:
        with self.hub.sessions.read() as session:
            found = look_around(self.hub, session, entity_id)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def world(first: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with copy_of(first.home, tmp_path_factory.mktemp("corrected") / "home") as hub:
        with hub.sessions.read() as session:
            ids = session.exec(select(Entity.entity_id).where(Entity.kind == "family")).all()
            seen = [look_around(hub, session, one) for one in sorted(ids)]
        large = [
            one for one in seen if one and len(one.members) >= 3 and value_of(one.target, "kk")
        ]
        yield World(hub, large)


def other(around: Around) -> str:
    """A member who is not the head."""
    return next(key for key, relation in around.relations.items() if relation != "HEAD")


def test_what_was_approved_is_seen_at_once_and_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Records whose random keys begin alike are told apart all the same.
    alike = SimpleNamespace(token_hex=lambda n: "abcdef0" + secrets.token_hex(n)[7:])
    monkeypatch.setattr("mdm.corrections.building.secrets", alike)
    one, two, three, four = world.families[:4]
    floor = next(code for code in labels("floor") if code != value_of(two.target, "floor"))
    moved = other(three)
    head = next(key for key, relation in one.relations.items() if relation == "HEAD")
    drafts = (
        draft("correct-value", other(one), attribute="phone", values={"phone": "081234567890"}),
        draft("correct-value", head, attribute="phone", values={"phone": "081234567891"}),
        draft("correct-value", two.target.entity_id, attribute="floor", values={"floor": floor}),
        draft(
            "move-member",
            moved,
            values={"kk": value_of(four.target, "kk"), "relationship": "OTHER_RELATIVE"},
        ),
    )
    made, done = world.settle(*drafts)
    assert isinstance(done, Settled)
    assert not done.deferred
    for correction in made:
        assert "survived" in world.became(correction)
    assert value_of(world.now(other(one)).target, "phone") == "081234567890"
    assert value_of(world.now(head).target, "phone") == "081234567891"
    assert value_of(world.now(two.target.entity_id).target, "floor") == floor
    assert moved in world.now(four.target.entity_id).members
    assert moved not in world.now(three.target.entity_id).members
    monkeypatch.undo()
    card, waiting = a_new_card_waits_for_the_next_run(world)
    before = profiles(world.hub)
    run(world.hub, QUIET)
    assert {"next-run", "waiting"}.isdisjoint(world.became(card))
    # The card that waited is all that the run has to tell.
    after = profiles(world.hub)
    changed = {one for one in after if after[one] != before.get(one)}
    assert before.keys() <= after.keys()
    assert changed & before.keys() == waiting
    new = sorted(json.loads(after[one])["kind"] for one in changed - before.keys())
    assert new == ["family", "household"]


def a_new_card_waits_for_the_next_run(world: World) -> tuple[str, set[str]]:
    """A family is to be split: the correction, and the profiles that will say otherwise."""
    five, six = world.families[4:6]
    going = [key for key, relation in five.relations.items() if relation != "HEAD"][:2]
    split = draft(
        "split-family", five.target.entity_id, members={going[0]: "HEAD", going[1]: "CHILD"}
    )
    phone = draft("correct-value", other(six), attribute="phone", values={"phone": "081200000001"})
    made, done = world.settle(split, phone)
    assert isinstance(done, Settled), "one that waits holds up no other"
    assert done.deferred
    assert world.became(made[1]) == ["survived"]
    assert "next-run" in world.became(made[0])
    return made[0], {five.target.entity_id, *going}
