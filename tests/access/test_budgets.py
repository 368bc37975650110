"""Budgets: counted in the hub, the same for every worker, and against those who guess."""

from __future__ import annotations

import random
import secrets
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from mdm.access import Limits, Principal, asked
from mdm.access.asked import TOKEN_BYTES
from mdm.access.budgets import DAY, DISTINCT, MINUTE, MISSES, RATE, Budgets, Charge, Verdict
from mdm.access.honey import add_honey, renew_honey
from mdm.compose import Hub
from mdm.hub.tables import Alarm, AuditEvent, BudgetAsked

AT = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
NIKS = [f"32011545038800{n:02d}" for n in range(60)]


def principal(name: str = "client-1", **limits: int) -> Principal:
    wide = {
        "requests_per_minute": 10_000,
        "niks_per_day": 10_000,
        "miss_percent": 100,
        "miss_floor": 10_000,
    }
    return Principal(name, "client", frozenset({"programme"}), limits=Limits(**{**wide, **limits}))


def charge(
    budgets: Budgets, hub: Hub, *charges: Charge, at: datetime = AT
) -> list[tuple[bool, str | None]]:
    with hub.sessions.begin() as session:
        verdicts = budgets.charge(session, list(charges), at)
    return [(verdict.allowed, verdict.bound) for verdict in verdicts]


def test_the_next_request_over_the_rate_is_refused_until_the_minute_is_over(hub: Hub) -> None:
    budgets, who = Budgets(hub), principal(requests_per_minute=3)
    one = Charge(who, NIKS[:1])
    assert charge(budgets, hub, one, one) == [(True, None)] * 2
    assert charge(budgets, hub, one, one) == [(True, None), (False, RATE)]
    with hub.sessions.begin() as session:
        (verdict,) = budgets.charge(session, [one], AT + timedelta(seconds=20))
    assert verdict == Verdict(False, RATE, retry_after=40)
    assert charge(budgets, hub, one, at=AT + timedelta(seconds=MINUTE)) == [(True, None)]


def test_the_same_nik_counts_once_a_day_and_the_bound_holds_for_new_ones_only(hub: Hub) -> None:
    budgets, who = Budgets(hub), principal(niks_per_day=2)
    first, second, third = (Charge(who, [nik]) for nik in NIKS[:3])
    assert charge(budgets, hub, first, first, second) == [(True, None)] * 3
    assert charge(budgets, hub, third, first) == [(False, DISTINCT), (True, None)]
    # Refused is not known: asked again it is refused again.
    assert charge(budgets, hub, third) == [(False, DISTINCT)]
    tomorrow = AT + timedelta(days=1)
    assert charge(budgets, hub, third, second, at=tomorrow) == [(True, None)] * 2
    assert charge(budgets, hub, first, at=tomorrow) == [(False, DISTINCT)]


def test_a_batch_goes_through_whole_or_not_at_all(hub: Hub) -> None:
    budgets, who = Budgets(hub), principal(niks_per_day=50)
    small, large = Charge(who, NIKS[:30]), Charge(who, NIKS[20:60])
    assert charge(budgets, hub, small, large) == [(True, None), (False, DISTINCT)]
    assert charge(budgets, hub, Charge(who, NIKS[30:50])) == [(True, None)]


def test_who_misses_a_lot_is_shut_out_for_the_day_with_an_alarm(hub: Hub) -> None:
    budgets, who = Budgets(hub), principal(miss_percent=50, miss_floor=10)
    hits = [Charge(who, [nik]) for nik in NIKS[:4]]
    misses = [Charge(who, [nik], [nik]) for nik in NIKS[4:9]]
    assert charge(budgets, hub, *hits, *misses) == [(True, None)] * 9  # below the floor
    assert charge(budgets, hub, Charge(who, [NIKS[9]], [NIKS[9]])) == [(False, MISSES)]
    # For the day, though most of what is asked now is there.
    assert charge(budgets, hub, hits[0], Charge(who, NIKS[10:40])) == [(False, MISSES)] * 2
    assert charge(budgets, hub, hits[0]) == [(False, MISSES)]
    assert charge(budgets, hub, hits[0], at=AT + timedelta(days=1)) == [(True, None)]
    with hub.sessions.read() as session:
        (alarm,) = session.exec(select(Alarm)).all()
        events = [bytes(event) for event in session.exec(select(AuditEvent.event)).all()]
    assert (alarm.kind, alarm.principal) == ("misses", who.id)
    assert any(b"alarm.misses" in event for event in events)


def test_guesses_are_not_hidden_by_asking_for_ones_own_between_them(hub: Hub) -> None:
    who, own = principal(miss_percent=50, miss_floor=10), NIKS[0]
    guesses = NIKS[1:13]
    one_by_one = [one for nik in guesses for one in (Charge(who, [own]), Charge(who, [nik], [nik]))]
    told = charge(Budgets(hub), hub, *one_by_one)
    assert told.index((False, MISSES)) == 2 * 9 - 1  # its own counts once: the tenth of those asked
    batch = replace(who, id="client-2")
    mixed = [nik for guess in guesses for nik in (own, guess)]
    assert charge(Budgets(hub), hub, Charge(batch, mixed, guesses)) == [(False, MISSES)]
    # Asked again, who was not there is not missed once more.
    other = replace(who, id="client-3")
    again = Charge(other, guesses[:2], guesses[:2])
    seen = Charge(other, NIKS[20:30])
    assert charge(Budgets(hub), hub, seen, *[again] * 9) == [(True, None)] * 10


def test_one_principal_does_not_use_up_what_another_has(hub: Hub) -> None:
    budgets = Budgets(hub)
    mine, theirs = (principal(name, requests_per_minute=1, niks_per_day=1) for name in "ab")
    assert (
        charge(budgets, hub, Charge(mine, NIKS[:1]), Charge(theirs, NIKS[1:2]))
        == [(True, None)] * 2
    )
    assert charge(budgets, hub, Charge(mine, NIKS[:1])) == [(False, RATE)]


def test_no_nik_and_nothing_that_joins_two_principals_or_days_is_kept(hub: Hub) -> None:
    budgets = Budgets(hub)
    for name, at in (("a", AT), ("b", AT), ("a", AT + timedelta(seconds=1))):
        charge(budgets, hub, Charge(principal(name), NIKS[:1]), at=at)
    with hub.sessions.read() as session:
        tokens = [bytes(token) for token in session.exec(select(BudgetAsked.tokens)).all()]
    assert len(tokens) == len(set(tokens)) == 2
    assert not any(NIKS[0].encode() in token for token in tokens)
    charge(budgets, hub, Charge(principal("c"), NIKS[:1]), at=AT + timedelta(seconds=DAY))
    with hub.sessions.read() as session:
        days = session.exec(select(BudgetAsked.day)).all()
    assert len(set(days)) == 1  # yesterday is forgotten


def test_two_workers_share_one_budget(hub: Hub) -> None:
    who, seen = principal(requests_per_minute=40, niks_per_day=25), []

    def work(start: int) -> None:
        budgets = Budgets(hub)
        for turn in range(10):
            group = [Charge(who, [NIKS[(start + turn * 3 + n) % 60]]) for n in range(3)]
            seen.extend(charge(budgets, hub, *group))

    workers = [threading.Thread(target=work, args=(start,)) for start in (0, 30)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(seen) == 60
    assert seen.count((False, RATE)) == 20
    with hub.sessions.read() as session:
        kept = b"".join(session.exec(select(BudgetAsked.tokens)).all())
    tokens = [kept[at : at + TOKEN_BYTES] for at in range(0, len(kept), TOKEN_BYTES)]
    assert len(tokens) == len(set(tokens)) == 25


def test_long_lists_are_known_by_every_worker(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against a plain set, with lists so short that they are sorted in again and again."""
    monkeypatch.setattr(asked, "RECENT", 8)
    workers, random_, known = [Budgets(hub), Budgets(hub)], random.Random(4), set[str]()
    for turn in range(40):
        niks = random_.sample(NIKS, 7)
        who = principal(niks_per_day=len(known | set(niks)))
        # As many as may be: one more is too many, the same ones again are not.
        assert charge(workers[turn % 2], hub, Charge(who, niks)) == [(True, None)]
        known |= set(niks)
        assert charge(workers[turn % 3 % 2], hub, Charge(who, [f"{turn:016d}"])) == [
            (False, DISTINCT)
        ]
        assert charge(workers[0], hub, Charge(who, sorted(known))) == [(True, None)]


def test_what_was_counted_in_a_unit_of_work_that_failed_never_was(hub: Hub) -> None:
    budgets, who = Budgets(hub), principal(niks_per_day=2)
    with suppress(RuntimeError), hub.sessions.begin() as session:
        budgets.charge(session, [Charge(who, NIKS[:2])], AT)
        raise RuntimeError
    assert charge(budgets, hub, Charge(who, NIKS[2:4])) == [(True, None)]
    assert charge(budgets, hub, Charge(who, NIKS[:1])) == [(False, DISTINCT)]


def test_a_honey_nik_raises_an_alarm_whoever_asks_for_it(hub: Hub) -> None:
    bait, who = "9999999999990001", principal()
    with hub.sessions.begin() as session:
        assert add_honey(hub, session, bait, actor="test")
        assert not add_honey(hub, session, bait, actor="test")
    budgets = Budgets(hub)
    assert charge(budgets, hub, Charge(who, NIKS[:2])) == [(True, None)]
    # The one who asks sees nothing of it: the answer is that of any NIK nobody has.
    for _ in range(3):
        assert charge(budgets, hub, Charge(who, [NIKS[0], bait])) == [(True, None)]
    with hub.sessions.read() as session:
        (alarm,) = session.exec(select(Alarm)).all()
        assert (alarm.kind, alarm.principal) == ("honey", who.id)
        held = session.connection().execute(sa.text("SELECT token FROM honey_nik")).scalar()
    assert bait.encode() not in bytes(held)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    groups=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from("ab"),
                st.lists(st.sampled_from(NIKS[:12]), min_size=1, max_size=4),
            ),
            max_size=6,
        ),
        max_size=6,
    ),
    bound=st.integers(1, 8),
)
def test_never_more_distinct_niks_are_answered_than_the_bound(
    hub: Hub, groups: list[list[tuple[str, list[str]]]], bound: int
) -> None:
    """Against a plain count: whatever the grouping, each question is answered as if alone."""
    example = secrets.token_hex(4)  # examples share the hub, and must not share principals
    budgets, known = Budgets(hub), {"a": set[str](), "b": set[str]()}
    for group in groups:
        asked = [Charge(principal(who + example, niks_per_day=bound), niks) for who, niks in group]
        expected = []
        for who, niks in group:
            fits = len(known[who] | set(niks)) <= bound or known[who] >= set(niks)
            expected.append((True, None) if fits else (False, DISTINCT))
            if fits:
                known[who] |= set(niks)
        assert charge(budgets, hub, *asked) == expected


def test_the_honey_list_outlives_its_key(hub: Hub) -> None:
    bait, budgets = "9999999999990001", Budgets(hub)
    with hub.sessions.begin() as session:
        add_honey(hub, session, bait, actor="test")
        hub.keys.rotate(session, "access")
    hub.keys.refresh()
    with hub.sessions.begin() as session:
        assert not add_honey(hub, session, bait, actor="test")
        assert renew_honey(hub, session) == 1
        assert renew_honey(hub, session) == 0
        hub.keys.destroy(session, "access", 1)
    assert charge(budgets, hub, Charge(principal(), [bait])) == [(True, None)]
    with hub.sessions.read() as session:
        assert session.exec(select(Alarm.kind)).all() == ["honey"]


def test_who_counts_for_months_counts_under_the_key_of_today(hub: Hub) -> None:
    """The desk's budgets live as long as the server, a batch makes its own: after a rotation they count alike."""
    long, who = Budgets(hub), principal(niks_per_day=1)
    with hub.sessions.begin() as session:
        hub.keys.rotate(session, "access")
    hub.keys.refresh()
    one = Charge(who, NIKS[:1])
    assert charge(long, hub, one) == [(True, None)]
    assert charge(Budgets(hub), hub, one) == [(True, None)]
