"""A decision applied at once: what readers see is what a whole run over everything would give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlmodel import col, select

from matching import linkage
from matching.rules import Judgement, Kind, LinkageRules, load_linkage
from mdm import links
from mdm.access.restricted import restricted
from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.hub.runs import published_run
from mdm.hub.tables import EntityQuestion, SealedProfile
from mdm.judgements import RecordRef
from mdm.lookup import open_profile
from mdm.pipeline import PATH, run
from mdm.review.partitions import Partition, statements
from mdm.rights import restriction
from mdm.run import Work, carry_out
from mdm.touched import Settled, Waiting, pending, settle
from mdm.touched.ahead import read_ahead
from mdm.touched.verdicts import Verdicts
from mdm.tracing.component import look
from mdm.tracing.moments import run_then
from tests.judged import judge
from tests.run.homes import QUIET, FirstRun, copy_of, golden, new_home, profiles
from tests.touched.settled import settled


@pytest.fixture
def hub(first: FirstRun, tmp_path: Path) -> Iterator[Hub]:
    with copy_of(first.home, tmp_path / "home") as hub:
        yield hub


def linked(hub: Hub, kind: Kind) -> dict[RecordRef, str]:
    """Record → its entity, as readers see it."""
    with hub.sessions.read() as session:
        seen = published_run(session)
    assert seen is not None
    engine = hub.engine()
    try:
        assert links.bring(hub, engine, kind, seen, "seen")
        rows = engine.fetch("SELECT * FROM seen").to_pylist()
    finally:
        engine.close()
    return {RecordRef(r["source"], r["layout"], r["record_key"]): r["entity_id"] for r in rows}


def say(hub: Hub, kind: Kind, left: RecordRef, right: RecordRef, verdict: Judgement) -> None:
    judge(hub, kind, left, right, verdict, actor="staff:s", reason="test")


def by_entity(hub: Hub, kind: Kind) -> dict[str, list[RecordRef]]:
    of: dict[str, list[RecordRef]] = {}
    for ref, entity in sorted(linked(hub, kind).items()):
        of.setdefault(entity, []).append(ref)
    return of


def together(hub: Hub, kind: Kind, besides: str = "") -> tuple[RecordRef, RecordRef]:
    """Two records of one entity: of a household a dwelling and a family in it. `besides`: not of this one."""
    for entity, refs in by_entity(hub, kind).items():
        if entity == besides:
            continue
        left, *rest = sorted(refs, key=lambda ref: ref.layout != "rumah_tangga")
        others = [ref for ref in rest if ref.layout != left.layout or kind != "household"]
        if others and (kind != "household" or left.layout == "rumah_tangga"):
            return left, others[0]
    raise AssertionError("nobody has two records")


def apart(hub: Hub, kind: Kind) -> tuple[RecordRef, RecordRef]:
    """Two records of two entities that can be one: both stand in one source at most, there once."""
    for left, right in combinations(by_entity(hub, kind).values(), 2):
        shared = {ref.source for ref in left} & {ref.source for ref in right}
        mine, theirs = ([ref for ref in refs if ref.source in shared] for refs in (left, right))
        if len(shared) <= 1 and len(mine) <= 1 and len(theirs) <= 1:
            return (mine or left)[0], (theirs or right)[0]
    raise AssertionError("everybody stands in two registers")


def whole_run_changes_nothing(hub: Hub, *kinds: Kind) -> None:
    """The law: the path over everything gives what readers see already.

    Which cards are one family is evidence for persons and households too, and only a whole run weighs
    it anew: of a judgement on families the families themselves stay.
    """
    before, where = profiles(hub), {kind: linked(hub, kind) for kind in KINDS}
    done = run(hub, QUIET)
    assert not done.unchanged, "a judgement is a fact that a whole run must read"
    for kind in kinds:
        assert linked(hub, kind) == where[kind]
    if "family" not in kinds:
        assert profiles(hub) == before
        assert {kind: linked(hub, kind) for kind in KINDS} == where


KINDS: tuple[Kind, ...] = ("person", "family", "household")


def what_is_so_already_and_what_is_taken_back_leaves_everything_as_it_was(hub: Hub) -> None:
    def versions() -> list[tuple[str, int, int]]:
        with hub.sessions.read() as session:
            rows = session.exec(
                select(SealedProfile.entity_id, SealedProfile.version, SealedProfile.run_seq)
            )
            return sorted(map(tuple, rows.all()))

    # Two that are two already: the decision is published and known; nobody's profile is made or sealed anew.
    left, right = apart(hub, "person")
    sealed = versions()
    say(hub, "person", left, right, "non-link")
    done = settled(hub)
    assert linked(hub, "person")[left] in done.entities["person"]
    assert pending(hub) == 0
    assert versions() == sealed
    # Two that were one, and are one again when the decision is taken back.
    before = golden(hub)
    left, right = together(hub, "person")
    say(hub, "person", left, right, "non-link")
    settled(hub)
    assert golden(hub) != before
    say(hub, "person", left, right, "review")
    settled(hub)
    assert golden(hub) == before


def decisions_stand_on_one_another(hub: Hub) -> None:
    """A=B and B=C make one of three; then A and C are told apart, against the links of B."""
    one, two = apart(hub, "person")
    known = linked(hub, "person")
    three = next(
        ref for ref, entity in sorted(known.items()) if entity not in (known[one], known[two])
    )
    say(hub, "person", one, two, "link")
    settled(hub)
    say(hub, "person", two, three, "link")
    settled(hub)
    now = linked(hub, "person")
    assert now[one] == now[two] == now[three]
    say(hub, "person", two, three, "review")
    say(hub, "person", one, three, "non-link")
    settled(hub)
    now = linked(hub, "person")
    assert now[one] == now[two] != now[three]


@pytest.mark.parametrize("kinds", [("person", "household"), ("family",)], ids="+".join)
def test_what_is_one_and_what_is_two_is_so_at_once(hub: Hub, kinds: tuple[Kind, ...]) -> None:
    if "person" in kinds:  # one whole run at the end for all of them
        what_is_so_already_and_what_is_taken_back_leaves_everything_as_it_was(hub)
        decisions_stand_on_one_another(hub)
    for kind in kinds:
        left, right = apart(hub, kind)
        before = linked(hub, kind)[left]
        with hub.sessions.read() as session:
            then = run_then(session, None)
        alone = {one.ref for one in look(hub, kind, [before]).records}
        say(hub, kind, left, right, "link")
        assert pending(hub) == 1
        done = settled(hub)
        now = linked(hub, kind)
        assert now[left] == now[right]
        assert now[left] in done.entities[kind]
        assert {left, right} <= {one.ref for one in look(hub, kind, [now[left]]).records}
        assert {one.ref for one in look(hub, kind, [before], run=then).records} == alone
        assert pending(hub) == 0
        one, other = together(hub, kind, besides=now[left])
        say(hub, kind, one, other, "non-link")
        settled(hub)
        now = linked(hub, kind)
        assert now[one] != now[other]
        assert now[left] == now[right]
    whole_run_changes_nothing(hub, *kinds)


def test_what_somebody_thinks_about_is_read_before_they_decide(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right = apart(hub, "person")
    of = linked(hub, "person")
    read: list[list[int]] = []
    as_ever = pq.ParquetFile.read_row_groups

    def counted(file: pq.ParquetFile, groups: list[int], **how: Any) -> pa.Table:
        read.append(groups)
        return as_ever(file, groups, **how)

    read_ahead(hub, "person", [of[left], of[right]])
    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", counted)
    say(hub, "person", left, right, "link")
    settled(hub)
    assert linked(hub, "person")[left] == linked(hub, "person")[right]
    assert not read


def test_a_card_of_two_families_is_the_same_one_s_in_the_next_decision(hub: Hub) -> None:
    """Whose members its holders are is no matter of what a decision on another kind reads first."""
    families = [sorted(refs) for refs in by_entity(hub, "family").values()]
    registry = [refs for refs in families if refs[0].layout == "data_keluarga"]
    one = min(refs for refs in registry if any(ref.source == "kemensos" for ref in refs))
    other = next(refs for refs in registry if refs > one and refs[-1].source == "pemda")
    own = next(ref for ref in one if ref.source == "kemensos")
    say(hub, "family", own, other[-1], "link")
    settled(hub)
    assert linked(hub, "family")[other[0]] != linked(hub, "family")[other[-1]], "both carry it"
    before = families_of(hub)
    dwelling = next(ref for ref in linked(hub, "household") if ref.layout == "rumah_tangga")
    say(hub, "household", dwelling, other[-1], "link")
    settled(hub)
    assert families_of(hub) == before


def families_of(hub: Hub) -> dict[str, str]:
    """Person → the family that the profile names."""
    found = {entity: json.loads(content)["links"] for entity, content in profiles(hub).items()}
    return {entity: links["family"] for entity, links in found.items() if "family" in links}


def test_an_id_that_was_merged_leads_on(hub: Hub) -> None:
    left, right = apart(hub, "person")
    before = linked(hub, "person")
    say(hub, "person", left, right, "link")
    settled(hub)
    now = linked(hub, "person")[left]
    gone = ({before[left], before[right]} - {now}).pop()
    with hub.sessions.read() as session:
        assert links.retired(hub, "person", [now])["entity_id"].to_pylist() == [gone]
        assert open_profile(hub, session, gone) is None or gone != now
    say(hub, "person", left, right, "review")  # taken back: the id leads to whom it was of
    settled(hub)
    parted = linked(hub, "person")
    whose = left if before[left] == gone else right
    assert links.retired(hub, "person", [now])["entity_id"].to_pylist() == []
    assert links.retired(hub, "person", [parted[whose]])["entity_id"].to_pylist() == [gone]
    assert verify(hub, QUIET).holds


def test_what_was_answered_of_two_is_not_asked_again_by_a_decision_on_one(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def doubting(kind: Kind) -> LinkageRules:
        rules = load_linkage(kind)
        low = rules.thresholds.model_copy(update={"review": -20.0})
        return rules.model_copy(update={"thresholds": low})

    monkeypatch.setattr(linkage, "load_linkage", doubting)
    left, right = apart(hub, "family")
    say(hub, "family", left, right, "non-link")
    run(hub, QUIET)
    one, other = asked = min(duplicates(hub))
    refs = by_entity(hub, "family")
    for pair, verdict in statements(Partition((tuple(refs[one]), tuple(refs[other])))):
        say(hub, "family", *pair, cast(Judgement, verdict))
    settled(hub)
    assert asked not in duplicates(hub)
    far = next(refs[who][0] for who in sorted(refs) if who not in asked)
    say(hub, "family", refs[one][0], far, "non-link")
    settled(hub)
    assert asked not in duplicates(hub)


def duplicates(hub: Hub) -> set[tuple[str, str]]:
    """The families of which it is open whether they are one."""
    with hub.sessions.read() as session:
        query = select(EntityQuestion.entity_id, EntityQuestion.other).where(
            EntityQuestion.kind == "family",
            EntityQuestion.question == "possible_duplicate",
            col(EntityQuestion.retired_seq).is_(None),
        )
        return set(session.exec(query).all())


def test_who_is_parted_from_somebody_restricted_is_restricted_too(hub: Hub) -> None:
    """Nobody knows of which of both it was asked; each is lifted by itself."""
    left, right = together(hub, "person")
    restriction.restrict(hub, linked(hub, "person")[left], basis="uu27-2022-art41", actor="s@hub")
    say(hub, "person", left, right, "non-link")
    settled(hub)
    parts = {linked(hub, "person")[one] for one in (left, right)}
    with hub.sessions.read() as session:
        assert restricted(session, parts) == parts
    assert len(parts) == 2
    assert restriction.lift(hub, min(parts), basis="uu27-2022-art41", actor="s@hub") == 1
    with hub.sessions.read() as session:
        assert restricted(session, parts) == {max(parts)}
    assert verify(hub, QUIET).holds


def test_a_decision_waits_while_a_run_works(hub: Hub) -> None:
    left, right = apart(hub, "person")
    say(hub, "person", left, right, "link")
    engine = hub.engine()
    with hub.lock("run"):
        waits = settle(hub, engine, Verdicts(hub))
    assert isinstance(waits, Waiting)
    assert waits.reason == "busy"
    assert isinstance(settle(hub, engine, Verdicts(hub)), Settled)
    engine.close()


def test_before_the_first_run_a_decision_waits(tmp_path: Path) -> None:
    with new_home(tmp_path / "new") as hub:
        ref = RecordRef("kemensos", "individu", "1")
        say(hub, "person", ref, RecordRef("pemda", "warga", "2"), "link")
        engine = hub.engine()
        assert settle(hub, engine, Verdicts(hub)) == Waiting("nothing-published", 1)
        engine.close()


def test_a_killed_run_that_a_decision_overtook_is_started_anew(hub: Hub) -> None:
    """Runs are seen in their order: what the killed one had done is done again."""
    left, right = apart(hub, "person")
    say(hub, "person", left, right, "link")

    class KilledError(Exception):
        pass

    def killed(_work: Work) -> dict[str, int]:
        raise KilledError

    with pytest.raises(KilledError):
        carry_out(hub, (*PATH[:-2], replace(PATH[-2], work=killed)), QUIET, train=False)
    settled(hub)
    before = profiles(hub)
    run(hub, QUIET)
    assert profiles(hub) == before


@pytest.mark.parametrize("killed", [False, True])
def test_what_is_said_while_a_run_works_is_new_to_the_next(hub: Hub, killed: bool) -> None:
    """Also where a run that learned its models was killed, and would be taken up."""
    left, right = apart(hub, "person")
    say(hub, "person", left, right, "non-link")

    def meanwhile(work: Work) -> dict[str, int]:
        say(hub, "person", left, right, "link")
        return PATH[1].work(work)

    def dies(_work: Work) -> dict[str, int]:
        raise ZeroDivisionError

    last = (*PATH[2:-2], replace(PATH[-2], work=dies)) if killed else PATH[2:]
    path = (PATH[0], replace(PATH[1], work=meanwhile), *last)
    with pytest.raises(ZeroDivisionError) if killed else nullcontext():
        carry_out(hub, path, QUIET, train=killed)
    assert not run(hub, QUIET).unchanged
    assert linked(hub, "person")[left] == linked(hub, "person")[right]
    assert run(hub, QUIET).unchanged
