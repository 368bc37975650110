"""The helper of large batches: it tells the same, and what it leaves undone is done all the same."""

from __future__ import annotations

import time

from mdm.compose import Hub
from mdm.eligibility import batch
from mdm.eligibility.helper import Helper
from mdm.eligibility.shares import Shares, terms_of, work
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
