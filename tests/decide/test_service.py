"""The routes on a real server: eligibility, batches, jobs, snapshots."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from mdm.access import Principal
from mdm.compose import Hub
from tests.api.serving import Served, served
from tests.decide.world import NOBODY, Country, Household, adult, client, pupil

FAMILY = Household(1, [adult(1), pupil(2)])
HEAD = FAMILY.members[0].nik
ASK: dict[str, Any] = {"nik": HEAD, "programmes": ["SEMBAKO", "PKH"], "purpose": "assistance"}
MANY: dict[str, Any] = {"niks": [HEAD, NOBODY], "programmes": ["SEMBAKO"], "purpose": "assistance"}
SUPERVISOR = Principal("staff:1", "staff", frozenset(["supervisor"]), ("",))


@pytest.fixture(scope="module")
def service(shared_hub: Hub) -> Iterator[Served]:
    Country([FAMILY]).publish(shared_hub)
    with served(shared_hub) as running:
        yield running


@pytest.fixture
def programme(service: Served) -> Iterator[httpx.Client]:
    with service.client(client()) as calls:
        yield calls


def test_one_question_is_answered_with_its_reasons(programme: httpx.Client) -> None:
    answer = programme.post("/v1/eligibility", json=ASK)
    assert answer.status_code == 200
    body = answer.json()
    assert [of["answer"] for of in body["answers"]] == ["eligible", "eligible"]
    assert body["as_of"]["snapshot"] is None
    assert HEAD not in answer.text
    assert FAMILY.id not in answer.text


def test_a_nik_of_nobody_is_undetermined_and_keeps_a_benefit(programme: httpx.Client) -> None:
    body = programme.post("/v1/eligibility", json={**ASK, "nik": NOBODY}).json()
    for of in body["answers"]:
        assert (of["answer"], of["keeps_benefit"]) == ("undetermined", True)
        assert of["settles"]


def test_a_batch_answers_in_the_order_asked(programme: httpx.Client) -> None:
    body = programme.post("/v1/eligibility/batch", json=MANY).json()
    assert [i["answers"]["SEMBAKO"]["answer"] for i in body["items"]] == [
        "eligible",
        "undetermined",
    ]
    assert body["words"]["programmes"]["SEMBAKO"]["rules"][0]["sentence"]["id"]


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"nik": "123"}, 422, "nik"),
        ({"programmes": []}, 422, "programmes"),
        ({"surprise": 1}, 422, "surprise"),
        ({"on": "yesterday"}, 422, "on: is a day of the calendar"),
        ({"purpose": "fishing"}, 422, "purpose"),
        ({"snapshot": "2020Q1"}, 404, "snapshot"),
        ({"on": "1999-01-01"}, 422, "1999-01-01"),
    ],
)
def test_a_bad_question_says_what_is_wrong(
    programme: httpx.Client, change: dict[str, Any], status: int, says: str
) -> None:
    answer = programme.post("/v1/eligibility", json={**ASK, **change})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert says in answer.text
    assert answer.json()["hint"]


def test_a_programme_outside_the_agreement_is_refused(service: Served) -> None:
    with service.client(client(programmes=frozenset(["PIP"]))) as calls:
        for route, body in (
            ("/v1/eligibility", ASK),
            ("/v1/eligibility/batch", MANY),
            ("/v1/jobs", MANY),
        ):
            answer = calls.post(route, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "programme-not-agreed")


def test_more_than_ten_thousand_go_through_a_job(programme: httpx.Client) -> None:
    answer = programme.post("/v1/eligibility/batch", json={**MANY, "niks": [HEAD] * 10_001})
    assert answer.status_code == 422
    assert "niks" in answer.text


def test_a_job_from_question_to_result(service: Served, programme: httpx.Client) -> None:
    job = programme.post("/v1/jobs", json=MANY)
    assert job.status_code == 202
    where = f"/v1/jobs/{job.json()['id']}"
    with service.client(client(id="client:other")) as other:
        assert other.get(where).status_code == 404
        assert other.post(f"{where}/result").status_code == 404
    assert _done(programme, where)["done"] == 2
    with ThreadPoolExecutor(8) as pool:  # it is fetched once, however many ask at once
        asked = [pool.submit(programme.post, f"{where}/result") for _ in range(8)]
    (result, *late) = sorted((one.result() for one in asked), key=lambda one: one.status_code)
    assert {(one.status_code, one.json()["code"]) for one in late} == {(409, "no-result")}
    assert result.headers["content-type"].startswith("application/x-ndjson")
    head, first, second = (json.loads(line) for line in result.text.splitlines())
    assert head["as_of"]["run"] == 1
    assert first["answers"]["SEMBAKO"]["answer"] == "eligible"
    assert second["answers"]["SEMBAKO"]["answer"] == "undetermined"
    assert programme.post(f"{where}/result").status_code == 409
    assert programme.get(where).json()["state"] == "delivered"


def test_a_job_can_be_given_up(programme: httpx.Client) -> None:
    job = programme.post("/v1/jobs", json={**MANY, "niks": [HEAD] * 20_000}).json()
    told = programme.delete(f"/v1/jobs/{job['id']}")
    assert told.json()["state"] in ("cancelled", "done")


def _done(calls: httpx.Client, where: str) -> dict[str, Any]:
    end = time.monotonic() + 120
    while (job := calls.get(where).json())["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert job["state"] == "done"
    return dict(job)


def test_a_snapshot_is_made_by_a_national_supervisor_and_seen_by_all(
    service: Served, programme: httpx.Client
) -> None:
    assert programme.post("/v1/snapshots", json={"name": "2026Q4"}).status_code == 403
    with service.client(SUPERVISOR) as national:
        made = national.post("/v1/snapshots", json={"name": "2026Q4"})
        assert made.status_code == 201
        assert national.post("/v1/snapshots", json={"name": "2026Q4"}).status_code == 409
    listed = programme.get("/v1/snapshots").json()["snapshots"]
    assert [(one["name"], one["run"]) for one in listed] == [("2026Q4", 1)]
    body = programme.post("/v1/eligibility", json={**ASK, "snapshot": "2026Q4"}).json()
    assert body["as_of"]["snapshot"] == "2026Q4"
    assert "on snapshot 2026Q4" in body["answers"][0]["sentence"]["en"]
