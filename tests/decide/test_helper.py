"""The helper of large batches: it tells the same, and what it leaves undone is done all the same."""

from __future__ import annotations

import time

import pytest

from mdm.access import Resource, decide
from mdm.compose import Hub
from mdm.eligibility import batch
from mdm.eligibility.helper import Helper
from mdm.eligibility.shares import ACTION, Shares, terms_of, work
from tests.decide.asked import prepared
from tests.decide.world import (
    DENPASAR,
    NOBODY,
    PROGRAMMES,
    Country,
    Household,
    adult,
    client,
    pupil,
)

HEAD, CHILD, FAR = adult(1, sembako=True), pupil(2), adult(5)
COUNTRY = Country([Household(1, [HEAD, CHILD]), Household(2, [FAR], region=DENPASAR)])


def test_a_helper_tells_the_same_and_its_end_costs_no_answer(hub: Hub) -> None:
    COUNTRY.publish(hub)
    asked = prepared(hub, PROGRAMMES)
    asker = client("3201")
    terms = terms_of(asker, "assistance", asked)
    people = {HEAD.id: [(0, 0), (3, 1)], CHILD.id: [(1, 0)], FAR.id: [(2, 0)]}
    own = work(hub, terms, asked, people)
    assert set(own.items) == {0, 1, 3}, "one of them lives elsewhere"
    with Helper(hub, least=1) as helper:
        shares = Shares(people)
        helper.join_in(terms, shares, len(people))
        until = time.monotonic() + 60
        while not shares.outcome.items and time.monotonic() < until:
            time.sleep(0.02)
        assert shares.outcome == own
        assert list(shares.each()) == []
        wanted = batch.Batch(asker, "assistance", (HEAD.nik, NOBODY, CHILD.nik), asked)
        alone = batch.answer(hub, wanted)
        assert batch.answer(hub, wanted, helper) == alone
    after = Shares(people)
    helper.join_in(terms, after, len(people))  # it has ended: another begins, or nobody helps
    for share in after.each():
        after.give(work(hub, terms, asked, share))
    assert after.outcome == own
    helper.__exit__()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_behind_the_wall_a_forgotten_check_tells_of_nobody_of_another_region(hub: Hub) -> None:
    COUNTRY.publish(hub)
    asked = prepared(hub, PROGRAMMES)
    everything = decide(client(), ACTION, Resource("person", DENPASAR), "assistance")
    assert everything.allowed
    people = {HEAD.id: [(0, 0)], FAR.id: [(1, 0)], CHILD.id: []}

    def careless(*regions: str) -> set[int]:
        terms = terms_of(client(*regions), "assistance", asked)
        outcome = work(hub, terms, asked, people, lambda *_: everything)
        assert outcome.found == len(outcome.items)
        return set(outcome.items)

    assert careless("3201") == {0}
    assert careless("5171") == {1}
    assert careless("") == {0, 1}
    assert careless("9471") == set(), "who stands in is told of no more than who is asked for"
