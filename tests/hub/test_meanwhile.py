"""Two who do something to the same at once: nothing is lost, nothing is done twice, and the second is told in words."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Event
from typing import Any

import pytest
from sqlmodel import Session, func, select

from mdm import audit, exchanges, judgements
from mdm.access import agreements, alarms, approvals, clients, honey, roles, staff
from mdm.access.agreements import Agreement
from mdm.access.keyfiles import make_key, public_of
from mdm.access.login import Attempt, log_in
from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.errors import ConflictError, HubError
from mdm.hub.columns import now
from mdm.hub.tables import Alarm, AuditEvent, Client, SubjectRestriction
from mdm.judgements import RecordRef
from mdm.rights import restriction
from mdm.rights.behind import records_behind
from mdm.work.progress import Silent
from tests.keys import approving
from tests.publish.golden import AGUS, BUDI, Golden, content, publish_golden

only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
PASSWORD = "kuda-lumping-biru-42"
Act = Callable[[Session], object]


def agreement(*regions: str) -> Agreement:
    day = timedelta(days=1)
    said: dict[str, Any] = {"programmes": ("PKH",), "purposes": ("assistance",), "regions": regions}
    return Agreement(number="PKS-1", valid_from=now() - day, valid_to=now() + 300 * day, **said)


def register(hub: Hub) -> str:
    with hub.sessions.begin() as session:
        made = clients.register(
            session, "pkh", agreement("3201"), public_of(make_key()), actor="a", approved_by="b"
        )
        return made.id


def holds(hub: Hub) -> None:
    found = verify(hub, Silent())
    assert found.holds, found.faults


@only_postgresql
def test_who_has_told_of_one_act_may_go_on_to_what_another_waits_with(hub: Hub) -> None:
    told, changed = Event(), Event()

    def first() -> None:
        with hub.sessions.begin() as session:
            session.add(SubjectRestriction(id="r", entity_id="e", basis="uu", actor="officer"))
            audit.record(session, "officer", "restrict", id="r", entity_id="e")
            told.set()
            assert changed.wait(10)
            honey.add_honey(hub, session, AGUS, actor="officer")

    def second() -> None:
        with hub.sessions.begin() as session:
            assert told.wait(10)
            honey.add_honey(hub, session, BUDI, actor="admin")
            changed.set()

    with ThreadPoolExecutor(2) as both:
        for one in [both.submit(first), both.submit(second)]:
            one.result()
    holds(hub)


@only_postgresql
def test_who_read_before_somebody_else_wrote_does_not_write_over_it(hub: Hub) -> None:
    register(hub)

    def late() -> None:
        with hub.sessions.begin() as session:
            client = clients.find(session, "pkh")
            with hub.sessions.begin() as other:
                same = clients.find(other, "pkh")
                clients.rotate_key(other, same, public_of(make_key()), actor="a")
            clients.disable(session, client, actor="b")

    with pytest.raises(ConflictError, match="Somebody else"):
        late()
    with hub.sessions.read() as session:
        left = session.exec(select(Client)).one()
        assert (left.state, left.epoch) == ("active", 1)
        told = session.exec(select(AuditEvent.event)).all()
        assert not any(b"client.disable" in event for event in told)
    holds(hub)


@only_postgresql
def test_who_makes_what_somebody_else_has_just_made_is_told_so(hub: Hub) -> None:
    def late() -> None:
        with hub.sessions.begin() as session:
            clients.must_be_free(session, "pkh")
            register(hub)
            same = agreements.kept(agreement("31"))
            session.add(Client(id="c", name="pkh", state="active", **same))

    with pytest.raises(ConflictError, match="Somebody else"):
        late()
    holds(hub)


@only_postgresql
def test_of_two_who_wait_for_each_other_one_is_told_so(hub: Hub) -> None:
    both = Barrier(2)

    def act(*names: str) -> None:
        with hub.sessions.begin() as session:
            for name in names:
                hub.dialect.exclusive(session.connection(), name)
                if name == names[0]:
                    both.wait(10)

    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(act, *names) for names in ("xy", "yx")]
        errors = [one.exception() for one in waiting]
    (error,) = filter(None, errors)
    assert isinstance(error, ConflictError)
    assert "Somebody else" in error.message


def test_many_at_once_upon_the_same(hub: Hub) -> None:
    publish_golden(hub, Golden(persons={"e1": (content(nik=AGUS), [AGUS])}))
    client = register(hub)
    with hub.sessions.begin() as session:
        account = staff.create(session, "siti.aminah", PASSWORD, actor="a", until=None).id
        waits = approvals.request(
            session, "x", "client.enable", {"n": 1}, summary="e", life=timedelta(days=1)
        ).id

    def within(act: Act) -> Callable[[], object]:
        def acted() -> object:
            with hub.sessions.begin() as session:
                return act(session)

        return acted

    def of_client(act: Callable[[Session, Client], object]) -> Callable[[], object]:
        return within(lambda session: act(session, clients.find(session, client)))

    def of_account(act: Callable[[Session, Any], object]) -> Callable[[], object]:
        return within(lambda session: act(session, staff.find(session, account)))

    uri = "https://pkh.example/answers"
    acts: list[Callable[[], object]] = [
        of_client(lambda s, c: clients.disable(s, c, actor="a")),
        of_client(lambda s, c: clients.rotate_key(s, c, public_of(make_key()), actor="a")),
        of_client(lambda s, c: agreements.amend(s, c, agreement("31"), actor="a", approved_by="b")),
        *[within(lambda s: exchanges.agree_callback(s, client, uri, "a"))] * 2,
        of_account(lambda s, one: staff.disable(s, one, actor="a")),
        of_account(lambda s, one: staff.sign_out(s, one, actor="a")),
        *[lambda: log_in(hub, Attempt("siti.aminah", PASSWORD))] * 2,
        *[within(lambda s: roles.grant(s, account, "steward", "", actor="a", approved_by="b"))] * 2,
        *[within(lambda s: approvals.withdraw(s, "x", waits))] * 2,
        *[within(lambda s: alarms.raise_alarms(s, "misses", ["p"]))] * 3,
        *[within(lambda s: honey.add_honey(hub, s, BUDI, actor="a"))] * 2,
        *[lambda: restriction.restrict(hub, "e1", basis="uu27-2022-art41", actor="a")] * 3,
    ]  # fmt: skip
    together = Barrier(len(acts))

    def one(act: Callable[[], object]) -> HubError | None:
        together.wait(30)
        try:
            act()
        except HubError as error:
            return error
        return None

    with ThreadPoolExecutor(len(acts)) as threads:
        said = list(threads.map(one, acts))  # raises whatever is no word to a person
    assert None in said
    with hub.sessions.read() as session:
        assert session.exec(select(func.count()).select_from(Alarm)).one() == 1
        assert session.exec(select(func.count()).select_from(SubjectRestriction)).one() == 1
    holds(hub)


@only_postgresql
def test_what_is_judged_while_somebody_is_erased_is_forgotten_with_them(hub: Hub) -> None:
    publish_golden(hub, Golden(persons={"e1": (content(name="AGUS"), [AGUS])}))
    with hub.sessions.read() as session:
        (record, *_) = records_behind(hub, session, ["e1"])
    theirs = RecordRef(record.source, record.layout, record.record_key)
    judged, erased = Event(), Event()

    def judge() -> None:
        with hub.sessions.begin() as session:
            other = RecordRef("pemda", "warga", "another")
            judgements.add(
                hub, session, "person", [(theirs, other, "link")], actor="s", reason="test"
            )
            judged.set()
            assert not erased.wait(0.5), "the erasure waits until this has ended"

    def erase() -> None:
        assert judged.wait(10)
        approving.erase(hub, "e1")
        erased.set()

    with ThreadPoolExecutor(2) as both:
        for one in [both.submit(judge), both.submit(erase)]:
            one.result()
    with hub.sessions.read() as session:
        assert not list(judgements.pairs(hub, session)), "nobody can say any more whom it was about"
    holds(hub)
