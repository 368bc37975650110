"""Open questions: found in a run's linkage, kept from run to run, gone with a killed one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from mdm import questions
from mdm.compose import Hub
from mdm.hub.runs import published_seq
from mdm.hub.tables import EntityQuestion, Run, StagingMark
from mdm.publishing import clear_staged
from mdm.questions import OpenQuestion, confidence
from mdm.questions.finding import find_open
from tests.decide.world import Country, Household, adult, pupil, table
from tests.templates import Fill, Template

A, B, C = adult(1), adult(2), pupil(3)
FAMILIES = [Household(1, [A]), Household(2, [B, C])]
OPEN = Country(
    FAMILIES,
    duplicates=[(A.id, B.id, 4.5), (FAMILIES[0].id, FAMILIES[1].id, 1.0)],
    passed_over=[(A.id, C.id, 12.0)],
    disputed=[(C.id, 7.0)],
    links={A.id: [20.0, 6.0], B.id: [30.0, 25.0]},
)


@pytest.fixture(scope="module")
def open_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(OPEN.publish)


@pytest.fixture
def hub(open_once: Template, home: Path) -> Iterator[Hub]:
    """A copy of a hub that leaves all this open."""
    with open_once.copy(home) as hub:
        yield hub


def told(hub: Hub, seq: int | None = None) -> dict[str, set[tuple[str, str | None, float | None]]]:
    with hub.sessions.read() as session:
        found = questions.of(
            session, [A.id, B.id, C.id, FAMILIES[0].id], seq or published_seq(session)
        )
    return {key: {(q.question, q.other, q.weight) for q in of} for key, of in found.items()}


def test_what_is_open_is_told_of_both_sides(hub: Hub) -> None:
    assert told(hub) == {
        A.id: {
            ("possible_duplicate", B.id, 4.5),
            ("disputed_link", C.id, 12.0),
            ("weak_link", None, 6.0),
        },
        B.id: {("possible_duplicate", A.id, 4.5)},
        C.id: {("disputed_link", A.id, 12.0), ("second_opinion", None, 7.0)},
        FAMILIES[0].id: {("possible_duplicate", FAMILIES[1].id, 1.0)},
    }


def test_a_settled_question_is_gone_and_the_past_keeps_it(hub: Hub) -> None:
    with hub.sessions.read() as session:
        first = published_seq(session)
    before = told(hub)
    second = replace(OPEN, duplicates=[], links={}).publish(hub)
    assert told(hub) == {
        A.id: {("disputed_link", C.id, 12.0)},
        C.id: {("disputed_link", A.id, 12.0), ("second_opinion", None, 7.0)},
    }
    assert told(hub, first) == before
    assert told(hub, second) != before


def test_a_question_that_stays_open_is_not_written_again(hub: Hub) -> None:
    OPEN.publish(hub)
    with hub.sessions.read() as session:
        assert {row.run_seq for row in session.exec(select(EntityQuestion)).all()} == {1}


def test_a_killed_publishing_leaves_no_question_and_settles_none(hub: Hub) -> None:
    before = told(hub)
    with hub.sessions.begin() as session:
        session.add(StagingMark(run_seq=9))
    engine = hub.engine()
    try:
        other = replace(OPEN, duplicates=[(B.id, C.id, 2.0)], disputed=[])
        for name, table in other.linkage([A.id, B.id, C.id]).items():
            engine.register(f"person_{name}", table)
        assert questions.stage(hub, engine, "person", 9, weak_bits=10.0) > 0
    finally:
        engine.close()
    assert told(hub) == before
    clear_staged(hub)
    assert told(hub, 99) == before


def test_a_run_without_linkage_leaves_questions_as_they_are(hub: Hub) -> None:
    before = told(hub)
    engine = hub.engine()
    try:
        assert questions.stage(hub, engine, "person", 2, weak_bits=10.0) == 0
    finally:
        engine.close()
    assert told(hub, 2) == before


@pytest.mark.parametrize(
    ("links", "weak"),
    [
        ([("a", 0, 1, 5.0)], 5.0),
        ([("a", 0, 1, 15.0)], None),
        # A weak link beside a strong way round holds nothing together.
        ([("a", 0, 1, 20.0), ("a", 1, 2, 18.0), ("a", 0, 2, 4.0)], None),
        ([("a", 0, 1, 20.0), ("a", 1, 2, 8.0), ("a", 0, 2, 4.0)], 8.0),
        ([("a", 0, 1, None)], None),  # a human's word
    ],
)
def test_the_weakest_link_is_the_one_that_holds(
    hub: Hub, links: list[tuple[str, int, int, float | None]], weak: float | None
) -> None:
    judged = [
        (left, right, weight, "link", "human" if weight is None else "weight")
        for _, left, right, weight in links
    ]
    engine = hub.engine()
    try:
        names = "rid_l rid_r match_weight judgement reason"
        engine.register("person_judged", table(judged, names))
        engine.register("person_passed_over", table([], "rid_l rid_r match_weight answered"))
        engine.register("person_links", table([(n, "a") for n in range(4)], "rid entity_id"))
        find_open(engine, "person", 10.0)
        found = engine.fetch("SELECT weight FROM questions_now WHERE question = 'weak_link'")
    finally:
        engine.close()
    assert found.column(0).to_pylist() == ([] if weak is None else [weak])


def test_a_family_with_a_card_is_not_in_question_because_of_what_members_tell(hub: Hub) -> None:
    """`told`: a family that only its members tell of, so that it has no facts to be taken for another's."""
    under_review = [(0, 1), (1, 2), (0, 3), (2, 4)]
    judged = [(left, right, 1.0, "review", "weight") for left, right in under_review]
    rows = [(rid, rid in (1, 4)) for rid in range(5)]
    links = [(0, "card"), (1, "told"), (2, "other"), (3, "third"), (4, "other")]
    engine = hub.engine()
    try:
        engine.register("family_judged", table(judged, "rid_l rid_r match_weight judgement reason"))
        engine.register("family_passed_over", table([], "rid_l rid_r match_weight answered"))
        engine.register("family_links", table(links, "rid entity_id"))
        engine.register("family_standardised", table(rows, "rid implied"))
        find_open(engine, "family", 10.0)
        found = engine.fetch("SELECT entity_id, other FROM questions_now")
    finally:
        engine.close()
    pairs = set(zip(*(found.column(at).to_pylist() for at in range(2)), strict=True))
    assert pairs == {("told", "card"), ("told", "other"), ("card", "third"), ("third", "card")}


def test_link_confidence_in_three_words() -> None:
    weak = OpenQuestion("weak_link", None, 6.0, "weakest link")
    assert confidence(1, []).name == "single-record"
    assert confidence(3, []).name == "strong"
    assert (confidence(3, [weak]).name, confidence(3, [weak]).weakest) == ("moderate", 6.0)


def test_runs_know_their_periods_only_where_files_said_so(hub: Hub) -> None:
    with hub.sessions.read() as session:
        assert session.exec(select(Run.status)).all() == ["published"]
