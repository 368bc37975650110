"""Sampling: drawn at random, the same again by the same seed, examined, and summed up with its doubt."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest

from matching.rules import Kind
from mdm import audit, sampling
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.errors import InputError, UnknownError
from mdm.hub.runs import whole_run
from mdm.hub.tables import Run, RunStage
from mdm.rotation import rotate
from mdm.sampling import AskedEvents, AskedLinks, AskedValues
from tests.api.world import fill
from tests.audit.logs import act
from tests.lake.test_lake import keep


@pytest.fixture(scope="module")
def world(shared_hub: Hub) -> Hub:
    fill(shared_hub)
    act(shared_hub, 600, "officer")
    act(shared_hub, 7, "steward")
    audit.checkpoint(shared_hub)
    return shared_hub


def refs(hub: Hub, sample_id: str) -> list[dict[str, object]]:
    with hub.sessions.read() as session:
        return [item.ref for item in sampling.find(hub, session, sample_id).items]


def test_the_same_seed_draws_the_same_and_another_another(world: Hub) -> None:
    asked = AskedEvents(actor="officer", action="look")
    one = sampling.draw(world, asked, 40, actor="auditor", seed="s1")
    again = sampling.draw(world, asked, 40, actor="auditor", seed="s1")
    other = sampling.draw(world, asked, 40, actor="auditor")
    assert refs(world, one.id) == refs(world, again.id) != refs(world, other.id)
    assert other.seed not in ("", "s1")
    assert len({ref["event"] for ref in refs(world, one.id)}) == 40
    act(world, 30, "officer")
    then = AskedEvents(actor="officer", action="look", log_size=one.log_size)
    later = sampling.draw(world, then, 40, actor="auditor", seed="s1")
    assert refs(world, later.id) == refs(world, one.id)


def test_every_event_that_fits_has_the_same_chance(world: Hub) -> None:
    asked = AskedEvents(action="look")
    drawn: Counter[int] = Counter()
    for n in range(8):
        sample = sampling.draw(world, asked, 300, actor="auditor", seed=f"s{n}")
        drawn.update(int(str(ref["event"])) for ref in refs(world, sample.id))
    # 2,400 draws among 637, each time without repetition: nearly everybody, and no half preferred.
    assert len(drawn) > 600
    middle = sorted(drawn)[len(drawn) // 2]
    assert 1_050 < sum(times for seq, times in drawn.items() if seq < middle) < 1_350


def test_a_rare_kind_is_counted_whole(world: Hub) -> None:
    sample = sampling.draw(world, AskedEvents(actor="steward"), 50, actor="auditor")
    assert len(refs(world, sample.id)) == 7
    assert sample.strata == {"look": 7}
    with pytest.raises(InputError):
        sampling.draw(world, AskedEvents(actor="nobody"), 5, actor="auditor")
    with pytest.raises(InputError):
        sampling.draw(world, AskedEvents(), 100_000, actor="auditor")


def test_values_are_drawn_of_the_regions_asked_for(world: Hub) -> None:
    sample = sampling.draw(world, AskedValues(regions=("5171",)), 5, actor="auditor")
    (ref,) = refs(world, sample.id)
    assert ref["entity_id"] == "d" * 32
    with pytest.raises(InputError):  # who may trace nowhere draws nobody
        sampling.draw(world, AskedValues(regions=()), 5, actor="auditor")
    every = sampling.draw(world, AskedValues(attribute="name"), 10, actor="auditor")
    assert {ref["attribute"] for ref in refs(world, every.id)} == {"name"}
    assert len({ref["entity_id"] for ref in refs(world, every.id)}) == 4


def test_what_was_found_is_kept_sealed_and_summed_up(world: Hub) -> None:
    sample = sampling.draw(world, AskedEvents(actor="officer"), 20, actor="auditor")
    for n in range(1, 11):
        sampling.examine(world, sample.id, n, "right", actor="auditor")
    sampling.examine(world, sample.id, 10, "wrong", actor="auditor", note="no case number")
    sampling.examine(world, sample.id, 11, "unclear", actor="auditor")
    rotate(world, "profile", actor="keeper")
    with world.sessions.read() as session:
        kept = sampling.find(world, session, sample.id)
        (event, *_) = search(session, Wanted(subjects=(sample.id,), action="sample.examine")).events
    whole = sampling.shares(kept)[""]
    assert (whole.examined, whole.right, whole.wrong, whole.unclear) == (11, 9, 1, 1)
    assert whole.share == 0.1
    assert whole.low is not None
    assert whole.high is not None
    assert 0 < whole.low < 0.1 < whole.high < 0.5
    assert kept.words[10].note == "no case number"
    assert (event.actor, event.details["decision"]) == ("auditor", "unclear")
    assert "case number" not in str(event)


def test_a_note_takes_no_number_and_an_unknown_thing_no_verdict(world: Hub) -> None:
    sample = sampling.draw(world, AskedEvents(actor="officer"), 2, actor="auditor")
    with pytest.raises(InputError):
        sampling.examine(world, sample.id, 1, "right", actor="a", note="3201154503880002")
    with pytest.raises(InputError):
        sampling.examine(world, sample.id, 1, "fine", actor="a")
    for unknown, n in ((sample.id, 3), ("none", 1)):
        with pytest.raises(UnknownError):
            sampling.examine(world, unknown, n, "right", actor="a")
    with world.sessions.read() as session:
        assert sampling.find(world, session, sample.id).words == {}


def test_without_a_linkage_there_are_no_links_to_draw(world: Hub) -> None:
    with pytest.raises(InputError):
        sampling.draw(world, AskedLinks(), 5, actor="auditor")


def test_of_links_those_are_drawn_that_the_run_made_itself_and_that_join(hub: Hub) -> None:
    """A link passed over was judged one and joins nobody: whoever examines it would look at two entities."""
    fill(hub)
    with hub.sessions.read() as session:
        run = whole_run(session)
    assert run is not None
    keep_judged(
        hub,
        run,
        "person",
        {
            "rid_l": pa.array([0, 2, 4, 6], pa.int32()),
            "rid_r": pa.array([1, 3, 5, 7], pa.int32()),
            "match_weight": [21.0, 22.0, 23.0, 1.0],
            "judgement": ["link", "link", "link", "review"],
            "reason": ["weight", "weight", "human", "weight"],
            "passed_over": [False, True, False, False],
        },
    )
    links = {"rid": pa.array(range(8), pa.int32()), "entity_id": ["a", "a", *"bcddef"]}
    keep(hub, "run/person_links", pa.table(links), owner=run.id)
    sample = sampling.draw(hub, AskedLinks(), 10, actor="auditor")
    assert [(ref["rid_l"], ref["rid_r"], ref["entity_id"]) for ref in refs(hub, sample.id)] == [
        (0, 1, "a")
    ]


def test_a_link_of_households_is_drawn_with_the_household_it_joins(hub: Hub) -> None:
    """A family has another number in pairs than its record has: here the record of one has the other's."""
    fill(hub)
    with hub.sessions.read() as session:
        run = whole_run(session)
    assert run is not None
    keep_judged(
        hub,
        run,
        "household",
        {
            "rid_l": pa.array([1, 2, 4], pa.int32()),
            "rid_r": pa.array([4, 3, 5], pa.int32()),
            "match_weight": [21.0, 22.0, 23.0],
            "judgement": ["link"] * 3,
            "reason": ["weight"] * 3,
            "passed_over": [False] * 3,
        },
    )
    # A dwelling and four families: numbers of their records, in pairs, and where they live.
    rids, nodes, homes = [1, 2, 3, 4, 5], [1, 4, 5, 2, 3], list("aaabb")
    links = {"rid": pa.array(rids, pa.int32()), "entity_id": homes}
    keep(hub, "run/household_links", pa.table(links), owner=run.id)
    component = {"node": pa.array(nodes, pa.int32()), "entity_id": homes}
    keep(hub, "run/household_component", pa.table(component), owner=run.id)
    sample = sampling.draw(hub, AskedLinks(kind="household"), 10, actor="auditor")
    told = {(ref["rid_l"], ref["rid_r"]): ref["entity_id"] for ref in refs(hub, sample.id)}
    assert told == {(1, 4): "a", (2, 3): "b", (4, 5): "a"}


def keep_judged(hub: Hub, run: Run, kind: Kind, judged: dict[str, Any]) -> None:
    """Keep the judgements on pairs of a run that linked."""
    keep(hub, f"run/{kind}_judged", pa.table(judged), owner=run.id)
    with hub.sessions.begin() as session:
        session.add(RunStage(run=run.id, stage=f"link {kind}", status="done"))
