"""Traces: from a golden value back to the very cell it came from, now and as of another day."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from mdm import subjects
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.errors import InputError, UnknownError
from mdm.hub.runs import published_seq
from mdm.hub.tables import Entity, SealedProfile
from mdm.judgements import RecordRef
from mdm.lookup import open_profile
from mdm.subjects.page import render
from mdm.survivorship import explain
from mdm.tracing import Trace, TraceRequest, traced
from mdm.tracing.facts import Pair
from mdm.tracing.reasons import reason_words
from mdm.work.progress import Silent
from tests.audit.homes import World, make_world
from tests.judged import judge
from tests.run.homes import FirstRun, copy_of


@pytest.fixture(scope="module")
def judged() -> list[Trace]:
    """The trace of an entity whose records a steward said to be one, before the second run."""
    return []


@pytest.fixture(scope="module")
def world(first: FirstRun, judged: list[Trace], tmp_path_factory: pytest.TempPathFactory) -> World:
    def decide(hub: Hub) -> None:
        known = contested(hub, "person")
        entity_id = contested(hub, "person", besides=known)
        before = ask(hub, entity_id=entity_id, evidence=False)
        left, right = (RecordRef(r.source, r.layout, r.record_key) for r in before.records[:2])
        judge(hub, "person", left, right, "link", actor="steward 7", reason="seen the papers")
        judged.append(ask(hub, entity_id=entity_id, evidence=False))

    return make_world(first, tmp_path_factory.mktemp("trace"), decide)


@pytest.fixture
def hub(world: World, tmp_path: Path) -> Iterator[Hub]:
    with copy_of(world.home, tmp_path / "home") as hub:
        yield hub


def ask(hub: Hub, **question: Any) -> Trace:
    return traced(hub, TraceRequest(**question), Silent(), actor="auditor", purpose="audit")


def cell(world: World, trace: Trace, column: str) -> str:
    """What stands in the file that the trace names, at the row that it names."""
    record = trace.records[trace.values[0].record]
    assert record.file is not None
    assert record.row is not None
    folder = world.mended if record.batch == newest(trace) else world.delivery / record.source
    with (folder / record.file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))[record.row - 1][column]


def newest(trace: Trace) -> str | None:
    alone = [one.id for one in trace.deliveries if one.landed == 1]
    return alone[0] if alone else None


def contested(hub: Hub, kind: str, least: int = 3, besides: str = "") -> str:
    """An entity of several records with a contested value; not this one."""
    with hub.sessions.read() as session:
        seq = published_seq(session)
        ids = session.exec(
            select(SealedProfile.entity_id)
            .join(Entity, col(Entity.entity_id) == SealedProfile.entity_id)
            .where(SealedProfile.kind == kind, SealedProfile.run_seq <= seq)
            .where(Entity.status == "active")
            .order_by(SealedProfile.entity_id)
        ).all()
        for entity_id in ids:
            opened = open_profile(hub, session, entity_id)
            if opened is None or entity_id == besides:
                continue
            told = explain(opened[1])
            if len(told.records) >= least and any(choice.losers for choice in told.choices):
                return entity_id
    raise AssertionError("nobody is contested")


def test_a_value_is_traced_to_the_cell_it_came_from(world: World, hub: Hub) -> None:
    found = ask(hub, nik=world.nik, attributes=["education"])
    (value,) = found.values
    record = found.records[value.record]
    assert record.landed == {"PDDK_AKH": cell(world, found, "PDDK_AKH")}
    assert record.standardised == {"education": value.value}
    assert record.columns == {"education": "PDDK_AKH"}
    assert value.sentence.en
    (delivery,) = [one for one in found.deliveries if one.id == record.batch]
    with hub.sessions.read() as session:
        landed = search(session, Wanted(subjects=(delivery.id,), action="land")).events
    assert [event.seq for event in landed] == [delivery.event]
    assert found.run.seq == found.sealed_by == 2


def test_as_of_another_day_the_old_value_has_the_old_row(world: World, hub: Hub) -> None:
    asked = {"nik": world.nik, "attributes": ["education"], "evidence": False}
    now, then = ask(hub, **asked), ask(hub, **asked, as_of=world.between)
    assert (then.run.seq, then.version, now.version) == (1, 1, 2)
    assert then.entity_id == now.entity_id
    assert then.values[0].value != now.values[0].value
    assert then.records[0].landed == {"PDDK_AKH": cell(world, then, "PDDK_AKH")}
    with pytest.raises(UnknownError, match="Nothing was published then"):
        ask(hub, nik=world.nik, as_of=world.between.replace(year=2000))


@pytest.mark.parametrize("kind", ["person", "family", "household"])
def test_the_evidence_on_every_pair_adds_up_to_the_weight_that_was_kept(
    hub: Hub, kind: str
) -> None:
    found = ask(hub, entity_id=contested(hub, kind, 2 if kind == "household" else 3))
    inside = [pair for pair in found.pairs if None not in (pair.left, pair.right)]
    assert inside
    for pair in inside:
        assert pair.evidence is not None
        assert pair.evidence.exact
        assert pair.evidence.match_weight == pair.match_weight
        total = pair.evidence.prior + sum(step.bits for step in pair.evidence.steps)
        assert total == pytest.approx(pair.match_weight)
        assert all(step.sentence for step in pair.evidence.steps)
    assert connected(len(found.records), inside, kind)
    assert any(value.losers for value in found.values)
    for record in found.records:
        assert record.implied or record.landed
        assert record.standardised


def connected(records: int, pairs: list[Pair], kind: str) -> bool:
    """Whether linked pairs hold the cluster together; records of one found family are one node."""
    if kind == "household":
        return any(pair.judgement == "link" for pair in pairs)
    groups = [{at} for at in range(records)]
    for pair in pairs:
        if pair.judgement == "link":
            ends = [one for one in groups if pair.left in one or pair.right in one]
            groups = [one for one in groups if one not in ends] + [set().union(*ends)]
    return len(groups) == 1


def test_losers_say_why_and_point_at_their_record(hub: Hub) -> None:
    found = ask(hub, entity_id=contested(hub, "person"), evidence=False)
    losers = [loser for value in found.values for loser in value.losers]
    assert losers
    assert all(loser.because.id and loser.because.en for loser in losers)
    assert all(0 <= loser.record < len(found.records) for loser in losers)
    assert all(pair.evidence is None for pair in found.pairs)


def test_a_steward_who_judged_is_named_and_the_machine_overruled(
    judged: list[Trace], hub: Hub
) -> None:
    (before,) = judged
    (waiting,) = before.judgements
    assert not waiting.in_force
    after = ask(hub, entity_id=before.entity_id, evidence=False)
    (word,) = after.judgements
    assert (word.actor, word.judgement, word.in_force) == ("steward 7", "link", True)
    assert {word.left, word.right} == {0, 1}
    assert "human" in {pair.reason for pair in after.pairs}


def test_a_person_is_told_in_their_language_who_decided_about_their_records_and_why(
    judged: list[Trace], hub: Hub
) -> None:
    request = TraceRequest(entity_id=judged[0].entity_id)
    ask(hub, entity_id=judged[0].entity_id, evidence=False)
    with hub.sessions.read() as session:
        target = subjects.whom(hub, session, request)
    report = subjects.report(hub, target, Silent(), actor="desk", purpose="subject_access")
    machine = {
        reason_words(pair.reason, pair.judgement)
        for profile in report.profiles
        for pair in profile.pairs
        if pair.left is not None and pair.right is not None and pair.reason != "human"
    }
    assert machine
    id_page, en_page = (render(report, language) for language in ("id", "en"))  # type: ignore[arg-type]
    for words in machine:
        assert escape(words.id) in id_page
        assert escape(words.en) in en_page
    for page, told in ((id_page, "<td>pemeriksaan</td>"), (en_page, "<td>audit</td>")):
        assert "seen the papers" in page
        assert told in page


def test_a_person_leads_to_the_family_that_has_the_attribute(world: World, hub: Hub) -> None:
    person = ask(hub, nik=world.nik, attributes=["name"], evidence=False)
    family = ask(hub, nik=world.nik, attributes=["head_name"], evidence=False)
    assert (person.kind, family.kind) == ("person", "family")
    assert person.links["family"] == family.entity_id
    assert family.asked == person.entity_id
    household = ask(hub, nik=world.nik, kind="household", evidence=False)
    assert household.kind == "household"


def test_only_the_columns_behind_the_value_are_shown_unless_all_are_asked_for(
    world: World, hub: Hub
) -> None:
    some = ask(hub, nik=world.nik, attributes=["religion"], evidence=False)
    every = ask(hub, nik=world.nik, attributes=["religion"], whole_records=True)
    assert set(some.records[0].landed or ()) == {"AGAMA"}
    assert {"NIK", "NAMA_LGKP", "AGAMA"} <= set(every.records[0].landed or ())
    assert {"nik", "name", "religion"} <= set(every.records[0].standardised or ())


def test_the_act_is_in_the_log_before_the_answer(world: World, hub: Hub) -> None:
    found = ask(hub, nik=world.nik, attributes=["education"], evidence=False)
    with hub.sessions.read() as session:
        (event,) = search(session, Wanted(subjects=(found.entity_id,)), limit=1).events
    assert (event.action, event.actor) == ("trace", "auditor")
    assert event.details["fields"] == {"person": ["education"]}
    assert event.details["purpose"] == "audit"


def test_nobody_and_nothing_are_refused_without_a_hint_of_who_there_is(
    world: World, hub: Hub
) -> None:
    for question in ({"nik": "9999990101900001"}, {"entity_id": "nobody"}, {}):
        with pytest.raises(InputError):
            ask(hub, **question)
    with pytest.raises(InputError, match="shoe_size"):
        ask(hub, nik=world.nik, attributes=["shoe_size"])
