"""The desk: groups share a transaction, one question's failure is its own, nothing is lost."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, func, select, update

from mdm.access import Limits, Principal, decide
from mdm.access.terms import Decision, Resource
from mdm.compose import Hub
from mdm.desk import Answered, BudgetError, BusyError, Desk, Moment, Person, Profile, Question
from mdm.errors import HomeError, IntegrityError
from mdm.hub.tables import AuditEvent, SealedProfile
from mdm.rights import restriction
from tests.api.world import (
    AGUS,
    BOGOR,
    BUDI,
    ENTITY,
    FAMILY,
    NOBODY,
    RINA,
    SITI,
    fill,
    people,
    person,
    programme,
)
from tests.publish.golden import Golden, publish_golden
from tests.templates import Fill, Template


@dataclass(frozen=True, kw_only=True)
class Name(Question):
    """What is this person's name?"""

    action: str = "profile.lookup"
    event: str = "reveal"
    purpose: str = "assistance"
    spoil: Callable[[], None] | None = None

    def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
        if self.spoil is not None:
            self.spoil()
        entry = person.person.entry("name")
        return Answered(entry[0] if entry else None, {"person": ["name"]})

    def unknown(self, moment: Moment) -> None:
        return None

    def whole(self, moment: Moment, values: Sequence[Any]) -> tuple[int, list[Any]]:
        return moment.seq, list(values)


def name(*niks: str, who: Principal | None = None, **more: Any) -> Name:
    return Name(principal=who or programme(), niks=niks, **more)


@pytest.fixture(scope="module")
def world_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(fill)


@pytest.fixture
def hub(world_once: Template, home: Path) -> Iterator[Hub]:
    """A copy of the small published hub."""
    with world_once.copy(home) as hub:
        yield hub


@pytest.fixture
def desk(hub: Hub) -> Iterator[Desk]:
    with Desk(hub, decide) as desk:
        yield desk


def ask_all(desk: Desk, questions: Sequence[Question]) -> list[Any]:
    async def asked() -> list[Any]:
        return await asyncio.gather(*map(desk.ask, questions), return_exceptions=True)

    return asyncio.run(asked())


def events(hub: Hub) -> list[dict[str, Any]]:
    with hub.sessions.read() as session:
        rows = session.exec(select(AuditEvent.event).order_by(col(AuditEvent.seq))).all()
    return [event for row in rows if (event := json.loads(row))["action"] == "reveal"]


def test_many_questions_at_once_each_get_their_own_answer_and_event(hub: Hub, desk: Desk) -> None:
    niks = [SITI, BUDI, RINA, NOBODY] * 50
    answers = ask_all(desk, [name(nik) for nik in niks])
    names = {SITI: "SITI NURHALIZA", BUDI: "BUDI SANTOSO", RINA: "NI LUH RINA", NOBODY: None}
    assert answers == [(1, [names[nik]]) for nik in niks]
    written = events(hub)
    assert len(written) == len(niks)
    assert sum(event["found"] for event in written) == 150


def test_several_people_in_one_question_in_the_order_asked(desk: Desk) -> None:
    question = name(RINA, NOBODY, SITI, entities=(ENTITY[BUDI],))
    assert ask_all(desk, [question]) == [
        (1, ["NI LUH RINA", None, "SITI NURHALIZA", "BUDI SANTOSO"])
    ]


def test_what_one_question_breaks_is_its_own(hub: Hub, desk: Desk) -> None:
    def spoil() -> None:
        raise ZeroDivisionError

    answers = ask_all(desk, [name(SITI), name(BUDI, spoil=spoil), name(RINA)])
    assert answers[0] == (1, ["SITI NURHALIZA"])
    assert isinstance(answers[1], ZeroDivisionError)
    assert answers[2] == (1, ["NI LUH RINA"])
    assert len(events(hub)) == 2


def test_a_profile_that_does_not_open_harms_nobody_else(hub: Hub, desk: Desk) -> None:
    with hub.sessions.begin() as session:
        session.exec(
            update(SealedProfile)
            .where(col(SealedProfile.entity_id) == ENTITY[BUDI])
            .values(ciphertext=b"\x01\x00" + b"x" * 60)
        )
    answers = ask_all(desk, [name(SITI), name(BUDI), name(RINA)])
    assert answers[0] == (1, ["SITI NURHALIZA"])
    assert isinstance(answers[1], IntegrityError)
    assert answers[2] == (1, ["NI LUH RINA"])


def test_the_answer_does_not_leave_before_its_event_is_there(hub: Hub, desk: Desk) -> None:
    seen: list[int] = []

    async def asked() -> None:
        await desk.ask(name(SITI))
        seen.append(len(events(hub)))

    asyncio.run(asked())
    assert seen == [1]


def test_without_the_log_nothing_is_answered(hub: Hub, desk: Desk) -> None:
    with hub.sessions.begin() as session:
        session.connection().execute(sa.text("ALTER TABLE audit_event RENAME TO elsewhere"))
    (answer,) = ask_all(desk, [name(SITI)])
    assert isinstance(answer, sa.exc.SQLAlchemyError)


def test_who_asks_about_nobody_again_opens_the_same_people_again(hub: Hub, desk: Desk) -> None:
    """As who asks about somebody again does: else time would tell the two apart, asked often enough."""
    opened: list[str] = []

    @dataclass(frozen=True, kw_only=True)
    class Opened(Name):
        def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
            opened.append(person.person.entity_id)
            return Answered(None)

    for _ in range(12):
        ask_all(desk, [Opened(principal=programme(), niks=(NOBODY,))])
    assert len(opened) == 12
    assert len(set(opened)) == 1


def test_a_restricted_person_looks_like_nobody_but_answers_for_itself(
    hub: Hub, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    restriction.restrict(hub, ENTITY[SITI], basis="court order", actor="staff:supervisor")
    supervisor = Principal("staff:s", "staff", frozenset(["supervisor"]), ("",))
    asked = name(SITI, who=supervisor, purpose="subject_access")
    # No more is done for them than for nobody.
    monkeypatch.delattr(Profile, "without")
    assert ask_all(desk, [name(SITI), asked]) == [(1, [None]), (1, ["SITI NURHALIZA"])]
    assert [event["found"] for event in events(hub)] == [False, True]
    assert events(hub)[0]["decision"] == "restricted"


def test_members_are_opened_where_a_question_wants_them(hub: Hub, desk: Desk) -> None:
    ask_all(desk, [name(SITI), name(SITI, members=True)])
    alone, whole = events(hub)
    assert alone["entity_id"] == [ENTITY[SITI], FAMILY[SITI]]
    assert whole["entity_id"] == [ENTITY[SITI], FAMILY[SITI], ENTITY[BUDI]]


def test_budgets_bound_what_is_asked(hub: Hub, desk: Desk) -> None:
    limits = Limits(requests_per_minute=1000, niks_per_day=2, miss_percent=100, miss_floor=100)
    who = Principal(**{**vars(programme()), "limits": limits})
    first = ask_all(desk, [name(SITI, who=who), name(BUDI, who=who), name(SITI, who=who)])
    assert all(isinstance(answer, tuple) for answer in first)
    (over,) = ask_all(desk, [name(RINA, who=who)])
    assert isinstance(over, BudgetError)
    assert over.bound == "niks-per-day"
    assert over.retry_after > 0
    assert ask_all(desk, [name(SITI, who=who)]) == [(1, ["SITI NURHALIZA"])]
    last = events(hub)[-2]
    assert (last["found"], last["decision"]) == (False, "niks-per-day")


def test_a_later_run_is_seen_and_an_older_one_can_be_asked(hub: Hub, desk: Desk) -> None:
    renamed = dict(people().persons)
    renamed[ENTITY[SITI]] = (person(SITI, "SITI N RENAMED", BOGOR), [SITI])
    publish_golden(hub, Golden(persons=renamed, families=people().families))
    now, then = ask_all(desk, [name(SITI), name(SITI, seq=1)])
    assert now == (2, ["SITI N RENAMED"])
    assert then == (1, ["SITI NURHALIZA"])


def test_a_merged_person_is_found_under_either_number(hub: Hub, desk: Desk) -> None:
    golden = people()
    rest = {key: one for key, one in golden.persons.items() if key != ENTITY[BUDI]}
    rest[ENTITY[AGUS]] = (rest[ENTITY[AGUS]][0], [AGUS, BUDI])
    publish_golden(
        hub,
        Golden(persons=rest, families=golden.families, merged={ENTITY[BUDI]: ENTITY[AGUS]}),
    )
    answers = ask_all(desk, [name(BUDI), name(entities=(ENTITY[BUDI],)), name(BUDI, seq=1)])
    assert answers == [(2, ["AGUS"]), (2, ["AGUS"]), (1, ["BUDI SANTOSO"])]
    # Nor is whoever is restricted told of for being somebody's stand-in beside it.
    restriction.restrict(hub, ENTITY[AGUS], basis="court order", actor="staff:supervisor")
    nobodies = [f"{int(NOBODY) - n}" for n in range(8)]
    assert ask_all(desk, [name(*nobodies, entities=(ENTITY[BUDI],))]) == [(2, [None] * 9)]


def test_who_waits_when_the_desk_closes_is_answered_and_the_next_refused(hub: Hub) -> None:
    desk = Desk(hub, decide)

    async def asked() -> list[Any]:
        with desk:
            waiting = [asyncio.ensure_future(desk.ask(name(SITI))) for _ in range(300)]
            await asyncio.sleep(0)
        late = desk.ask(name(SITI))
        return await asyncio.gather(*waiting, late, return_exceptions=True)

    *answers, late = asyncio.run(asked())
    assert answers == [(1, ["SITI NURHALIZA"])] * 300
    assert isinstance(late, BusyError)
    with hub.sessions.read() as session:
        assert session.exec(select(func.count()).select_from(AuditEvent)).one() >= 300


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_answer_leaves_before_the_disk_has_its_event(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, done, sync = Event(), Event(), os.fdatasync

    def slow(file: int) -> None:
        reached.set()
        assert done.wait(10)
        sync(file)

    async def asked() -> tuple[int, Any]:
        with Desk(hub, decide) as desk:
            monkeypatch.setattr(os, "fdatasync", slow)
            answer = asyncio.ensure_future(desk.ask(name(SITI)))
            await asyncio.to_thread(reached.wait, 10)
            await asyncio.sleep(0.05)
            written, early = len(events(hub)), answer.done()
            done.set()
            assert not early
            return written, await answer

    assert asyncio.run(asked()) == (1, (1, ["SITI NURHALIZA"]))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_disk_that_failed_once_is_not_believed_again(
    hub: Hub, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync", fail)
        refused = ask_all(desk, [name(SITI), name(BUDI)])
    later = [*ask_all(desk, [name(RINA)])]
    assert [type(one) for one in [*refused, *later]] == [HomeError] * 3


def test_an_empty_hub_answers_nobody(shared_hub: Hub) -> None:
    with Desk(shared_hub, decide) as desk:
        assert ask_all(desk, [name(SITI)]) == [(0, [None])]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_behind_the_wall_a_forgotten_check_shows_nobody_of_another_region(hub: Hub) -> None:
    everything = decide(programme(), "profile.lookup", Resource("person"), "assistance")
    assert everything.allowed
    with Desk(hub, lambda *_: everything) as careless:
        (answer,) = ask_all(careless, [name(SITI, RINA, AGUS, who=programme("3201"))])
    assert answer == (1, ["SITI NURHALIZA", None, None])


def test_principals_of_several_regions_in_one_group_see_each_their_own(
    hub: Hub, desk: Desk
) -> None:
    bogor, denpasar = programme("3201"), programme("5171")
    asked = [name(SITI, RINA, who=who) for who in (bogor, denpasar, programme()) * 5]
    seen = [values for _, values in ask_all(desk, asked)]
    whole = ["SITI NURHALIZA", "NI LUH RINA"]
    assert seen == [[whole[0], None], [None, whole[1]], whole] * 5
