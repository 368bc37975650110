"""The time line, what changed between two days, and the file that proves the events behind them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from sqlmodel import Session

from mdm import audit
from mdm.audit import verifier
from mdm.audit.handout import handout
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.columns import now
from mdm.hub.runs import abandon_run
from mdm.judgements import RecordRef
from mdm.publishing import publish
from mdm.review.document import load_rules
from mdm.rights import restriction
from mdm.tracing import TraceRequest, find, moments
from mdm.tracing.difference import differences, link_differences
from mdm.tracing.outline import Outline, outline
from mdm.tracing.sentences import why
from mdm.work.progress import Silent
from tests.api.world import BOGOR, BUDI, ENTITY, SITI, person
from tests.audit.logs import act
from tests.judged import judge
from tests.publish.golden import Golden, begin, publish_golden

HOME = "9" * 32  # another entity, merged into Siti's
RECORDS = [
    RecordRef("kemendagri", "biodata_wni", SITI),
    RecordRef("kemensos", "rumah_tangga", "K-1"),
]


@dataclass(frozen=True)
class World:
    """Two publishings, a judgement and a restriction; the moment between the publishings."""

    hub: Hub
    between: datetime


@pytest.fixture(scope="module")
def world(shared_hub: Hub) -> World:
    hub = shared_hub
    before = person(SITI, "SITI NURHALIZA", BOGOR, religion="ISLAM", occupation="1")
    after = person(SITI, "SITI NURHALIZA", BOGOR, religion="ISLAM", occupation="2", phone="08")
    other = person(BUDI, "SITI N", BOGOR)
    publish_golden(hub, Golden({ENTITY[SITI]: (before, [SITI]), HOME: (other, [BUDI])}))
    between = now()
    judge(hub, "person", *RECORDS, "link", actor="steward 7", reason="seen the papers")
    _publish_merge(hub, after)
    restriction.restrict(hub, ENTITY[SITI], basis="art41", actor="supervisor 1")
    return World(hub, between)


def _publish_merge(hub: Hub, content: str) -> None:
    """A run that merges the other entity into Siti's, with what it keeps of that."""
    run, engine = begin(hub), hub.engine()
    try:
        Golden({ENTITY[SITI]: (content, [SITI])}, merged={HOME: ENTITY[SITI]}).register(engine)
        event = {"entity_id": [HOME], "event": ["merge"], "other_entity_id": [ENTITY[SITI]]}
        engine.register(
            "person_entity_events",
            pa.table(event | {"run_seq": pa.array([run.seq], pa.int32()),
                              "records": pa.array([2], pa.int32())}),
        )  # fmt: skip
        moves = pa.table({"source": ["kemensos", "pemda"], "layout": ["a", "b"],
                          "record_key": ["1", "2"], "from_entity": [HOME] * 2,
                          "to_entity": [ENTITY[SITI]] * 2})  # fmt: skip
        file = hub.lake.write("run/person_entity_moves", moves, owner=run.id)
        with hub.sessions.begin() as session:
            hub.lake.adopt(session, [file])
        publish(hub, engine, run, Silent(), ("person", "family"))
    finally:
        engine.close()


def told(world: World, as_of: datetime | None = None) -> Outline:
    request = TraceRequest(entity_id=ENTITY[SITI], as_of=as_of)
    with world.hub.sessions.read() as session:
        return outline(world.hub, session, find(world.hub, session, request))


def test_the_time_line_tells_in_order_and_names_the_event_behind_each_fact(world: World) -> None:
    found = told(world)
    whats = [fact.what for fact in found.timeline]
    assert whats == ["version", "link", "merge of another", "version", "restrict"]
    assert [fact.at for fact in found.timeline] == sorted(fact.at for fact in found.timeline)
    link, merge, version = found.timeline[1:4]
    assert (link.actor, "seen the papers" in link.sentence.en) == ("steward 7", True)
    assert (merge.other, "kemensos 1, pemda 1" in merge.sentence.en) == (HOME, True)
    assert version.attributes == ("occupation", "phone")
    acts = {"version": "publish", "merge of another": "publish", "link": "judge"}
    with world.hub.sessions.read() as session:
        for fact in found.timeline:
            assert fact.event is not None
            (event,) = search(session, Wanted(), before=fact.event + 1, limit=1).events
            assert event.action == acts.get(fact.what, fact.what)
            assert fact.sentence.id != fact.sentence.en
    assert all("SITI" not in str(fact) for fact in found.timeline)


def test_a_merge_of_a_run_that_was_given_up_never_happened(hub: Hub) -> None:
    """What a publishing staged of merges stays when its run is given up; the id is somebody of its own still."""
    siti, other = ENTITY[SITI], HOME
    both = {siti: (person(SITI, "SITI", BOGOR), [SITI]), other: (person(BUDI, "S", BOGOR), [BUDI])}
    publish_golden(hub, Golden(both))
    run, engine = begin(hub), hub.engine()
    try:
        merged = Golden({siti: both[siti]}, merged={other: siti}, split={other: siti})
        merged.register(engine)
        with pytest.raises(InterruptedError):
            publish(hub, engine, run, Silent(), ("person", "family"), within=_killed)
    finally:
        engine.close()
    with hub.sessions.begin() as session:
        abandon_run(session, run)
    publish_golden(hub, Golden(both))
    with hub.sessions.read() as session:
        found = find(hub, session, TraceRequest(entity_id=other))
        assert found.opened.entity_id == other
        assert moments.history(session, other, found.run.seq) == ()
        assert moments.history(session, siti, found.run.seq) == ()


def _killed(_: Session) -> None:
    raise InterruptedError


def test_as_of_an_earlier_day_the_rest_has_not_happened(world: World) -> None:
    then, now_ = told(world, world.between), told(world)
    assert [fact.what for fact in then.timeline] == ["version"]
    changed = {
        one.attribute: one.change
        for one in differences(then.target.explanation, now_.target.explanation)
    }
    assert changed["occupation"] == "value"
    assert changed["phone"] == "appeared"
    assert changed["religion"] == changed["name"] == "same"
    back = differences(now_.target.explanation, then.target.explanation)
    assert {one.attribute for one in back if one.change == "gone"} == {"phone"}
    assert link_differences({"family": "a"}, {"family": "b"})[0].link == "family"


def run(file: Path, *arguments: str) -> tuple[int, str]:
    """The verifier alone, as an auditor would run it."""
    done = subprocess.run(
        [sys.executable, "-I", verifier.__file__, str(file), *arguments],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_the_events_behind_a_profile_are_proven_offline(world: World, tmp_path: Path) -> None:
    events = told(world).events
    assert len(events) == 4
    file = tmp_path / "proof.txt"
    file.write_text(handout(world.hub, events), "utf-8")
    code, said = run(file)
    assert code == 0, said
    assert said.count("✓") == 4
    assert "steward 7 judge" in said
    key = said.splitlines()[-1].strip()
    assert run(file, "--key", key)[0] == 0
    assert SITI not in file.read_text("utf-8")

    text = file.read_text("utf-8")
    event = next(line for line in text.splitlines() if line.startswith("extra "))
    for altered in (
        text.replace(event, event[:10] + ("A" if event[10] != "A" else "B") + event[11:]),
        text.replace(f"key {key}", ""),
        text.replace("index ", "index 1", 1),
    ):
        file.write_text(altered, "utf-8")
        assert run(file)[0] != 0


def test_no_event_and_too_many_are_refused(world: World) -> None:
    for events in ([], range(1_000), [10**9]):
        with pytest.raises(InputError):
            handout(world.hub, events)


def test_a_search_stops_where_it_has_looked_at_enough(world: World) -> None:
    act(world.hub, 400)
    audit.checkpoint(world.hub)
    wanted, seen, before, pages = Wanted(action="judge"), [], None, 0
    with world.hub.sessions.read() as session:
        while True:
            page = search(session, wanted, before=before, most=150)
            seen += [entry.action for entry in page.events]
            before, pages = page.before, pages + 1
            if before is None:
                break
            assert page.bounded
    assert (seen, pages) == (["judge"], 3)


def test_why_somebody_judged_is_told_in_words() -> None:
    codes = [*load_rules().reasons, "undo", "correction 12"]
    told = [why(code) for code in codes]
    assert not {one.id for one in told} & set(codes)
    assert not {one.en for one in told} & set(codes)
    assert "12" in why("correction 12").id
