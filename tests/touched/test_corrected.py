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
from mdm.hub.tables import Correction, Run
from mdm.judgements import RecordRef
from mdm.pipeline import run
from mdm.survivorship import facts
from mdm.touched import Settled, Waiting, settle, settling
from mdm.touched.verdicts import Verdicts
from reference.codes import labels
from tests.corrections.chain import approve, draft, families
from tests.judged import judge
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
            return made, settle(self.hub, engine, Verdicts(self.hub))
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
        large = [one for one in families(hub) if len(one.members) >= 3]
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


def test_who_is_corrected_again_has_what_was_said_last(world: World) -> None:
    """With evidence of one day, whatever the random keys of corrections; where somebody belongs, too."""
    here, *cards = world.families[8:12]
    who = other(here)
    for phone in ("081200000003", "081200000002", "081200000004", "081200000001"):
        world.settle(draft("correct-value", who, attribute="phone", values={"phone": phone}))
        assert value_of(world.now(who).target, "phone") == phone
    for there in cards:
        values = {"kk": value_of(there.target, "kk"), "relationship": "OTHER_RELATIVE"}
        world.settle(draft("move-member", who, values=values))
        assert who in world.now(there.target.entity_id).members


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


def test_what_is_approved_while_others_are_settled_comes_with_its_link_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = world.families[6]
    who, begin = other(family), settling._start
    late = draft("correct-value", who, attribute="phone", values={"phone": "081234567899"})

    def meanwhile(hub: Hub) -> Run:
        monkeypatch.setattr(settling, "_start", begin)
        approve(hub, late)
        return begin(hub)

    monkeypatch.setattr(settling, "_start", meanwhile)
    world.settle(draft("correct-value", who, attribute="phone", values={"phone": "081234567898"}))
    assert _of_corrections_alone(world.hub) == []


def test_a_correction_that_people_part_from_its_record_keeps_the_id_it_got(world: World) -> None:
    hub, family = world.hub, world.families[7]
    (made,), _ = world.settle(
        draft("correct-value", other(family), attribute="phone", values={"phone": "081234567897"})
    )
    with hub.sessions.read() as session:
        rows = session.exec(select(Correction).where(Correction.id == made)).all()
        ((_, proposal),) = store.open_many(hub, session, rows)
    (part,) = proposal.parts
    assert part.anchor is not None
    own = RecordRef("correction", "person", part.key)
    judge(hub, "person", own, part.anchor, "non-link", actor="s", reason="test")
    world.settle()
    (alone,) = _of_corrections_alone(hub)
    two = two_taken_for_one(world)
    run(hub, QUIET)
    assert _of_corrections_alone(hub) == [alone]
    # Parted again, the correction goes with one of them; what is said of the other later brings it no second time.
    judge(hub, "person", *two, "review", actor="s", reason="test")
    world.settle()
    run(hub, QUIET)
    for who in persons_of(hub, two):
        world.settle(
            draft(
                "correct-value",
                who,
                attribute="occupation_text",
                values={"occupation_text": "NELAYAN"},
            )
        )
    assert _of_corrections_alone(hub) == [alone]


def two_taken_for_one(world: World) -> tuple[RecordRef, RecordRef]:
    """Two persons of two families linked by hand, and corrected by the id of the one with more records, tied to the
    registry's record of the other; that record of each."""
    hub = world.hub
    golden = [
        one["records"]
        for text in profiles(hub).values()
        if (one := json.loads(text))["kind"] == "person"
    ]
    registered = sorted(
        (r for r in golden if [one[0] for one in r].count("kemendagri") == 1), key=len
    )
    many = max(RecordRef(*one[0][:3]) for one in registered[-20:] if one[0][0] == "kemendagri")
    few = min(RecordRef(*one[0][:3]) for one in registered[:20] if one[0][0] == "kemendagri")
    assert few < many
    judge(hub, "person", few, many, "link", actor="s", reason="test")
    world.settle()
    (who,) = persons_of(hub, (few, many))
    world.settle(draft("correct-value", who, attribute="phone", values={"phone": "081234567000"}))
    return few, many


def persons_of(hub: Hub, records: tuple[RecordRef, ...]) -> list[str]:
    """The persons in whom some records stand."""
    return [
        one
        for one, text in profiles(hub).items()
        if {tuple(record[:3]) for record in json.loads(text)["records"]} & {*records}
    ]


def test_a_correction_stays_with_a_family_that_is_merged_at_once(world: World) -> None:
    """Also once something else is decided about it."""
    hub, (one, two) = world.hub, world.families[12:14]

    def link() -> None:
        left, right = (RecordRef(*around.target.body["records"][0][:3]) for around in (one, two))
        judge(hub, "family", left, right, "link", actor="s", reason="test")
        world.settle()

    def walls() -> list[str]:
        found = (world.now(around.target.entity_id).target for around in (one, two))
        return [str(value_of(target, "wall")) for target in found]

    said = [
        next(code for code in labels("wall") if code != value_of(around.target, "wall"))
        for around in (one, two)
    ]
    world.settle(
        *(
            draft("correct-value", around.target.entity_id, attribute="wall", values={"wall": wall})
            for around, wall in zip((one, two), said, strict=True)
        )
    )
    assert walls() == said
    link()
    merged = world.now(one.target.entity_id).target
    for attribute in ("motorcycles", "cars"):
        values = {attribute: "3"}
        made, _ = world.settle(
            draft("correct-value", merged.entity_id, attribute=attribute, values=values)
        )
        assert world.became(made[0]) == ["survived"]
    held = world.now(merged.entity_id).target
    assert len({record[2] for record in held.body["records"] if record[0] == "correction"}) == 4
    before = profiles(hub)
    run(hub, QUIET)  # which weighs anew where a family lives that is another one now
    assert facts(profiles(hub)[merged.entity_id]) == facts(before[merged.entity_id])


def _of_corrections_alone(hub: Hub) -> list[str]:
    """Persons of whom only corrections tell."""
    said = {one: json.loads(text) for one, text in profiles(hub).items()}
    return [
        one
        for one, golden in said.items()
        if golden["kind"] == "person"
        and {record[0] for record in golden["records"]} == {"correction"}
    ]
