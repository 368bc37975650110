"""Words of people that were about two families and are about one since: the last holds, and somebody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from matching.rules import Judgement
from mdm import questions
from mdm.access import Principal
from mdm.compose import Hub
from mdm.hub.runs import published_seq
from mdm.hub.tables import ReviewTaskEntity
from mdm.judgements import RecordRef
from mdm.pipeline import PATH, run
from mdm.questions.finding import CROSSED
from mdm.review.answering import Given, answer
from mdm.review.claims import claim
from mdm.review.contradictions import ContradictedError
from mdm.review.partitions import part
from mdm.review.undoing import undo
from mdm.run import Work, carry_out
from mdm.tracing.component import look
from tests.run.homes import QUIET, FirstRun, copy_of
from tests.touched.test_settle import by_entity, linked, say, settled

STEWARD = Principal("staff:t", "staff", frozenset(["steward"]), ("",))


@pytest.fixture
def hub(first: FirstRun, tmp_path: Path) -> Iterator[Hub]:
    with copy_of(first.home, tmp_path / "home") as hub:
        yield hub


def dwellings_and_families(hub: Hub) -> list[tuple[RecordRef, list[RecordRef]]]:
    """Dwellings, and two rows or more of one family in each."""
    families = linked(hub, "family")
    found = []
    for refs in by_entity(hub, "household").values():
        dwellings = [ref for ref in refs if ref.layout == "rumah_tangga"]
        rows = [ref for ref in refs if ref in families]
        if len(dwellings) == 1 and len(rows) > 1 and len({families[ref] for ref in rows}) == 1:
            found.append((dwellings[0], rows))
    return found


def dwelling_and_family(hub: Hub) -> tuple[RecordRef, list[RecordRef]]:
    """A dwelling and two rows or more of one family in it."""
    return dwellings_and_families(hub)[0]


def say_otherwise(hub: Hub) -> dict[Judgement, tuple[RecordRef, RecordRef, RecordRef]]:
    """Of two dwellings people say of one row of the family that it lives there, of another that it does not; by what
    was said last, of the other row: the dwelling and both rows."""
    last: tuple[Judgement, ...] = ("link", "non-link")
    said = {}
    for of, first, (dwelling, (one, other, *_)) in zip(
        last, last[::-1], dwellings_and_families(hub), strict=False
    ):
        say(hub, "household", dwelling, one, first)
        say(hub, "household", dwelling, other, of)
        said[of] = dwelling, one, other
    assert len(said) == len(last)
    settled(hub)
    return said


def crossed(hub: Hub) -> set[str]:
    """The households of which it is asked which of people's words holds."""
    with hub.sessions.read() as session:
        homes = set(linked(hub, "household").values())
        found = questions.of(session, homes, published_seq(session))
    return {home for home, of in found.items() if any(one.reason == CROSSED for one in of)}


def test_words_on_two_rows_of_one_family_that_differ_are_asked_about(hub: Hub) -> None:
    assert not crossed(hub)
    said = say_otherwise(hub)
    now = linked(hub, "household")
    for last, (dwelling, one, other) in said.items():
        assert (now[dwelling] == now[one] == now[other]) == (last == "link")
    asked = {now[ref] for dwelling, one, _ in said.values() for ref in (dwelling, one)}
    assert crossed(hub) == asked
    run(hub, QUIET)
    assert linked(hub, "household") == now
    assert crossed(hub) == asked
    for dwelling, one, _ in said.values():  # taken back
        say(hub, "household", dwelling, one, "review")
    settled(hub)
    assert not crossed(hub)


def test_a_run_that_is_taken_up_asks_too(hub: Hub) -> None:
    dwelling, (one, other, *_) = dwelling_and_family(hub)
    say(hub, "household", dwelling, one, "non-link")
    say(hub, "household", dwelling, other, "link")

    def dies(_work: Work) -> dict[str, int]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carry_out(hub, (*PATH[:-2], replace(PATH[-2], work=dies)), QUIET, train=False)
    done = run(hub, QUIET)
    assert any(stage.taken_up for stage in done.stages)
    assert crossed(hub) == {linked(hub, "household")[dwelling]}


def test_a_link_that_gives_way_to_a_word_on_somebody_else_is_asked_about(hub: Hub) -> None:
    """Each row was linked to a dwelling of its own, and the dwellings were told apart."""
    dwelling, (one, other, *_) = dwelling_and_family(hub)
    home = linked(hub, "household")
    far = next(
        ref
        for ref, entity in sorted(home.items())
        if ref.layout == "rumah_tangga" and entity != home[dwelling]
    )
    say(hub, "household", dwelling, one, "link")
    say(hub, "household", far, other, "link")
    say(hub, "household", dwelling, far, "non-link")
    settled(hub)
    now = linked(hub, "household")
    assert now[dwelling] != now[far]
    assert crossed(hub) == {now[dwelling], now[far]}
    run(hub, QUIET)
    assert crossed(hub) == {now[dwelling], now[far]}


def test_the_steward_who_is_asked_overrules_one_of_them(hub: Hub) -> None:
    dwelling, (one, other, *_) = dwelling_and_family(hub)
    say(hub, "household", dwelling, one, "non-link")
    say(hub, "household", dwelling, other, "link")
    settled(hub)
    asked = asked_with(hub, dwelling)
    parts = {asked.entities[ref]: list[RecordRef]() for ref in sorted(asked.entities)}
    for ref, entity in asked.entities.items():
        parts[entity].append(ref)
    given = replace(asked, partition=part(parts.values(), of=asked.entities.keys()), overrule=False)
    with pytest.raises(ContradictedError) as told:
        answer(hub, STEWARD, given)
    assert {word.judgement for found in told.value.found for word in found.words} == {"non-link"}
    answer(hub, STEWARD, replace(given, overrule=True))
    settled(hub)
    now = linked(hub, "household")
    assert now[dwelling] == now[one] == now[other]
    assert not crossed(hub)


def test_an_answer_that_is_taken_back_leaves_the_word_that_held(hub: Hub) -> None:
    """What is given back is no later word than it was: the household is again what it was before the answer."""
    said = say_otherwise(hub)
    done = [answer(hub, STEWARD, asked_with(hub, dwelling)) for dwelling, *_ in said.values()]
    settled(hub)
    assert not crossed(hub)
    for one in done:
        undo(hub, STEWARD, one.answer_id)
    settled(hub)

    def holds() -> None:
        now = linked(hub, "household")
        for last, (dwelling, one, _) in said.items():
            assert (now[dwelling] == now[one]) == (last == "link")

    holds()
    assert {linked(hub, "household")[dwelling] for dwelling, *_ in said.values()} <= crossed(hub)
    run(hub, QUIET)
    holds()


def asked_with(hub: Hub, ref: RecordRef) -> Given:
    """The answer to the task in which a record stands: all of it is one household, whatever was said before."""
    home = linked(hub, "household")[ref]
    with hub.sessions.begin() as session:
        query = select(ReviewTaskEntity.task_id).where(ReviewTaskEntity.entity_id == home)
        task = claim(session, STEWARD, session.exec(query).one())
        task.needed = 1  # a share of tasks, drawn by lot, waits for a second reviewer
        ids = session.exec(
            select(ReviewTaskEntity.entity_id).where(ReviewTaskEntity.task_id == task.id)
        ).all()
    entities = {record.ref: record.entity_id for record in look(hub, "household", ids).records}
    said = part([list(entities)], of=entities.keys())
    return Given(task.id, task.version, said, entities, "same_details", overrule=True)
