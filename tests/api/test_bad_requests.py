"""Every bad request gets a stable code, the field, the rule and what to do, and changes nothing."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import func, select

from api import patience
from api.problems import problem_of
from mdm.hub.dialect import full
from mdm.hub.tables import AuditEvent
from mdm.ids import LENGTH
from tests.api.serving import Served
from tests.api.world import SITI, programme, staff

ROUTE = "/v1/profiles/lookup"
JSON = {"content-type": "application/json"}
GOOD = {"nik": SITI, "purpose": "assistance"}


def post(service: Served, body: bytes, headers: dict[str, str] | None = None) -> Any:
    with service.client(programme()) as client:
        return client.post(ROUTE, content=body, headers=JSON if headers is None else headers)


def events(service: Served) -> int:
    with service.hub.sessions.read() as session:
        return session.exec(select(func.count()).select_from(AuditEvent)).one()


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in GOOD.items() if key != name}


def twice(first: str) -> bytes:
    return f"{{{first},{json.dumps(GOOD)[1:]}".encode()


BAD = [
    (b"", 422, "invalid", "body"),
    (b"{", 400, "malformed", None),
    (b"\xff\xfe", 400, "malformed", None),
    (b"[]", 422, "invalid", "body"),
    (b'"text"', 422, "invalid", "body"),
    (b"null", 422, "invalid", "body"),
    (json.dumps(without("nik")).encode(), 422, "invalid", "nik"),
    (json.dumps(without("purpose")).encode(), 422, "invalid", "purpose"),
    (json.dumps({**GOOD, "nik": 5}).encode(), 422, "invalid", "nik"),
    (json.dumps({**GOOD, "nik": "123"}).encode(), 422, "invalid", "nik"),
    (json.dumps({**GOOD, "nik": SITI + "\n"}).encode(), 422, "invalid", "nik"),
    (
        json.dumps({**GOOD, "nik": "３２０１１５４５０３８８０００２"}).encode(),
        422,
        "invalid",
        "nik",
    ),
    (json.dumps({**GOOD, "extra": 1}).encode(), 422, "invalid", "extra"),
    (json.dumps({**GOOD, "fields": "name"}).encode(), 422, "invalid", "fields"),
    (json.dumps({**GOOD, "fields": []}).encode(), 422, "invalid", "fields"),
    (json.dumps({**GOOD, "fields": ["name"]}).encode(), 422, "invalid", "fields[0]"),
    (json.dumps({**GOOD, "with": ["secrets"]}).encode(), 422, "invalid", "with[0]"),
    (json.dumps({**GOOD, "purpose": "curiosity"}).encode(), 422, "purpose-unknown", "purpose"),
    (json.dumps({**GOOD, "case": SITI}).encode(), 422, "invalid", "case"),
    (b'{"nik":"' + b"1" * 20_000 + b'"}', 413, "too-large", None),
    # A name that stands twice: readers disagree on which of its values counts.
    (twice('"purpose":"curiosity"'), 400, "repeated-field", "purpose"),
    (twice('"n\\u0069k":"3201154503880002"'), 400, "repeated-field", "nik"),
    (twice(f'"{SITI}":1,"{SITI}":2'), 400, "repeated-field", "(number hidden)"),
    (twice('"extra":[{"a":1,"a":2}]'), 400, "repeated-field", "a"),
]


@pytest.mark.parametrize(("body", "status", "code", "field"), BAD)
def test_a_bad_body_says_what_and_where_and_changes_nothing(
    service: Served, body: bytes, status: int, code: str, field: str | None
) -> None:
    before = events(service)
    answer = post(service, body)
    document = answer.json()
    assert (answer.status_code, document["code"]) == (status, code), document
    assert answer.headers["content-type"] == "application/problem+json"
    assert document["hint"]
    if field is not None:
        assert [wrong["field"] for wrong in document["errors"]] == [field]
        assert all(wrong["rule"] and wrong["hint"] for wrong in document["errors"])
    if not body:
        assert document["detail"] == "body: is required"
    assert SITI not in answer.text
    assert events(service) == before


def test_the_wrong_media_type_method_and_route(service: Served) -> None:
    body = json.dumps(GOOD).encode()
    with service.client(programme()) as client:
        foreign = client.post(ROUTE, content=body, headers={"content-type": "text/plain"})
        missing = client.post(ROUTE, content=body)
        method = client.get(ROUTE)
        route = client.get(f"/v1/profiles/{SITI}")
    assert (foreign.status_code, foreign.json()["code"]) == (415, "media-type")
    assert (missing.status_code, missing.json()["code"]) == (415, "media-type")
    assert (method.status_code, method.json()["code"]) == (405, "method")
    assert "POST" in method.headers["allow"]
    assert (route.status_code, route.json()["code"]) == (404, "no-such-route")
    assert SITI not in route.text


@pytest.mark.parametrize("query", [f"?nik={SITI}", f"?{SITI}", "?purpose=assistance", "?x="])
def test_what_a_route_does_not_read_from_its_address_is_refused(
    service: Served, query: str
) -> None:
    before = events(service)
    with service.client(programme()) as client:
        asked = client.post(ROUTE + query, json=GOOD)
        looked = client.get(f"/v1/session{query}")
        health = client.get(f"/health/live{query}")
        registry = client.post(f"/registry/sync/search{query}", json={})
    assert (registry.status_code, SITI in registry.text) == (400, False)  # in DCI's own form
    for answer in (asked, looked, health):
        document = answer.json()
        assert (answer.status_code, document["code"]) == (400, "unknown-query"), answer.text
        assert "body" in document["hint"]
        assert SITI not in answer.text
    assert events(service) == before


@pytest.mark.parametrize("length", [100_000, 2_000_000])
def test_who_is_refused_with_a_large_body_may_ask_again_on_the_same_client(
    service: Served, length: int
) -> None:
    body = b'{"niks":["' + b"1" * length + b'"]}'
    with httpx.Client(base_url=service.url, timeout=60) as client:
        for _ in range(5):  # whether the server ends it in time is chance
            refused = client.post("/v1/eligibility/batch", content=body, headers=JSON)
            assert (refused.status_code, refused.headers["connection"]) == (401, "close")
            assert client.get("/health/live").status_code == 200
        small = client.post(ROUTE, json=GOOD)
    assert (small.status_code, small.headers.get("connection")) == (401, None)


def test_who_is_refused_while_a_small_body_is_on_its_way_may_ask_again(service: Served) -> None:
    body = json.dumps(GOOD).encode()
    line = HTTPConnection(urlsplit(service.url).netloc, timeout=60)
    line.connect()
    line.auto_open = 0  # the same connection, or an error
    with closing(line):
        for _ in range(3):
            line.putrequest("POST", ROUTE)
            line.putheader("Content-Type", "application/json")
            line.putheader("Content-Length", str(len(body)))
            line.endheaders()
            time.sleep(0.05)
            line.send(body)
            answer = line.getresponse()
            assert answer.read()
            assert (answer.status, answer.will_close) == (401, False)


def test_a_body_that_has_come_is_waited_for_no_more() -> None:
    """The server tells of the end of a body apart: whoever is refused would wait for that, and be told by the time."""
    parts = [{"type": "http.request", "body": b"0123456789", "more_body": True}]

    async def receive() -> Any:
        return parts.pop(0)  # an error where more is asked for

    async def read() -> int:
        body = patience.Body(receive)
        await body.receive()
        await body.pass_over(10)
        return body.received

    assert asyncio.run(read()) == 10


@pytest.mark.parametrize(
    "error", [full(), OSError(errno.ENOSPC, "No space left on device", "/secret/SRI")]
)
def test_a_full_disk_is_no_fault_of_who_asks(error: Exception) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (503, "storage-full")
    assert "full" in problem.detail
    assert "SRI" not in problem.detail + problem.hint


def test_who_sends_a_body_too_slowly_is_answered_and_let_go(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.2)
    with service.client() as client:
        assert client.post("/v1/session", json={"login": "a", "password": "b"}).status_code < 500
    where = urlsplit(service.url)
    head = "POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for rest in ("Content-Length: 90\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"):
        with socket.create_connection((where.hostname, where.port), timeout=20) as slow:
            slow.sendall((head + rest).encode())
            answer = b"".join(iter(lambda: slow.recv(4096), b""))  # until the service lets go
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"too-slow"' in answer


def test_nobody_known_and_nobody_allowed(service: Served) -> None:
    with service.client() as stranger:
        answer = stranger.post(ROUTE, json=GOOD)
    assert (answer.status_code, answer.json()["code"]) == (401, "not-identified")
    assert answer.headers["www-authenticate"]
    with service.client(staff("key-administrator")) as keeper:
        answer = keeper.post(ROUTE, json=GOOD)
    assert (answer.status_code, answer.json()["code"]) == (403, "no-role")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.text() | st.sampled_from(["nik", "purpose", "case", "fields", "with"]),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_no_body_at_all_brings_it_down(service: Served, body: Any) -> None:
    answer = post(service, json.dumps(body).encode())
    assert answer.status_code in (400, 413, 422)
    assert answer.json()["code"]
    assert "Traceback" not in answer.text


def test_every_answer_carries_the_security_headers_and_is_not_kept(service: Served) -> None:
    with service.client(programme()) as client:
        answers = [
            client.get("/health/live"),
            client.get("/nowhere"),
            client.post(ROUTE, json=GOOD),
            client.post(ROUTE, content=b"{", headers=JSON),
            client.get("/schema"),
        ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "max-age" in answer.headers["strict-transport-security"]
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["x-request-id"]) == LENGTH


def test_the_log_has_no_personal_data_and_no_path(service: Served) -> None:
    with service.client(programme()) as client:
        answers = [
            client.post(ROUTE, json=GOOD),
            client.get(f"/v1/profiles/{SITI}?nik={SITI}"),
        ]
    known, unknown = (service.line_of(answer) for answer in answers)
    text = service.out.getvalue()
    assert SITI not in text
    assert "NURHALIZA" not in text
    assert known["route"] == ROUTE
    assert known["principal"] == "client:pkh"
    assert known["status"] == 200
    assert unknown["route"] == "unmatched"
    assert unknown["code"] == "no-such-route"


def test_a_field_that_there_is_not_is_no_withheld_one(service: Served) -> None:
    """What is misspelt looked like what one may not see."""
    asked = {**GOOD, "fields": ["person.name", "person.nmae", "famly.desil"]}
    errors = post(service, json.dumps(asked).encode()).json()["errors"]
    assert [one["field"] for one in errors] == ["fields[1]", "fields[2]"]
    hints = [one["hint"] for one in errors]
    assert all("person.name," in hint for hint in hints)
    assert ["family.desil" in hint for hint in hints] == [False, True]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"nik": "3201"}, "has 16 digits"),
        ({"nik": SITI + "\n"}, "has 16 digits"),
        ({"more": 1}, "is not a field of this request"),
        (
            {"case": "3201 1545"},
            "has 1 to 40 of the letters, digits and / . _ -, and no number of 16 digits",
        ),
        ({"fields": []}, "has at least 1 entry"),
        ({"fields": ["person.name"] * 201}, "has at most 200 entries"),
        ({"with": ["sources", "sources"]}, "has at most 1 entry"),
    ],
)
def test_a_rule_is_told_in_words(service: Served, change: dict[str, Any], rule: str) -> None:
    (error,) = post(service, json.dumps({**GOOD, **change}).encode()).json()["errors"]
    assert error["field"] == next(iter(change))
    assert error["rule"] == rule
