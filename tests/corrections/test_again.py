"""What was approved by mistake is corrected again: also that somebody died."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from mdm.corrections import chain, rows
from mdm.corrections.around import value_of
from mdm.corrections.lists import about
from mdm.corrections.rows import Added
from mdm.corrections.sheet import open_sheet
from mdm.corrections.terms import Part
from mdm.hub.tables import Entity
from mdm.judgements import RecordRef
from mdm.pipeline import run
from reference.codes import canonical
from tests.corrections.chain import OPERATOR, draft, families
from tests.corrections.test_path import World, registered, send
from tests.run.homes import QUIET, FirstRun, copy_of


@dataclass
class Corrected(World):
    """A home in which officers corrected somebody's life and a floor, and, a run later, both again."""

    dead: str = ""
    floor: str = ""
    between: dict[str, object] = field(default_factory=dict)


@pytest.fixture(scope="module")
def world(first: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corrected]:
    folder = tmp_path_factory.mktemp("again")
    with copy_of(first.home, folder / "home") as hub:
        fitting = [one for one in families(hub) if len(one.members) > 3]
        fitting.sort(key=lambda one: str(value_of(one.target, "kk")))
        world = Corrected(hub, first.delivery, fitting, dead=registered(fitting[0]).entity_id)
        here = next(
            one.target
            for one in fitting[3:]
            if any(r[1] == "siksng_keluarga" for r in one.target.body["records"])
        )
        code, once, then = _floors(value_of(here, "floor"))
        died = {"death_date": "2026-11-02"}
        world.correct("death", draft("report-death", world.dead, values=died))
        said = {"attribute": "floor", "values": {"floor": once}}
        world.correct("first", draft("correct-value", here.entity_id, **said))
        heard = next(
            one for one in world.one("first").part.heard if one.layout == "siksng_keluarga"
        )
        agrees = {heard.record_key: {"jenis_lantai": code, "diperbarui_at": "2026-11-25"}}
        file = "kemensos/siksng_keluarga.csv"
        send(world, folder / "agrees", agrees, file, "IDSEMESTA_KELUARGA")
        run(hub, QUIET)
        world.between["alive"] = value_of(world.person(world.dead).target, "life")["alive"]
        world.between["first"] = world.one("first").outcome
        alive = {"attribute": "life", "values": {"alive": "ya"}}
        world.correct("alive", draft("correct-value", world.dead, **alive))
        said = {"attribute": "floor", "values": {"floor": then}, "source_date": "2026-11-26"}
        world.correct("second", draft("correct-value", here.entity_id, **said))
        run(hub, QUIET)
        world.floor = str(value_of(world.person(here.entity_id).target, "floor"))
        yield world


def test_who_was_reported_dead_by_mistake_lives_again(world: Corrected) -> None:
    assert world.between["alive"] is False
    assert value_of(world.person(world.dead).target, "life")["alive"] is True
    assert {one.outcome for one in world.became("alive")} == {"survived"}
    assert {one.outcome for one in world.became("death")} == {"superseded"}


def test_a_second_correction_holds_against_a_source_that_confirms_the_first(
    world: Corrected,
) -> None:
    """The first with the source was louder than the second alone."""
    assert world.between["first"] == "confirmed"
    assert world.floor == world.drafts["second"].values["floor"]
    assert world.one("second").outcome == "survived"
    assert world.one("first").outcome == "superseded"


def test_a_proposal_about_a_double_is_one_about_whom_it_was_merged_into(world: Corrected) -> None:
    """By the id of then the sheet did not show it, and a second one about the same could be sent."""
    hub = world.hub
    double, other = next(iter(world.families[1].members)), next(iter(world.families[2].members))
    values = {"phone": "081234567890"}
    made = chain.propose(
        hub, OPERATOR, draft("correct-value", double, attribute="phone", values=values)
    )
    with hub.sessions.begin() as session:
        merged = session.get(Entity, double)
        assert merged is not None
        merged.status, merged.merged_into = "merged", other
        session.add(merged)
    second = draft("correct-value", other, attribute="phone", values={"phone": "081234567891"})
    assert "open-elsewhere" in {check.code for check in chain.try_out(hub, OPERATOR, second)}
    assert made in {one.row.id for one in about(hub, OPERATOR, [other])}
    sheet = open_sheet(hub, OPERATOR, other)
    (entry,) = (one for one in sheet.members if one.entity_id == other)
    assert "phone" in entry.proposals


def added(
    number: int, seen: str, entity_id: str | None, key: str, anchor: RecordRef | None = None
) -> Added:
    part = Part(key=key, kind="person", entity_id=entity_id, anchor=anchor, columns={"phone": str(number)},
                attributes=("phone",))  # fmt: skip
    return Added(f"c{number}", number, part, seen)


def test_of_two_corrections_of_one_value_the_later_speaks() -> None:
    first, second = added(1, "2026-11-02", "e", "a"), added(2, "2026-11-20", "e", "b")
    assert rows.superseded([first, second]) == {("a", "phone")}
    assert rows.superseded([second, first]) == {("a", "phone")}
    # Evidence of before does not take the place of later evidence; of the same day, who said it last.
    assert rows.superseded([first, added(3, "2026-11-01", "e", "c")]) == {("c", "phone")}
    assert rows.superseded([first, added(3, "2026-11-02", "e", "c")]) == {("a", "phone")}
    assert rows.superseded([first, added(3, "2026-11-20", "another", "c")]) == set()
    # Somebody whom only a correction tells of, corrected.
    born = added(1, "2026-11-02", None, "new")
    mended = added(2, "2026-11-20", "e", "b", RecordRef("correction", "person", "new"))
    assert rows.superseded([born, mended]) == {("new", "phone")}


def _floors(stood: str | None) -> tuple[str, str, str]:
    """A floor by the provider's code, by ours, and a third, all other than the one that stands."""
    known = {canonical("floor", "regsosek", code): code for code in "123456789"}
    first, second = [one for one in known if one not in {stood, None}][:2]
    return known[first], str(first), str(second)
