"""Tasks are made, renewed and ended as runs become visible."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from api.web.review.asked import Asked, between_in
from mdm.compose import Hub
from mdm.errors import UnknownError
from mdm.hub.columns import now
from mdm.hub.tables import Correction, CorrectionTarget, ReviewTask
from mdm.review.claims import ChangedError, TakenError, claim, release
from mdm.review.correcting import note
from mdm.review.facts import facts_of
from mdm.review.figures import figures
from mdm.review.queue import Filters, Key, counts, is_between, next_for, page, waiting
from mdm.rights import restriction
from tests.review.desk import (
    ANI,
    BOGOR_FAMILY,
    BUDI,
    HEAD,
    OTHER_FAMILY,
    A,
    B,
    C,
    D,
    Desk,
    E,
    F,
    G,
    H,
    staff,
)


def test_one_task_for_everybody_who_hangs_together(desk: Desk) -> None:
    desk.publish((A, B, 0.5), (B, C, 3.0), (E, F, 1.0), passed_over=[(C, D, 12.0)])
    tasks = desk.tasks()
    assert set(tasks) == {frozenset({A, B, C, D}), frozenset({E, F})}
    large = tasks[frozenset({A, B, C, D})]
    assert (large.weight, large.entities, large.region) == (0.5, 4, "320115")
    assert large.questions == "|disputed_link|possible_duplicate|"
    assert large.reasons == "|another name|passed over|"
    # More is settled by one answer, and it is nearer to doubt.
    assert large.rank > tasks[frozenset({E, F})].rank


def test_a_task_knows_also_those_of_whom_nothing_is_open(desk: Desk) -> None:
    """A family with a row of its own is not in question because of one that only members tell of, and stands in its
    task: whose region is theirs both."""
    card, implied = BOGOR_FAMILY.id, OTHER_FAMILY.id
    desk.publish((card, implied, 0.5), implied=[implied])
    task = desk.tasks()[frozenset({card, implied})]
    assert (task.region, task.records) == ("320115", 20)


def test_a_task_keeps_its_id_and_age_while_something_in_it_stays_open(desk: Desk) -> None:
    desk.publish((A, B, 0.5), (E, F, 1.0))
    first, other = desk.tasks()[frozenset({A, B})], desk.tasks()[frozenset({E, F})]
    desk.publish((A, B, 0.5), (B, C, 3.0), (E, F, 1.0))
    grown = desk.tasks()[frozenset({A, B, C})]
    assert (grown.id, grown.opened, grown.version) == (first.id, first.opened, first.version + 1)
    assert desk.tasks()[frozenset({E, F})] == other
    desk.publish((A, B, 0.5), (B, C, 3.0), (C, E, 2.0), (E, F, 1.0))
    (all_,) = desk.tasks().values()
    assert all_.id in {first.id, other.id}
    ended = desk.task(other.id if all_.id == first.id else first.id)
    assert (ended.status, ended.followed_by) == ("closed", all_.id)
    desk.publish((E, F, 1.0))
    assert set(desk.tasks()) == {frozenset({E, F})}
    assert desk.only().id == all_.id
    desk.publish()
    assert desk.tasks() == {}
    assert desk.task(all_.id).status == "closed"


def test_an_unchanged_run_writes_no_task(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    before = desk.only()
    desk.publish((A, B, 0.5))
    assert desk.only() == before


def test_nobody_decides_about_who_is_restricted_until_it_is_lifted(desk: Desk) -> None:
    """As the desk answers for review that there is nobody (UU 27/2022, article 41), so does the queue."""
    desk.publish((A, B, 0.5), (E, F, 1.0))
    task = desk.tasks()[frozenset({A, B})]

    def seen() -> set[str]:
        with desk.hub.sessions.read() as session:
            listed = {one.id for one in page(session, ANI, Filters())}
            first = next_for(session, ANI, Filters())
            assert first is not None
            assert first.id in listed
            assert counts(session, ANI, Filters()).total == waiting(session, ANI) == len(listed)
        return listed

    assert task.id in seen()
    restriction.restrict(desk.hub, B, basis="disputed", actor="officer")
    assert seen() == {desk.tasks()[frozenset({E, F})].id}
    for who in (ANI, HEAD):
        with desk.hub.sessions.begin() as session, pytest.raises(UnknownError):
            claim(session, who, task.id)
    restriction.lift(desk.hub, B, basis="settled", actor="officer")
    assert task.id in seen()
    with desk.hub.sessions.begin() as session:
        assert claim(session, ANI, task.id).id == task.id


def test_a_record_that_is_away_counts_for_no_task(hub: Hub) -> None:
    engine = hub.engine()
    engine.run(
        "CREATE TABLE person_links AS SELECT * FROM "
        "(VALUES (1, 'a', 'kemensos'), (NULL, 'a', 'pemda')) t(rid, entity_id, source)"
    )
    facts = facts_of(engine, "person", ["a"], frozenset())["a"]
    engine.close()
    assert (facts.records, facts.sources) == (1, ("kemensos",))


def test_hubs_from_before_there_were_tasks_get_theirs(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    with desk.hub.sessions.begin() as session:
        for task in session.exec(select(ReviewTask)).all():
            session.delete(task)
    desk.publish((A, B, 0.5))
    assert set(desk.tasks()) == {frozenset({A, B})}


def test_the_queue_is_of_ones_regions_in_order_by_key(desk: Desk) -> None:
    desk.publish((A, B, 0.5), (C, D, 3.0), (E, F, 1.0), (G, H, 2.0))
    with desk.hub.sessions.read() as session:
        everything = page(session, ANI, Filters())
        assert [one.rank for one in everything] == sorted(
            (o.rank for o in everything), reverse=True
        )
        first = page(session, ANI, Filters(), limit=1)
        rest = page(session, ANI, Filters(), Key(first[0].rank, first[0].id))
        assert [*first, *rest] == everything
        near = page(session, staff("x", "steward", "3201"), Filters())
        assert {one.region for one in near} == {"320115"}
        assert page(session, staff("x", "steward", "31"), Filters()) == []
        assert waiting(session, staff("x", "steward", "51")) == 1
        assert page(session, ANI, Filters(region="51", kind="person")) == [
            desk.tasks()[frozenset({G, H})]
        ]
        assert page(session, ANI, Filters(reason="no such reason")) == []
        heavy = page(session, ANI, Filters(weight_from=1.5, weight_to=2.5, reason="another name"))
        assert [one.weight for one in heavy] == [2.0]
        told = counts(session, ANI, Filters())
        assert (told.total, told.kinds, told.regions) == (4, {"person": 4}, {"3201": 3, "5171": 1})
        seen = figures(session, HEAD, now())
        assert (seen.open, seen.ages["day"], seen.regions) == (4, 4, {"3201": 3, "5171": 1})


def test_a_filter_says_how_many_tasks_it_leaves_also_for_a_province(desk: Desk) -> None:
    """A task of two kabupaten is the province's; so are those of each."""
    desk.publish((A, B, 0.5), (E, F, 1.0))
    with desk.hub.sessions.begin() as session:
        wide = session.get_one(ReviewTask, desk.tasks()[frozenset({A, B})].id)
        wide.region = "32"
        session.add(wide)
    with desk.hub.sessions.read() as session:
        told = counts(session, ANI, Filters()).regions
        assert told == {"32": 2, "3201": 1}
        for region, n in told.items():
            assert waiting(session, ANI, Filters(region=region)) == n


def test_each_row_by_region_opens_the_tasks_that_it_counts(desk: Desk) -> None:
    """A task of two kabupaten, or of two provinces, is in a row of its own."""
    desk.publish((A, B, 0.5), (E, F, 1.0), (G, H, 1.5))
    with desk.hub.sessions.begin() as session:
        for members, region in (({A, B}, "32"), ({E, F}, "")):
            wide = session.get_one(ReviewTask, desk.tasks()[frozenset(members)].id)
            wide.region = region
            session.add(wide)
    with desk.hub.sessions.read() as session:
        rows = figures(session, HEAD, now()).regions
        assert rows == {"": 1, "32": 1, "5171": 1}
        for code, n in rows.items():
            asked = Asked({"wilayah": between_in(code) if is_between(code) else code})
            assert waiting(session, HEAD, asked.filters) == n
        assert waiting(session, HEAD, Asked({"wilayah": "32"}).filters) == 1
        assert counts(session, HEAD, Filters()).between == {"": 1, "32": 1}


def test_a_claim_holds_for_a_while_and_the_next_task_skips_it(desk: Desk) -> None:
    desk.publish((A, B, 0.5), (E, F, 1.0))
    with desk.hub.sessions.read() as session:
        first = next_for(session, ANI, Filters())
    assert first is not None
    mine = desk.claim(ANI, first)
    with pytest.raises(TakenError) as told:
        desk.claim(BUDI, first)
    assert (told.value.by, told.value.since) == (ANI.id, mine.claimed)
    with desk.hub.sessions.read() as session:
        other = next_for(session, BUDI, Filters())
        again = next_for(session, ANI, Filters())
        none = next_for(session, BUDI, Filters(), besides=[other.id] if other else [])
    assert other is not None
    assert again is not None
    assert other.id != first.id
    assert again.id == first.id
    assert none is None
    assert desk.claim(ANI, first).claimed == mine.claimed  # longer, not anew
    with desk.hub.sessions.begin() as session:
        held = session.get_one(ReviewTask, first.id)
        held.claimed_until = now() - timedelta(seconds=1)
        session.add(held)
    assert desk.claim(BUDI, first).claimed_by == BUDI.id
    with desk.hub.sessions.begin() as session:
        release(session, ANI, first.id)  # not hers any more: nothing happens
        release(session, BUDI, first.id)
    assert desk.claim(ANI, first).claimed_by == ANI.id


def test_another_regions_task_looks_as_if_it_were_not_there(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    task = desk.only()
    said = []
    for who, name in ((staff("x", "steward", "51"), task.id), (ANI, "no-such-task")):
        with pytest.raises(UnknownError) as told, desk.hub.sessions.begin() as session:
            claim(session, who, name)
        said.append((told.value.message, told.value.hint))
    assert said[0] == said[1]
    with pytest.raises(UnknownError), desk.hub.sessions.begin() as session:
        claim(session, staff("x", "officer"), task.id)


def test_a_task_that_is_over_cannot_be_claimed(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    task = desk.only()
    desk.publish()
    with pytest.raises(ChangedError):
        desk.claim(ANI, task)


def test_a_correction_that_waits_moves_the_task_up_until_it_is_decided(desk: Desk) -> None:
    desk.publish((A, B, 0.5), (E, F, 0.5))
    before = desk.tasks()[frozenset({A, B})]
    with desk.hub.sessions.begin() as session:
        row = Correction(
            id="c1", number=1, kind="value", state="proposed", version=1, region="", proposer="p",
            due=now(), content=b"",
        )  # fmt: skip
        session.add(row)
        session.add(CorrectionTarget(correction="c1", entity_id=A, attribute="name"))
        note(session, "c1")
    moved = desk.task(before.id)
    assert (moved.correction, moved.version) == (True, before.version)
    assert moved.rank > before.rank
    desk.publish((A, B, 0.5), (B, C, 2.0), (E, F, 0.5))
    assert desk.task(before.id).correction
    with desk.hub.sessions.begin() as session:
        session.get_one(Correction, "c1").state = "approved"
        note(session, "c1")
    assert not desk.task(before.id).correction
