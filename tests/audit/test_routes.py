"""The routes of the audit log, over a real server, on each database."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from mdm import audit
from mdm.audit.checkpoints import verifier_keys
from mdm.audit.search import Wanted, search
from mdm.audit.verifier import (
    inclusion_holds,
    leaf_hash,
    read_key,
    read_proof,
    verify_export,
    verify_proof,
)
from mdm.compose import Hub
from mdm.lookup import profile_by_nik
from tests.api.conftest import world  # noqa: F401 - the small published hub, on each database
from tests.api.serving import Served, served
from tests.api.world import ENTITY, FAMILY, NOBODY, RINA, SITI, programme, staff

OFFICER = "officer:bogor"


@pytest.fixture(scope="module")
def service(world: Hub) -> Iterator[Served]:  # noqa: F811 - the fixture by its name
    for _ in range(3):
        profile_by_nik(world, SITI, actor=OFFICER, purpose="verification", case="K-7", reveal=True)
    profile_by_nik(world, NOBODY, actor=OFFICER)
    audit.checkpoint(world)
    with served(world) as running:
        yield running


@pytest.fixture
def auditor(service: Served) -> Iterator[httpx.Client]:
    with service.client(staff("auditor")) as client:
        yield client


def ok(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json()


def last_event(hub: Hub) -> Any:
    with hub.sessions.read() as session:
        return search(session, Wanted(), limit=1).events[0]


def test_a_trace_answers_and_is_on_record(service: Served, auditor: httpx.Client) -> None:
    asked = {"purpose": "audit", "nik": SITI, "attributes": ["name"], "case": "AU-1"}
    found = ok(auditor.post("/v1/audit/trace", json=asked))
    (value,) = found["values"]
    assert (value["attribute"], value["value"]) == ("name", "SITI NURHALIZA")
    record = found["records"][value["record"]]
    assert (record["source"], record["file"], record["row"]) == ("kemendagri", "biodata.csv", 7)
    event = last_event(service.hub)
    assert (event.action, event.actor, event.details["case"]) == ("trace", "staff:auditor", "AU-1")
    assert event.details["entity_id"] == ENTITY[SITI]


def test_a_trace_of_the_family_by_the_persons_number(auditor: httpx.Client) -> None:
    asked = {"purpose": "audit", "nik": SITI, "attributes": ["desil"], "evidence": False}
    found = ok(auditor.post("/v1/audit/trace", json=asked))
    assert (found["kind"], found["entity_id"]) == ("family", FAMILY[SITI])
    assert found["values"][0]["value"]["desil"] == 2


def test_nobody_and_another_region_look_the_same(service: Served) -> None:
    with service.client(staff("auditor", "3201")) as client:
        answers = [
            client.post("/v1/audit/trace", json={"purpose": "audit"} | whom)
            for whom in (
                {"nik": NOBODY},
                {"nik": RINA},
                {"subject": ENTITY[RINA]},
                {"nik": SITI, "as_of": "2001-01-01T00:00:00Z"},
            )
        ]
    bodies = [answer.json() | {"request_id": None} for answer in answers]
    assert {answer.status_code for answer in answers} == {404}
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "nobody"


@pytest.mark.parametrize("role", ["officer", "steward", "supervisor", "key-administrator"])
def test_others_may_not_trace(service: Served, role: str) -> None:
    with service.client(staff(role)) as client:
        answer = client.post("/v1/audit/trace", json={"purpose": "audit", "nik": SITI})
        assert answer.status_code == 403
    with service.client(programme()) as client:
        answer = client.post("/v1/audit/trace", json={"purpose": "assistance", "nik": SITI})
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("trace", {"nik": SITI}, "purpose"),
        ("trace", {"purpose": "audit"}, "nik"),
        ("trace", {"purpose": "audit", "nik": SITI, "subject": "a"}, "nik"),
        ("trace", {"purpose": "audit", "nik": SITI, "more": 1}, "more"),
        ("breach", {"purpose": "breach", "since": "2026-01-01T00:00:00Z",
                    "until": "2026-02-01T00:00:00Z"}, "actor"),
        ("events", {"actor": SITI}, "actor"),
        ("events", {"limit": 100000}, "limit"),
        ("proof", {"event": -1}, "event"),
    ],
)  # fmt: skip
def test_a_bad_question_names_its_field(
    auditor: httpx.Client, path: str, body: dict[str, Any], field: str
) -> None:
    answer = auditor.post(f"/v1/audit/{path}", json=body)
    assert answer.status_code == 422
    assert field in {one["field"] for one in answer.json()["errors"]}
    assert SITI not in answer.text


def test_events_are_found_by_any_action_that_the_log_knows(auditor: httpx.Client) -> None:
    for action in ("reveal", "dci.search.members", "client.rotate-key", "user.second-factor"):
        ok(auditor.post("/v1/audit/events", json={"action": action}))


def test_a_subject_learns_what_is_held_and_who_read_it(service: Served) -> None:
    with service.client(staff("supervisor", "3201")) as client:
        asked = {"purpose": "subject_access", "nik": SITI, "case": "SA-1"}
        found = ok(client.post("/v1/subjects/report", json=asked))
    assert [one["kind"] for one in found["profiles"]] == ["person", "family"]
    readings = [one for one in found["readings"] if one["actor"] == OFFICER]
    assert len(readings) == 3
    assert {one["case"] for one in readings} == {"K-7"}
    assert "religion" in readings[0]["fields"]["person"]
    event = last_event(service.hub)
    assert event.action == "subject-report"
    assert event.details["entity_id"] == [ENTITY[SITI], FAMILY[SITI]]


def test_a_breach_is_told_by_subjects_and_class_of_data(auditor: httpx.Client) -> None:
    when = {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    asked = {"purpose": "breach", "actor": OFFICER, **when}
    found = ok(auditor.post("/v1/audit/breach", json=asked))
    assert found["subjects"] == {"family": 1, "person": 1}
    assert found["classes"]["person"]["general"] == 1
    assert (found["acts"], found["not_found"]) == (4, 1)
    assert {one["times"] for one in found["touched"]} == {3}
    key = ok(
        auditor.post("/v1/audit/breach", json={"purpose": "breach", "key": "profile:1", **when})
    )
    assert key["subjects"] == {"family": 2, "person": 4}
    gone = {"since": "2020-01-01T00:00:00Z", "until": "2021-01-01T00:00:00Z"}
    asked = {"purpose": "breach", "actor": OFFICER, **gone}
    assert ok(auditor.post("/v1/audit/breach", json=asked))["subjects"] == {}


def test_events_are_searched_page_by_page(service: Served, auditor: httpx.Client) -> None:
    seen, before = [], None
    while True:
        asked = {"actor": OFFICER, "limit": 3} | ({"before": before} if before else {})
        page = ok(auditor.post("/v1/audit/events", json=asked))
        seen += [event["seq"] for event in page["events"]]
        before = page["before"]
        if before is None:
            break
    assert len(seen) == 4
    assert seen == sorted(seen, reverse=True)
    about = ok(auditor.post("/v1/audit/events", json={"subject": ENTITY[SITI], "action": "reveal"}))
    assert [event["says"]["case"] for event in about["events"]] == ["K-7"] * 3
    assert last_event(service.hub).action == "audit-search"


def test_a_proof_is_checked_by_whoever_asked(auditor: httpx.Client) -> None:
    signed = ok(auditor.get("/v1/audit/checkpoints"))
    shown = ok(auditor.post("/v1/audit/proof", json={"event": 2}))
    path = [bytes.fromhex(step) for step in shown["path"]]
    root = bytes.fromhex(shown["checkpoint"]["root"])
    leaf = leaf_hash(shown["event"].encode())
    assert inclusion_holds(leaf, 2, shown["checkpoint"]["size"], path, root)
    keys = [read_key(key) for key in signed["keys"]]
    assert verify_proof(read_proof(shown["proof"]), keys) == []
    assert auditor.post("/v1/audit/proof", json={"event": 999}).status_code == 404


def test_a_checkpoint_is_made_and_grows_out_of_the_last(auditor: httpx.Client) -> None:
    old, *_ = ok(auditor.get("/v1/audit/checkpoints"))["checkpoints"]
    ok(auditor.post("/v1/audit/events", json={}))
    new = ok(auditor.post("/v1/audit/checkpoints"))
    assert new["size"] > old["size"]
    sizes = {"old": old["size"], "new": new["size"]}
    grown = ok(auditor.post("/v1/audit/consistency", json=sizes))
    assert (grown["old"], grown["new"]) == (old, new)
    assert auditor.post("/v1/audit/consistency", json={"old": 1, "new": 2}).status_code == 404


def test_the_log_is_verified(auditor: httpx.Client) -> None:
    found = ok(auditor.post("/v1/audit/verify", json={"profiles": True}))
    assert found["holds"], found["faults"]
    assert found["profiles"] == 6


def test_the_whole_log_is_taken_away_by_the_auditor_who_asked(
    service: Served, auditor: httpx.Client, tmp_path: Path
) -> None:
    asked = auditor.post("/v1/audit/export")
    assert (asked.status_code, asked.json()["kind"]) == (202, "audit-export")
    job = asked.json()["id"]
    for _ in range(300):
        if ok(auditor.get(f"/v1/jobs/{job}"))["state"] == "done":
            break
        time.sleep(0.1)
    # Neither another auditor, nor as if it were answers about people.
    with service.client(replace(staff("auditor"), id="staff:other")) as other:
        assert other.post(f"/v1/audit/export/{job}").status_code == 404
    assert auditor.post(f"/v1/jobs/{job}/result").status_code in (403, 404)
    with service.client(staff("officer")) as officer:
        assert officer.post("/v1/audit/export").status_code == 403
    # What lies in the home meanwhile opens for nobody.
    (sealed,) = (service.hub.settings.home / "jobs").glob(f"{job}.*")
    assert not zipfile.is_zipfile(sealed)
    fetched = auditor.post(f"/v1/audit/export/{job}")
    assert fetched.headers["content-type"] == "application/zip"
    file = tmp_path / "audit-log.zip"
    file.write_bytes(fetched.content)
    with service.hub.sessions.read() as session:
        keys = [read_key(key) for key in verifier_keys(session)]
    assert verify_export(file, keys).faults == []
    assert auditor.post(f"/v1/audit/export/{job}").status_code == 409
    assert not sealed.exists()
    assert last_event(service.hub).action == "job.read"
