"""Two profiles said to be one: they become one with all their records, and lists say what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from mdm import judgements
from mdm.compose import Hub
from mdm.corrections import merging, store
from mdm.corrections.around import value_of
from mdm.corrections.chain import propose, try_out, withdraw
from mdm.corrections.lists import decided, mine, open_whole
from mdm.corrections.terms import Merge
from mdm.desk.people import open_following
from mdm.desk.terms import Profile
from mdm.hub.runs import published_seq
from mdm.hub.tables import Entity
from mdm.judgements import RecordRef
from mdm.pipeline import run
from mdm.questions.groups import Groups
from mdm.review.words import words_of
from mdm.touched import settle
from mdm.touched.verdicts import Verdicts
from tests.corrections.chain import HEAD, KEMENSOS, OPERATOR, VERIFIER, approve, draft, revoke
from tests.judged import judge
from tests.run.homes import QUIET, FirstRun, copy_of


@dataclass
class Doubles:
    """A home, and two persons of whom each provider has a row."""

    hub: Hub
    one: Profile
    other: Profile
    more: list[Profile]  # of whom each provider has a row, too

    def merge(self) -> str:
        nik = value_of(self.other, "nik")
        return approve(self.hub, draft("merge-doubles", self.one.entity_id, values={"nik": nik}))

    def settle(self) -> None:
        engine = self.hub.engine()
        try:
            settle(self.hub, engine, Verdicts(self.hub))
        finally:
            engine.close()

    def records(self) -> dict[RecordRef, str]:
        """Record of either → the entity it stands in, as readers see it."""
        with self.hub.sessions.read() as session:
            ids = session.exec(select(Entity.entity_id).where(Entity.kind == "person")).all()
            seen = open_following(self.hub, session, ids, published_seq(session))
        places = {ref: one.entity_id for one in seen.values() for ref in refs(one)}
        return {ref: places[ref] for one in (self.one, self.other) for ref in refs(one)}

    def said(self, merge: Merge, verdict: judgements.Verdict) -> None:
        judge(
            self.hub, "person", *merge.records, verdict, actor="staff:other", reason="other_details"
        )

    def merge_of(self, made: str) -> Merge:
        with self.hub.sessions.read() as session:
            ((_, kept),) = store.open_many(self.hub, session, [store.by_id(session, made)])
        assert kept.merge is not None
        return kept.merge

    def outcome(self, made: str) -> str:
        """As the proposer's list, the list of who decided, and the page of it say it."""
        listed = [*mine(self.hub, OPERATOR), *decided(self.hub, KEMENSOS)]
        found = [one.merged for one in listed if one.row.id == made]
        found.append(open_whole(self.hub, OPERATOR, made).merged)
        assert len(found) == 3
        assert found[0] == found[1] == found[2]
        assert found[0] is not None
        return found[0].outcome


def refs(profile: Profile) -> list[RecordRef]:
    return [RecordRef(*one[:3]) for one in profile.body["records"]]


@pytest.fixture
def doubles(first: FirstRun, tmp_path: Path) -> Iterator[Doubles]:
    with copy_of(first.home, tmp_path / "home") as hub:
        with hub.sessions.read() as session:
            ids = session.exec(select(Entity.entity_id).where(Entity.kind == "person")).all()
            seen = open_following(hub, session, ids, published_seq(session)).values()
        all_providers = [
            one
            for one in sorted(seen, key=lambda one: str(value_of(one, "nik")))
            if value_of(one, "nik")
            and sorted(ref.source for ref in refs(one)) == ["kemendagri", "kemensos", "pemda"]
        ]
        yield Doubles(hub, *all_providers[:2], all_providers[2:])


def test_two_profiles_become_one_with_all_their_records(
    doubles: Doubles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once; what reaches too far for that is said to wait for the next run."""
    made = doubles.merge()
    assert doubles.outcome(made) == "waiting"
    doubles.settle()
    assert len(set(doubles.records().values())) == 1, "no row of either is left behind"
    assert doubles.outcome(made) == "joined"
    far = Doubles(doubles.hub, *doubles.more[:2], [])
    late = far.merge()
    monkeypatch.setattr(merging, "AT_ONCE", timedelta(0))
    assert far.outcome(late) == "next-run"
    # A law of small runs: the next whole run gives the same.
    run(doubles.hub, QUIET)
    for both, proposal in ((doubles, made), (far, late)):
        assert len(set(both.records().values())) == 1
        assert both.outcome(proposal) == "joined"
    assert {one.row.id for one in decided(doubles.hub, HEAD)} == {made, late}
    assert not decided(doubles.hub, OPERATOR)


def test_who_parts_them_again_is_named(doubles: Doubles) -> None:
    made = doubles.merge()
    doubles.settle()
    merge = doubles.merge_of(made)
    doubles.said(merge, "non-link")
    assert doubles.outcome(made) == "parted"
    doubles.settle()
    assert len(set(doubles.records().values())) > 1
    told = open_whole(doubles.hub, OPERATOR, made).merged
    assert told is not None
    assert (told.outcome, told.by) == ("parted", "staff:other")
    assert told.at is not None
    assert set(told.profiles) <= set(doubles.records().values())
    assert len(told.profiles) == 2, "also the one that has a new id"


def pemda(doubles: Doubles) -> tuple[RecordRef, RecordRef]:
    own, theirs = (
        next(ref for ref in refs(one) if ref.source == "pemda")
        for one in (doubles.one, doubles.other)
    )
    return own, theirs


def test_an_earlier_word_of_people_is_told_and_knowingly_replaced(doubles: Doubles) -> None:
    """A reviewer said before that a row of the one is not a row of the other."""
    hub, nik = doubles.hub, value_of(doubles.other, "nik")
    one = draft("merge-doubles", doubles.one.entity_id, values={"nik": nik})
    early = propose(hub, OPERATOR, one)
    assert not open_whole(hub, VERIFIER, early).warnings
    judge(hub, "person", *pemda(doubles), "non-link", actor="staff:a", reason="other_person")
    assert open_whole(hub, VERIFIER, early).warnings == ["said-apart"], "who decides hears it, too"
    withdraw(hub, OPERATOR, early, version=1)
    assert [check.code for check in try_out(hub, OPERATOR, one)] == ["said-apart"]
    apart = doubles.records()
    made = doubles.merge()
    doubles.settle()
    assert len(set(doubles.records().values())) == 1
    assert doubles.outcome(made) == "joined"
    # Taken back, the earlier word stands again, and they part as they stood.
    revoke(hub, made)
    doubles.settle()
    ours, theirs = (
        {doubles.records()[ref] for ref in refs(one)} for one in (doubles.one, doubles.other)
    )
    assert (len(ours), len(theirs), len(ours & theirs)) == (1, 1, 0)
    assert len(set(apart.values())) == 2
    with hub.sessions.read() as session:
        words = words_of(hub).about(session, "person", pemda(doubles))
    assert [one.judgement for one in words] == ["non-link"]


def test_records_that_a_later_word_takes_out_are_told(doubles: Doubles) -> None:
    made = doubles.merge()
    doubles.settle()
    judge(
        doubles.hub, "person", *pemda(doubles), "non-link", actor="staff:a", reason="other_person"
    )
    doubles.settle()
    places = doubles.records()
    assert len(set(places.values())) == 2
    told = open_whole(doubles.hub, OPERATOR, made).merged
    assert told is not None
    assert (told.outcome, set(told.profiles)) == ("partly", set(places.values()))
    assert doubles.outcome(made) == "partly"


def test_what_parts_afterwards_by_itself_stays_with_the_one(doubles: Doubles) -> None:
    """The rows of either side were held together by the machine: should it think otherwise, what people said of both
    profiles holds for all their rows."""
    made = doubles.merge()
    doubles.settle()
    with doubles.hub.sessions.read() as session:
        said = [pair for _, pair in judgements.pairs(doubles.hub, session)]
    joined: Groups[RecordRef] = Groups()
    for left, right in said:
        joined.join(left, right)
    everybody = {*refs(doubles.one), *refs(doubles.other)}
    assert [set(one) for one in joined.sets()] == [everybody], "without any link of the machine"
    sources = {"kemendagri", "kemensos", "pemda"}
    assert {left.source for left, right in said if left.source == right.source} == sources
    assert doubles.outcome(made) == "joined"
