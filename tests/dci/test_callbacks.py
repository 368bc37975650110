"""Answers that go to a callback: acknowledged first, signed, and only where it was agreed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from api.dci import courier as couriers
from api.dci.facade import Facade
from mdm.access.administration import amend_agreement
from mdm.access.agreements import Agreement
from mdm.access.clients import disable, find
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.exchanges import Exchanges, agree_callback, callbacks, withdraw_callback
from mdm.hub.columns import now
from mdm.hub.tables import Exchange
from mdm.rights import restriction
from tests.api.serving import Served
from tests.dci import specification
from tests.dci.receiver import Receiver, receiving
from tests.dci.registry import (
    ENTITY,
    SITI,
    Sender,
    by_nik,
    enrol,
    nothing_changes,
    searching,
    verified,
)

SEARCH, STATUS = "/registry/search", "/registry/txn/status"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as listening:
        yield listening


@pytest.fixture(autouse=True)
def _quick(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver without memory, and attempts that follow each other quickly."""
    receiver.came.clear()
    receiver.answers[:] = [200]
    again = [type(pause)(milliseconds=1) for pause in couriers.AGAIN]
    monkeypatch.setattr(couriers, "AGAIN", again)


def agreed(sender: Sender, receiver: Receiver, path: str = "/on-search") -> str:
    with sender.service.hub.sessions.begin() as session:
        agree_callback(session, sender.principal.id, receiver.url + path, "test")
    return receiver.url + path


def state_of(sender: Sender, correlation_id: str) -> str:
    with sender.service.hub.sessions.read() as session:
        row = session.get(Exchange, correlation_id)
    return row.state if row else "none"


def eventually(sender: Sender, correlation_id: str, state: str) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until and state_of(sender, correlation_id) != state:
        time.sleep(0.02)
    assert state_of(sender, correlation_id) == state


def asking(kind: str, value: Any) -> dict[str, Any]:
    return {
        "transaction_id": "question",
        "txnstatus_request": {
            "reference_id": "q1",
            "txn_type": "search",
            "attribute_type": kind,
            "attribute_value": value,
        },
    }


def status(sender: Sender, kind: str, value: Any) -> list[dict[str, Any]]:
    """What the hub says has become of requests."""
    envelope = sender.signed(sender.header("txn-status"), asking(kind, value))
    specification.request("/registry/sync/txn/status").validate(envelope)
    answer = sender.post("/registry/sync/txn/status", envelope)
    specification.reply("/registry/sync/txn/status").validate(answer.json())
    assert verified(sender.service, answer.json())
    said = answer.json()["message"]["txnstatus_response"]["txn_status"]["search_response"]
    items: list[dict[str, Any]] = said
    return items


def send(sender: Sender, message: Any, **header: Any) -> Any:
    envelope = sender.signed(sender.header(count=len(message["search_request"]), **header), message)
    specification.request(SEARCH).validate(envelope)
    return sender.post(SEARCH, envelope)


def test_an_answer_comes_to_the_callback_signed(service: Served, receiver: Receiver) -> None:
    sender = enrol(service)
    uri, message = agreed(sender, receiver), searching(by_nik(SITI), by_nik("1"))
    answer = send(sender, message, sender_uri=uri)
    specification.reply(SEARCH).validate(answer.json())
    ack = answer.json()["message"]
    assert ack["ack_status"] == "ACK"
    (body,) = receiver.wait()
    assert receiver.came[0][0] == "/on-search"
    specification.request("/registry/on-search").validate(body)
    assert verified(service, body)
    assert body["header"]["action"] == "on-search"
    assert body["message"]["correlation_id"] == ack["correlation_id"]
    assert body["message"]["transaction_id"] == message["transaction_id"]
    found, refused = body["message"]["search_response"]
    assert found["data"]["reg_records"][0]["demographic_info"]["sex"] == "female"
    assert refused["status_reason_code"] == "rjct.search_criteria.invalid"
    eventually(sender, ack["correlation_id"], "delivered")


def test_the_only_address_agreed_on_need_not_be_named_and_of_several_one_must_be(
    service: Served, receiver: Receiver
) -> None:
    sender = enrol(service)
    assert "No address" in send(sender, searching(by_nik(SITI))).json()["errors"][0]["message"]
    agreed(sender, receiver)
    assert send(sender, searching(by_nik(SITI))).json()["message"]["ack_status"] == "ACK"
    receiver.wait()
    agreed(sender, receiver, "/another")
    assert "name one" in send(sender, searching(by_nik(SITI))).json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "uri",
    [
        "{url}/other",
        "{url}/on-search/",
        "{url}/on-search?x=1",
        "{url}",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:22/",
        "file:///etc/passwd",
        "https://somebody.example/on-search",
        "",
    ],
)
def test_no_other_address_is_ever_called(service: Served, receiver: Receiver, uri: str) -> None:
    sender = enrol(service)
    agreed(sender, receiver)
    with nothing_changes(service.hub):
        answer = send(sender, searching(by_nik(SITI)), sender_uri=uri.format(url=receiver.url))
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "err.sender_uri.invalid"
    assert receiver.came == []


def test_what_another_client_agreed_on_is_not_mine(service: Served, receiver: Receiver) -> None:
    uri = agreed(enrol(service), receiver)
    assert send(enrol(service), searching(by_nik(SITI)), sender_uri=uri).status_code == 403


def test_a_redirect_is_not_followed_and_the_answer_tried_again(
    service: Served, receiver: Receiver
) -> None:
    sender = enrol(service)
    uri = agreed(sender, receiver)
    receiver.answers[:] = [307, 503, 200]
    ack = send(sender, searching(by_nik(SITI)), sender_uri=uri).json()["message"]
    first, second, third = receiver.wait(3)
    assert {path for path, _ in receiver.came} == {"/on-search"}
    assert first["message"] == second["message"] == third["message"]
    assert len({body["header"]["message_id"] for body in (first, second, third)}) == 3
    eventually(sender, ack["correlation_id"], "delivered")


def test_an_answer_nobody_takes_is_given_up_and_forgotten(
    service: Served, receiver: Receiver
) -> None:
    sender = enrol(service)
    uri = agreed(sender, receiver)
    receiver.answers[:] = [500]
    message = searching(by_nik(SITI))
    ack = send(sender, message, sender_uri=uri).json()["message"]
    eventually(sender, ack["correlation_id"], "undelivered")
    assert len(receiver.came) == len(couriers.AGAIN) + 1
    (item,) = status(sender, "correlation_id", ack["correlation_id"])
    assert "could not be delivered" in item["status_reason_message"]
    assert "data" not in item


def test_an_answer_that_fails_here_is_given_up_too(
    service: Served, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> list[Any]:
        raise RuntimeError

    sender = enrol(service)
    uri = agreed(sender, receiver)
    monkeypatch.setattr(Facade, "answer", broken)
    ack = send(sender, searching(by_nik(SITI)), sender_uri=uri).json()["message"]
    eventually(sender, ack["correlation_id"], "undelivered")
    assert not receiver.came


def test_a_client_disabled_since_gets_nothing(service: Served, receiver: Receiver) -> None:
    sender = enrol(service)
    uri = agreed(sender, receiver)
    receiver.answers[:] = [500]
    ack = send(sender, searching(by_nik(SITI)), sender_uri=uri).json()["message"]
    receiver.wait()
    with service.hub.sessions.begin() as session:
        disable(session, find(session, sender.principal.id), actor="test")
    eventually(sender, ack["correlation_id"], "undelivered")


def test_a_withdrawn_address_gets_nothing(service: Served, receiver: Receiver) -> None:
    sender = enrol(service)
    uri = agreed(sender, receiver)
    with service.hub.sessions.begin() as session:
        withdraw_callback(session, sender.principal.id, uri, "test")
        assert callbacks(session, sender.principal.id) == []
    assert send(sender, searching(by_nik(SITI)), sender_uri=uri).status_code == 403


def test_what_a_dead_worker_left_is_taken_up_by_another(
    service: Served, receiver: Receiver
) -> None:
    sender, hub = enrol(service), service.hub
    uri, message, exchanges = agreed(sender, receiver), searching(by_nik(SITI)), Exchanges(hub.keys)
    content = {
        "kind": "search",
        "uri": uri,
        "sender_id": sender.principal.id,
        "transaction_id": message["transaction_id"],
        "message": message,
        "references": [item["reference_id"] for item in message["search_request"]],
    }
    with hub.sessions.begin() as session:  # taken up by a worker that does nothing more
        correlation = exchanges.begin(
            session,
            sender.principal.id,
            message["transaction_id"],
            content["references"],
            content,
            due=now(),
        )
        assert correlation in {taken.id for taken in exchanges.claim(session, 100)}
        assert correlation not in {taken.id for taken in exchanges.claim(session, 100)}
    assert [item["status"] for item in status(sender, "correlation_id", correlation)] == ["pdng"]
    with hub.sessions.begin() as session:  # a minute passes
        session.get_one(Exchange, correlation).due = now()
    receiver.wait()
    eventually(sender, correlation, "delivered")


def test_an_answer_from_before_an_erasure_is_made_anew(service: Served, receiver: Receiver) -> None:
    sender, hub = enrol(service), service.hub
    uri, message, exchanges = agreed(sender, receiver), searching(by_nik(SITI)), Exchanges(hub.keys)
    (reference,) = [item["reference_id"] for item in message["search_request"]]
    content = {
        "kind": "search",
        "uri": uri,
        "sender_id": sender.principal.id,
        "transaction_id": message["transaction_id"],
        "message": message,
        "references": [reference],
        "items": [{"reference_id": reference, "status": "succ", "data": "of who was erased"}],
    }
    who, transaction = sender.principal.id, message["transaction_id"]
    with hub.sessions.begin() as session:  # its callback did not take it yet
        later = now() + timedelta(hours=1)
        correlation = exchanges.begin(
            session, who, transaction, content["references"], content, due=later
        )
        (taken,) = exchanges.by_id(session, who, correlation)
        assert exchanges.forget_answers(session) >= 1
        # Nor is one kept that somebody has in hand at that moment.
        assert not exchanges.write_state(
            session, correlation, "waiting", content, due=now(), revision=taken.revision
        )
        session.get_one(Exchange, correlation).due = now()
    (came,) = receiver.wait()
    (item,) = came["message"]["search_response"]
    assert item["reference_id"] == reference
    assert "of who was erased" not in str(came)
    eventually(sender, correlation, "delivered")


@pytest.mark.parametrize("changed", ["restricted", "amended"])
def test_an_answer_that_waits_is_made_anew_when_less_may_be_told(
    service: Served, receiver: Receiver, changed: str
) -> None:
    """It had gone out as it was made, half an hour after a programme was to see nobody there, or fewer fields."""
    sender, hub = enrol(service), service.hub
    uri = agreed(sender, receiver)
    receiver.answers[:] = [500]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(couriers, "AGAIN", [timedelta(hours=1)] * 5)
        ack = send(sender, searching(by_nik(SITI)), sender_uri=uri).json()["message"]
        receiver.wait()
        until = time.monotonic() + 60
        correlation = ack["correlation_id"]
        while (taken := kept(sender, correlation)).get("items") is None or not put_off(
            hub, correlation
        ):
            assert time.monotonic() < until
            time.sleep(0.02)
    assert "SITI" in str(taken)
    if changed == "restricted":
        restriction.restrict(hub, ENTITY[SITI], basis="disputed", actor="test")
    else:
        with hub.sessions.read() as session:
            client = find(session, sender.principal.id)
            said = {
                name: getattr(client, name)
                for name in ("valid_from", "valid_to", "programmes", "purposes", "regions")
            }
        agreement = Agreement(number="PKS/2026/2", fields={"person": ("birth_date",)}, **said)
        amend_agreement(hub, "test", sender.principal.id, agreement, approval=None, alone=True)
    try:
        assert "items" not in kept(sender, correlation)
        receiver.came.clear()
        receiver.answers[:] = [200]
        with hub.sessions.begin() as session:
            session.get_one(Exchange, correlation).due = now()
        (came,) = receiver.wait()
        assert "SITI" not in str(came)
    finally:
        restriction.lift(hub, ENTITY[SITI], basis="settled", actor="test")


def kept(sender: Sender, correlation: str) -> dict[str, Any]:
    with sender.service.hub.sessions.read() as session:
        (taken,) = Exchanges(sender.service.hub.keys).by_id(
            session, sender.principal.id, correlation
        )
    return dict(taken.content)


def put_off(hub: Hub, correlation: str) -> bool:
    """Whether an exchange waits for another attempt, not for one that is under way."""
    with hub.sessions.read() as session:
        due = session.get_one(Exchange, correlation).due
    return due is not None and due - now() > timedelta(minutes=30)


def test_a_transaction_can_be_asked_about_and_tells_no_data_again(
    service: Served, receiver: Receiver
) -> None:
    sender = enrol(service)
    message = searching(by_nik(SITI), by_nik("1"))
    one, two = (item["reference_id"] for item in message["search_request"])
    answer = sender.post(
        "/registry/sync/search", sender.signed(sender.header(count=2), message)
    ).json()
    for kind, value in (
        ("transaction_id", message["transaction_id"]),
        ("correlation_id", answer["message"]["correlation_id"]),
        ("reference_id_list", [one, two]),
    ):
        items = status(sender, kind, value)
        assert [(item["reference_id"], item["status"]) for item in items] == [
            (one, "succ"),
            (two, "rjct"),
        ]
        assert not any("data" in item for item in items)
    assert [item["reference_id"] for item in status(sender, "reference_id_list", [two])] == [two]


def test_nobody_asks_about_the_transactions_of_others(service: Served, sender: Sender) -> None:
    message = searching(by_nik(SITI))
    answer = sender.post("/registry/sync/search", sender.signed(sender.header(), message)).json()
    other = enrol(service)
    for kind, value in (
        ("transaction_id", message["transaction_id"]),
        ("correlation_id", answer["message"]["correlation_id"]),
        ("reference_id_list", [message["search_request"][0]["reference_id"]]),
    ):
        assert status(other, kind, value) == []


def test_a_question_can_be_answered_at_the_callback(service: Served, receiver: Receiver) -> None:
    sender = enrol(service)
    uri, message = agreed(sender, receiver, "/on-status"), searching(by_nik(SITI))
    sender.post("/registry/sync/search", sender.signed(sender.header(), message))
    question = asking("transaction_id", message["transaction_id"])
    header = sender.header("txn-status", sender_uri=uri)
    answer = sender.post(STATUS, sender.signed(header, question))
    assert answer.json()["message"]["ack_status"] == "ACK"
    (body,) = receiver.wait()
    specification.request("/registry/txn/on-status").validate(body)
    assert verified(service, body)
    assert body["header"]["action"] == "txn-on-status"
    (item,) = body["message"]["txnstatus_response"]["txn_status"]["search_response"]
    assert item["status"] == "succ"


@pytest.mark.parametrize("change", [{"txn_type": "subscribe"}, {"attribute_value": ["a", "b"]}])
def test_questions_that_have_no_answer_here(sender: Sender, change: dict[str, Any]) -> None:
    question = asking("transaction_id", "t")
    question["txnstatus_request"] |= change
    envelope = sender.signed(sender.header("txn-status"), question)
    answer = sender.post("/registry/sync/txn/status", envelope).json()
    assert answer["header"]["status"] == "rjct"


def test_nothing_that_was_asked_or_answered_stands_in_the_open(
    service: Served, receiver: Receiver
) -> None:
    sender = enrol(service)
    uri, message = agreed(sender, receiver), searching(by_nik(SITI))
    message["transaction_id"] = message["search_request"][0]["reference_id"] = SITI
    receiver.answers[:] = [500]
    ack = send(sender, message, sender_uri=uri).json()["message"]
    receiver.wait()
    eventually(sender, ack["correlation_id"], "undelivered")
    with service.hub.sessions.read() as session:
        rows = session.exec(select(Exchange).order_by(col(Exchange.created))).all()
    kept = b"".join(row.sealed + row.transaction_token for row in rows)
    assert SITI.encode() not in kept
    assert b"NURHALIZA" not in kept
    assert SITI not in service.out.getvalue()


@pytest.mark.parametrize(
    "uri",
    [
        "http://pkh.example.go.id/on-search",
        "https://user:word@pkh.example.go.id/",
        "https:///on-search",
        "https://pkh.example.go.id/#x",
        "ftp://pkh.example.go.id/",
        "on-search",
        "https://pkh.example.go.id/" + "x" * 500,
        f"https://pkh.example.go.id/{SITI}",
        f"https://pkh.example.go.id/{SITI[:6]}-{SITI[6:12]}.{SITI[12:]}",
    ],
)
def test_addresses_that_cannot_be_agreed_on(service: Served, uri: str) -> None:
    with service.hub.sessions.begin() as session, pytest.raises(InputError):
        agree_callback(session, "client", uri, "test")
