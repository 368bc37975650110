"""Lookup by NIK: what a client sees, what looks like nobody, what the log keeps of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlmodel import col, select

from mdm.access import load_rules
from mdm.hub.tables import AuditEvent
from tests.api.serving import Served
from tests.api.world import AGUS, BUDI, ENTITY, FAMILY, NOBODY, RINA, SITI, programme, staff

ROUTE = "/v1/profiles/lookup"


def ask(service: Served, who: Any, nik: str, purpose: str = "assistance", **more: Any) -> Any:
    with service.client(who) as client:
        return client.post(ROUTE, json={"nik": nik, "purpose": purpose, **more})


def last_event(service: Served) -> dict[str, Any]:
    with service.hub.sessions.read() as session:
        row = session.exec(select(AuditEvent).order_by(col(AuditEvent.seq).desc())).first()
    assert row is not None
    event: dict[str, Any] = json.loads(row.event)
    return event


def test_a_programme_sees_its_fields_and_no_others(service: Served) -> None:
    answer = ask(service, programme(), SITI)
    assert answer.status_code == 200
    found = answer.json()
    shown = load_rules().shown["assistance"]
    for kind in ("person", "family"):
        assert found[kind]
        assert found[kind].keys() <= shown[kind]
    assert found["person"]["name"] == "SITI NURHALIZA"
    assert found["family"]["desil"] == 2
    assert "religion" not in found["person"]
    assert found["run"] == 1
    assert found["identity"]["status"] == "verified"


def test_sources_come_on_request(service: Served) -> None:
    assert "sources" not in ask(service, programme(), SITI).json()
    found = ask(service, programme(), SITI, **{"with": ["sources"]}).json()
    assert found["sources"]["person"].keys() == found["person"].keys()
    assert found["sources"]["person"]["name"] == {
        "source": "kemendagri",
        "date": "2026-01-02",
        "agreeing": 1,
    }


def test_only_the_fields_asked_for_and_what_is_withheld(service: Served) -> None:
    found = ask(
        service, programme(), SITI, fields=["person.name", "person.religion", "family.desil"]
    ).json()
    assert found["person"] == {"name": "SITI NURHALIZA"}
    assert found["family"] == {"desil": 2}
    assert found["withheld"] == ["person.religion"]


def test_clients_call_a_person_by_names_of_their_own(service: Served) -> None:
    first = ask(service, programme(), SITI).json()["subject"]
    assert first == ask(service, programme(), SITI).json()["subject"]
    assert ENTITY[SITI] not in first
    other = programme()
    other = type(other)(**{**vars(other), "id": "client:pip"})
    assert ask(service, other, SITI).json()["subject"] != first
    assert ask(service, staff("officer"), SITI).json()["subject"] == ENTITY[SITI]


@pytest.mark.parametrize("nik", [NOBODY, RINA, AGUS])
def test_nobody_elsewhere_and_unplaced_look_the_same(service: Served, nik: str) -> None:
    bogor = programme("3201")
    assert ask(service, bogor, SITI).status_code == 200
    answer = ask(service, bogor, nik)
    assert answer.status_code == 404
    document = answer.json()
    assert document.pop("request_id")
    missed = ask(service, bogor, NOBODY).json()
    assert document == {k: v for k, v in missed.items() if k != "request_id"}
    assert answer.headers["content-type"] == "application/problem+json"


def test_somebody_without_a_known_region_is_seen_by_the_whole_country_only(service: Served) -> None:
    assert ask(service, programme(), AGUS).status_code == 200
    assert ask(service, programme("32"), AGUS).status_code == 404


def test_the_log_keeps_who_why_and_which_fields_and_no_value(service: Served) -> None:
    found = ask(service, programme(), BUDI, case="PKH/2026/7").json()
    event = last_event(service)
    assert event["actor"] == "client:pkh"
    assert event["action"] == "reveal"
    assert event["purpose"] == "assistance"
    assert event["case"] == "PKH/2026/7"
    assert event["found"] is True
    assert event["entity_id"] == [ENTITY[BUDI], FAMILY[BUDI]]
    assert sorted(event["fields"]["person"]) == sorted(found["person"])
    assert event["run_seq"] == 1
    text = json.dumps(event)
    assert BUDI not in text
    assert "SANTOSO" not in text


def test_a_miss_is_in_the_log_too_with_its_reason(service: Served) -> None:
    ask(service, programme("3201"), RINA)
    event = last_event(service)
    assert event["found"] is False
    assert "entity_id" not in event
    assert event["decision"] == "region-outside"


def test_a_purpose_that_is_not_agreed_opens_nothing(service: Served) -> None:
    before = last_event(service)
    answer = ask(service, programme(), SITI, purpose="grievance")
    assert answer.status_code == 403
    assert answer.json()["code"] == "purpose-not-agreed"
    assert last_event(service) == before


def test_a_snapshot_answers_as_of_its_run(service: Served) -> None:
    with service.client(staff("supervisor")) as client:
        made = client.post("/v1/snapshots", json={"name": "2026Q4"})
    assert made.status_code == 201
    found = ask(service, programme(), SITI, snapshot="2026Q4").json()
    assert (found["snapshot"], found["run"]) == ("2026Q4", made.json()["run"])
    assert last_event(service)["snapshot"] == "2026Q4"
    gone = ask(service, programme(), SITI, snapshot="1999Q1")
    assert (gone.status_code, gone.json()["code"]) == (404, "not-there")
