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
    """A home in which officers corrected four families; a run brought it in, and another what sources said of it: of
    the first three that they agree, of the others that they moved to the sixth."""
    folder = tmp_path_factory.mktemp("confirmed")
    with copy_of(first.home, folder / "home") as hub:
        fitting = [
            one
            for one in families(hub)
            if len(one.members) > 2
            and by_both(one)
            and list(one.relations.values()).count("HEAD") == 1
        ]
        fitting.sort(key=lambda one: str(value_of(one.target, "kk")))
        world = World(hub, first.delivery, fitting)
        correct(world)
        run(hub, QUIET)
        of_kemensos(world, folder / "agrees", card(world, 1), "MENINGGAL", "2026-11-25")
        moved = {"NO_KK": card(world, 5), "TGL_ENTRI": "2026-11-25"}
        rows = {record_of(world, name, "kemendagri"): moved for name in ("head", "out")}
        send(world, folder / "card", rows, BIODATA, "NIK")
        run(hub, QUIET)
        yield world


def child(world: World, at: int) -> str:
    """A child of a family whom both know."""
    found = by_both(world.families[at])
    assert found
    return found.entity_id


def card(world: World, at: int) -> str:
    return str(value_of(world.families[at].target, "kk"))


def correct(world: World) -> None:
    """Somebody of the first family moves to the second, somebody of the third has died; in the fourth a child becomes
    head, from the fifth one is taken out."""
    moves = {"kk": card(world, 1), "relationship": "OTHER_RELATIVE"}
    world.correct("move", draft("move-member", child(world, 0), values=moves))
    died = {"death_date": "2026-11-02", "death_note": "SAKIT"}
    world.correct("death", draft("report-death", child(world, 2), values=died))
    was = next(one for one, what in world.families[3].relations.items() if what == "HEAD")
    head = draft("change-head", child(world, 3), members={was: "OTHER_RELATIVE"})
    world.correct("head", head)
    world.correct("out", draft("remove-member", child(world, 4)))


def record_of(world: World, name: str, source: str) -> str:
    """The source's record of whom a correction is about."""
    heard = world.became(name)[0].part.heard
    return next(one.record_key for one in heard if one.source == source)


def of_kemensos(world: World, folder: Path, on_card: str, life: str, day: str) -> None:
    """Kemensos says of one on which card they stand, of the other whether they live."""
    rows = {
        record_of(world, "move", "kemensos"): {"NOKK": on_card, "diperbarui_at": day},
        record_of(world, "death", "kemensos"): {"masih_hidup_label": life, "diperbarui_at": day},
    }
    send(world, folder, rows, PERSONS, "IDSEMESTA")


def test_it_holds_beside_who_agrees_until_they_say_otherwise(world: World, tmp_path: Path) -> None:
    """A move and a death that Kemensos comes to say: the registry, which outweighs it, has not heard of either."""
    new = world.families[1]

    def stands() -> tuple[str, str, bool, bool]:
        family = world.person(child(world, 0)).family
        assert family is not None
        alive = value_of(world.person(child(world, 2)).target, "life")["alive"]
        moved = next(one for one in world.became("move") if one.attribute == "kk")
        at_new = family.entity_id == new.target.entity_id
        return moved.outcome, world.one("death").outcome, at_new, alive

    assert stands() == ("confirmed", "confirmed", True, False)
    around = world.person(new.target.entity_id)
    assert set(around.members) == {*new.members, child(world, 0)}
    of_kemensos(world, tmp_path / "otherwise", card(world, 0), "HIDUP", "2026-11-26")
    run(world.hub, QUIET)
    assert stands() == ("overtaken", "overtaken", False, True)


def test_who_goes_to_another_card_is_what_that_card_says(world: World) -> None:
    """Whom officers made head, and whom they took out of a family, the registry moves to a third card, as children."""
    relations = world.person(world.families[5].target.entity_id).relations
    moved = [child(world, at) for at in (3, 4)]
    assert {one: relations[one] for one in moved} == dict.fromkeys(moved, "CHILD")
    assert list(relations.values()).count("HEAD") == 1
    assert {one.outcome for one in world.became("out")} == {"overtaken"}
