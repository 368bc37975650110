"""What sources say after a correction: it holds beside the one that agrees, which others may outweigh; a relation is
one to a family, and ends with the card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mdm.corrections.around import Around, value_of
from mdm.desk.terms import Profile
from mdm.pipeline import run
from tests.corrections.chain import draft, families
from tests.corrections.test_path import BIODATA, World, send
from tests.run.homes import QUIET, FirstRun, copy_of

PERSONS = "kemensos/siksng_individu.csv"
KNOWN = {"kemendagri", "kemensos"}


def by_both(around: Around) -> Profile | None:
    """A child whom the registry and Kemensos know."""
    return next(
        (
            one
            for key, one in around.members.items()
            if around.relations[key] == "CHILD" and {r[0] for r in one.body["records"]} >= KNOWN
        ),
        None,
    )


@pytest.fixture(scope="module")
def world(first: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with copy_of(first.home, tmp_path_factory.mktemp("confirmed") / "home") as hub:
        fitting = [
            one
            for one in families(hub)
            if len(one.members) > 2
            and by_both(one)
            and list(one.relations.values()).count("HEAD") == 1
        ]
        fitting.sort(key=lambda one: str(value_of(one.target, "kk")))
        yield World(hub, first.delivery, fitting)


def test_it_holds_beside_who_agrees_until_they_say_otherwise(world: World, tmp_path: Path) -> None:
    """A move and a death that Kemensos comes to say: the registry, which outweighs it, has not heard of either."""
    old, new, third = world.families[:3]
    mover, dead = by_both(old), by_both(third)
    assert mover
    assert dead
    cards = [str(value_of(one.target, "kk")) for one in (old, new)]
    moves = {"kk": cards[1], "relationship": "OTHER_RELATIVE"}
    world.correct("move", draft("move-member", mover.entity_id, values=moves))
    died = {"death_date": "2026-11-02", "death_note": "SAKIT"}
    world.correct("death", draft("report-death", dead.entity_id, values=died))
    run(world.hub, QUIET)

    def of_kemensos(name: str) -> str:
        heard = world.became(name)[0].part.heard
        return next(one.record_key for one in heard if one.source == "kemensos")

    def says(folder: str, card: str, life: str, day: str) -> tuple[str, str, bool, bool]:
        """Kemensos says of one on which card they stand, of the other whether they live; what comes of it."""
        rows = {
            of_kemensos("move"): {"NOKK": card, "diperbarui_at": day},
            of_kemensos("death"): {"masih_hidup_label": life, "diperbarui_at": day},
        }
        send(world, tmp_path / folder, rows, PERSONS, "IDSEMESTA")
        run(world.hub, QUIET)
        family = world.person(mover.entity_id).family
        assert family is not None
        alive = value_of(world.person(dead.entity_id).target, "life")["alive"]
        moved = next(one for one in world.became("move") if one.attribute == "kk")
        return (
            moved.outcome,
            world.one("death").outcome,
            family.entity_id == new.target.entity_id,
            alive,
        )

    assert says("one", cards[1], "MENINGGAL", "2026-11-25") == (
        "confirmed",
        "confirmed",
        True,
        False,
    )
    around = world.person(new.target.entity_id)
    assert set(around.members) == {*new.members, mover.entity_id}
    assert says("two", cards[0], "HIDUP", "2026-11-26") == ("overtaken", "overtaken", False, True)


def test_who_goes_to_another_card_is_what_that_card_says(world: World, tmp_path: Path) -> None:
    """Whom officers made head, and whom they took out of a family, the registry moves to a third card, as children."""
    head, out, new = world.families[3:6]
    ids = [child.entity_id for one in (head, out) if (child := by_both(one))]
    was = next(one for one, relation in head.relations.items() if relation == "HEAD")
    world.correct("head", draft("change-head", ids[0], members={was: "OTHER_RELATIVE"}))
    world.correct("out", draft("remove-member", ids[1]))
    run(world.hub, QUIET)

    def of_registry(name: str) -> str:
        heard = world.became(name)[0].part.heard
        return next(one.record_key for one in heard if one.source == "kemendagri")

    moved = {"NO_KK": str(value_of(new.target, "kk")), "TGL_ENTRI": "2026-11-25"}
    rows = {of_registry(name): moved for name in ("head", "out")}
    send(world, tmp_path / "card", rows, BIODATA, "NIK")
    run(world.hub, QUIET)
    relations = world.person(new.target.entity_id).relations
    assert {one: relations[one] for one in ids} == dict.fromkeys(ids, "CHILD")
    assert list(relations.values()).count("HEAD") == 1
    assert {one.outcome for one in world.became("out")} == {"overtaken"}
