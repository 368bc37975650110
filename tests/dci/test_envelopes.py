"""Envelopes: what is taken, what is refused, and that both are of the specification's form."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mdm.access import clients
from mdm.access.keyfiles import make_key, public_of
from tests.api.serving import Served
from tests.dci import specification
from tests.dci.registry import (
    BUDI,
    SITI,
    Sender,
    by_nik,
    enrol,
    expression,
    nothing_changes,
    predicate,
    searching,
    verified,
)

SEARCH = "/registry/sync/search"
PATHS = ["/registry/search", SEARCH, "/registry/txn/status", "/registry/sync/txn/status"]


def asking(transaction: str = "t", kind: str = "transaction_id") -> dict[str, Any]:
    return {
        "transaction_id": transaction,
        "txnstatus_request": {
            "reference_id": "q1",
            "txn_type": "search",
            "attribute_type": kind,
            "attribute_value": transaction,
        },
    }


def whole(sender: Sender, path: str, **header: Any) -> dict[str, Any]:
    """A good envelope for a path."""
    if path.endswith("status"):
        return sender.signed(sender.header("txn-status", **header), asking())
    return sender.signed(sender.header(**header), searching(by_nik(SITI)))


@pytest.mark.parametrize(
    "criteria",
    [
        [by_nik(SITI)],
        [by_nik(SITI, response_entity="Group", pagination={"page_size": 5})],
        [by_nik("123"), by_nik(BUDI)],
        [expression({"$and": [{"UIN": {"$eq": SITI}}, {"poverty_score": {"$lt": 5}}]})],
        [
            predicate(
                {
                    "seq_num": 1,
                    "expression1": {
                        "attribute_name": "UIN",
                        "operator": "eq",
                        "attribute_value": SITI,
                    },
                }
            )
        ],
    ],
)
def test_requests_and_answers_are_of_the_specifications_form(
    service: Served, sender: Sender, criteria: list[Any]
) -> None:
    envelope = sender.signed(sender.header(count=len(criteria)), searching(*criteria))
    specification.request(SEARCH).validate(envelope)
    answer = sender.post(SEARCH, envelope)
    assert answer.status_code == 200
    specification.reply(SEARCH).validate(answer.json())
    assert verified(service, answer.json())


def test_the_answer_is_signed_as_it_is_sent(service: Served, sender: Sender) -> None:
    answer = sender.search(by_nik(SITI))
    assert answer.status_code == 200, answer.text
    assert (
        answer.content
        == json.dumps(
            answer.json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
    )
    header = answer.json()["header"]
    assert header["receiver_id"] == sender.principal.id
    assert header["action"] == "on-search"


@pytest.mark.parametrize("path", PATHS)
def test_nobody_known_is_refused_first(service: Served, sender: Sender, path: str) -> None:
    with service.client() as client:
        answer = client.post(path, json=whole(sender, path))
    assert answer.status_code == 401
    specification.http_error().validate(answer.json())
    assert answer.json()["errors"][0]["code"] == "err.request.unauthorized"


def forged(sender: Sender, envelope: dict[str, Any]) -> dict[str, Any]:
    other = Ed25519PrivateKey.generate()
    return sender.signed(envelope["header"], envelope["message"], key=other)


Change = Callable[[Sender, dict[str, Any]], Any]
CHANGES: dict[str, tuple[int, str, Change]] = {
    "no signature": (
        403,
        "err.signature.missing",
        lambda s, e: {k: v for k, v in e.items() if k != "signature"},
    ),
    "a stub": (403, "err.signature.invalid", lambda s, e: {**e, "signature": "unsigned-stub"}),
    "another key": (403, "err.signature.invalid", forged),
    "a changed message": (
        403,
        "err.signature.invalid",
        lambda s, e: {**e, "message": {**e["message"], "transaction_id": "other"}},
    ),
    "expired": (
        403,
        "err.signature.invalid",
        lambda s, e: s.signed(e["header"], e["message"], created=time.time() - 1000),
    ),
    "another sender": (
        403,
        "err.sender_id.invalid",
        lambda s, e: s.signed({**e["header"], "sender_id": "somebody"}, e["message"]),
    ),
    "another sender in the signature": (
        403,
        "err.signature.invalid",
        lambda s, e: s.signed(e["header"], e["message"], sender="somebody"),
    ),
    "another receiver": (
        400,
        "err.receiver_id.invalid",
        lambda s, e: s.signed({**e["header"], "receiver_id": "elsewhere"}, e["message"]),
    ),
    "encrypted": (
        400,
        "err.encryption.invalid",
        lambda s, e: s.signed({**e["header"], "is_msg_encrypted": True}, e["message"]),
    ),
    "no header": (400, "err.request.bad", lambda s, e: {k: e[k] for k in ("signature", "message")}),
    "no message": (400, "err.request.bad", lambda s, e: {k: e[k] for k in ("signature", "header")}),
    "an empty message": (400, "err.request.bad", lambda s, e: s.signed(e["header"], {})),
    "no time": (
        400,
        "err.request.bad",
        lambda s, e: s.signed(
            {k: v for k, v in e["header"].items() if k != "message_ts"}, e["message"]
        ),
    ),
    "not an object": (400, "err.request.bad", lambda s, e: [e]),
    "not JSON": (400, "err.request.bad", lambda s, e: b"{"),
    "a number that is none": (
        400,
        "err.request.bad",
        lambda s, e: json.dumps(e).replace('"header": {', '"header": {"x": 1e999, ').encode(),
    ),
    "a key twice": (
        400,
        "err.request.bad",
        lambda s, e: json.dumps(e).replace('{"signature"', '{"x": 1, "x": 2, "signature"').encode(),
    ),
}


@pytest.mark.parametrize("path", ["/registry/search", "/registry/sync/txn/status"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_taken_changes_nothing(
    service: Served, sender: Sender, path: str, change: str
) -> None:
    status, code, changed = CHANGES[change]
    envelope = changed(sender, whole(sender, path))
    with nothing_changes(service.hub):
        answer = sender.post(path, envelope)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    specification.http_error().validate(answer.json())
    specification.reply("/registry/search").validate(answer.json())
    assert answer.json()["message"]["ack_status"] == "ERR"
    assert SITI not in answer.text


def test_a_criterion_nobody_reads_is_refused(sender: Sender) -> None:
    answer = sender.search(by_nik(SITI, filter={"desil": 1}))
    assert answer.status_code == 400
    message = answer.json()["errors"][0]["message"]
    assert message.endswith("filter: is not a field of this request.")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": "9.9.9"}, "rjct.version.invalid"),
        ({"action": "dance"}, "rjct.action.invalid"),
        ({"action": "subscribe"}, "rjct.action.not_supported"),
        ({"message_ts": "yesterday"}, "rjct.message_ts.invalid"),
        ({"message_ts": "2026-11-21T09:00:00"}, "rjct.message_ts.invalid"),
        ({"message_ts": "2020-01-01T00:00:00Z"}, "rjct.message_ts.invalid"),
        ({"message_ts": "2099-01-01T00:00:00Z"}, "rjct.message_ts.invalid"),
        ({"total_count": 2}, "rjct.total_count.invalid"),
    ],
)
@pytest.mark.parametrize("path", PATHS)
def test_headers_that_do_not_go_with_the_message(
    service: Served, sender: Sender, path: str, change: dict[str, Any], reason: str
) -> None:
    good, enrolled = whole(sender, path), enrol_callback(service, sender)
    with nothing_changes(service.hub):
        header = {**good["header"], **change, "sender_uri": enrolled}
        answer = sender.post(path, sender.signed(header, good["message"]))
    if "sync" in path:
        assert answer.status_code == 200
        specification.reply(path).validate(answer.json())
        header = answer.json()["header"]
        assert (header["status"], header["status_reason_code"]) == ("rjct", reason)
        assert "message" not in answer.json()
        assert verified(service, answer.json())
    else:
        assert answer.status_code == 400
        assert reason in answer.json()["errors"][0]["message"]


def enrol_callback(service: Served, sender: Sender) -> str:
    from mdm.exchanges import agree_callback  # noqa: PLC0415

    uri = "https://pkh.example.go.id/on-search"
    with service.hub.sessions.begin() as session:
        agree_callback(session, sender.principal.id, uri, "test")
    return uri


def test_too_many_requests_at_once(sender: Sender) -> None:
    answer = sender.search(*[by_nik(SITI)] * 101).json()
    assert answer["header"]["status_reason_code"] == "rjct.total_count.limit_exceeded"


def test_too_many_people_at_once_by_whatever_they_are_called(sender: Sender) -> None:
    some = [f"nobody-{n}" for n in range(100)]
    asked = expression({"DTSEN_ID": {"$in": some}})
    answer = sender.search(*[asked] * 11).json()
    assert answer["header"]["status_reason_code"] == "rjct.total_count.limit_exceeded"


def test_a_message_is_taken_once(service: Served, sender: Sender) -> None:
    envelope = whole(sender, SEARCH)
    assert sender.post(SEARCH, envelope).json()["header"]["status"] == "succ"
    with nothing_changes(service.hub):
        again = sender.post(SEARCH, envelope).json()
        other = sender.signed(envelope["header"], searching(by_nik(BUDI)))
        same_id = sender.post(SEARCH, other).json()
    for answer in (again, same_id):
        assert answer["header"]["status_reason_code"] == "rjct.message_id.duplicate"
    another = enrol(service, "another")
    header = {**envelope["header"], "sender_id": another.principal.id}
    theirs = another.post(SEARCH, another.signed(header, envelope["message"])).json()
    assert theirs["header"]["status"] == "succ"


def test_a_message_is_taken_once_by_many_at_once(service: Served, sender: Sender) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    envelope = whole(sender, SEARCH)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sender.post(SEARCH, envelope).json(), range(8)))
    assert sorted(answer["header"]["status"] for answer in answers) == ["rjct"] * 7 + ["succ"]


def test_references_and_times_of_requests(sender: Sender) -> None:
    message = searching(by_nik(SITI), by_nik(BUDI), by_nik(BUDI))
    one, two, three = message["search_request"]
    two["reference_id"] = one["reference_id"]
    three["timestamp"] = "noon"
    answer = sender.post(SEARCH, sender.signed(sender.header(count=3), message)).json()
    codes = [item.get("status_reason_code") for item in answer["message"]["search_response"]]
    assert codes == [None, "rjct.reference_id.duplicate", "rjct.timestamp.invalid"]


def test_the_client_may_call_itself_by_its_name(service: Served, sender: Sender) -> None:
    with service.hub.sessions.read() as session:
        name = clients.find(session, sender.principal.id).name
    header = sender.header(sender_id=name)
    answer = sender.post(SEARCH, sender.signed(header, searching(by_nik(SITI)), sender=name))
    assert answer.json()["header"]["receiver_id"] == name


def test_a_key_that_was_replaced_signs_no_more(service: Served) -> None:
    turning = enrol(service, "turning")
    assert turning.search(by_nik(SITI)).status_code == 200
    new = make_key()
    with service.hub.sessions.begin() as session:
        client = clients.find(session, turning.principal.id)
        clients.rotate_key(session, client, public_of(new), actor="test")
    turned = Sender(service, turning.principal, new)
    assert turned.search(by_nik(SITI)).status_code == 200
    old = turning.signed(turning.header(), searching(by_nik(SITI)))
    answer = turned.post(SEARCH, old)
    assert answer.json()["errors"][0]["code"] == "err.signature.invalid"


def test_published_keys_are_of_the_specifications_form(service: Served) -> None:
    with service.client() as client:
        keys = client.get("/.well-known/jwks.json").json()
    pointer = "/components/schemas/JWKSResponse/components/schemas/JWK"
    one = specification.validator(pointer, specification.JWKS)
    for key in keys["keys"]:
        one.validate(key)
        assert "d" not in key


def test_a_rotated_key_of_the_hub_still_verifies(service: Served, sender: Sender) -> None:
    old = sender.search(by_nik(SITI)).json()
    with service.hub.sessions.begin() as session:
        service.hub.keys.rotate(session, "export")
    replayed = whole(sender, SEARCH)
    new = sender.post(SEARCH, replayed).json()
    assert verified(service, old)
    assert verified(service, new)
    assert sender.post(SEARCH, replayed).json()["header"]["status"] == "rjct"


def test_form_data_is_not_read(service: Served, sender: Sender) -> None:
    with service.client(sender.principal) as client:
        answer = client.post(SEARCH, data={"action": "search"}, files={"f": b"{}"})
    assert answer.status_code == 415
    assert answer.json()["errors"][0]["code"] == "err.request.bad"
