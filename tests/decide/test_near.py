"""Asked with a name and a birth date: a number that nobody has, and one that somebody else has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from mdm.access import Limits
from mdm.compose import Hub
from mdm.desk.terms import Profile
from mdm.eligibility.near import Who, slips
from mdm.hub.tables import AuditEvent, Budget
from reference.nik import parse_nik
from tests.api.serving import Served, served
from tests.decide.world import DENPASAR, NOBODY, Country, Household, adult, client, content

HEAD = adult(1, name="MUHAMMAD BUDI SANTOSO")
FAR = adult(4000, name="WAYAN SUDRA")
BUDI = {"name": "Muhamad Budi Santosa", "birth_date": "1980-05-01"}


def ask(nik: str, who: dict[str, str] | None) -> dict[str, Any]:
    question = {"nik": nik, "programmes": ["SEMBAKO"], "purpose": "assistance"}
    return question | ({"who": who} if who else {})


@pytest.fixture(scope="module")
def service(shared_hub: Hub) -> Iterator[Served]:
    Country([Household(1, [HEAD]), Household(2, [FAR], region=DENPASAR)]).publish(shared_hub)
    with served(shared_hub) as running:
        yield running


@pytest.fixture
def bogor(service: Served) -> Iterator[httpx.Client]:
    with service.client(client("3201")) as calls:
        yield calls


def doubts(calls: httpx.Client, nik: str, who: dict[str, str] | None) -> tuple[str, set[str]]:
    (answer,) = calls.post("/v1/eligibility", json=ask(nik, who)).json()["answers"]
    return answer["answer"], {one["doubt"] for one in answer["doubts"]}


def slip(nik: str) -> str:
    return nik[:-1] + ("3" if nik[-1] != "3" else "4")


def test_a_slip_in_the_number_is_said_to_be_possible(bogor: httpx.Client) -> None:
    assert doubts(bogor, slip(HEAD.nik), BUDI) == ("undetermined", {"not_found", "near_number"})
    swapped = HEAD.nik[:-2] + HEAD.nik[-1] + HEAD.nik[-2]
    assert "near_number" in doubts(bogor, swapped, BUDI)[1]
    body = bogor.post("/v1/eligibility", json=ask(slip(HEAD.nik), BUDI))
    assert HEAD.nik not in body.text
    assert HEAD.id not in body.text
    assert body.json()["identity"]["status"] is None


@pytest.mark.parametrize(
    "who",
    [
        None,
        {"name": "SUPARMI", "birth_date": "1980-05-01"},
        {"name": "BUDI SANTOSO", "birth_date": "1980-05-02"},
    ],
)
def test_who_is_not_meant_is_not_told_of(bogor: httpx.Client, who: dict[str, str] | None) -> None:
    assert doubts(bogor, slip(HEAD.nik), who) == ("undetermined", {"not_found"})


def test_whether_a_number_like_it_is_somebodys_costs_nothing(service: Served) -> None:
    """The desk was asked once more only where there was somebody: one more request, and what was opened counted."""
    limits = Limits(requests_per_minute=9, niks_per_day=9, miss_percent=100, miss_floor=99)
    who = {"name": "SUPARMI", "birth_date": "1980-05-01"}
    left = set()
    for nik in (slip(HEAD.nik), NOBODY, slip(FAR.nik)):
        principal = replace(client("3201"), id=f"client:{nik[-4:]}", limits=limits)
        with service.client(principal) as calls:
            doubts(calls, nik, who)
        with service.hub.sessions.read() as session:
            used = session.get_one(Budget, principal.id)
            left.add((used.requests, used.niks, used.asked, used.missed))
    assert left == {(2, 1, 1, 1)}


def test_somebody_of_another_region_is_not_told_of(bogor: httpx.Client) -> None:
    wayan = {"name": "WAYAN SUDRA", "birth_date": "1980-05-01"}
    nobody, far, slipped = (
        bogor.post("/v1/eligibility", json=ask(nik, wayan)).content
        for nik in (NOBODY, FAR.nik, slip(FAR.nik))
    )
    assert nobody == far == slipped


def test_the_number_of_somebody_else_answers_nothing(bogor: httpx.Client) -> None:
    other = {"name": "SITI AMINAH", "birth_date": "1991-02-03"}
    assert doubts(bogor, HEAD.nik, other) == ("undetermined", {"other_person"})
    assert doubts(bogor, HEAD.nik, BUDI) == ("eligible", set())
    # A nickname, or a birth date of which nobody is sure, is nobody else.
    assert doubts(bogor, HEAD.nik, {**BUDI, "name": "MAMAD"}) == ("eligible", set())
    assert doubts(bogor, HEAD.nik, {**BUDI, "birth_date": "1980-07-01"}) == ("eligible", set())


def test_who_was_looked_at_is_in_the_log(service: Served, bogor: httpx.Client) -> None:
    doubts(bogor, slip(HEAD.nik), BUDI)
    with service.hub.sessions.read() as session:
        query = sa.select(AuditEvent.event).order_by(AuditEvent.seq)
        events = [json.loads(e) for e in session.connection().execute(query).scalars()]
    looked = [one for one in events if one["action"] == "eligibility.near"]
    assert HEAD.id in looked[-1]["entity_id"]
    assert "SANTOS" not in str(looked).upper()


def test_slips_are_numbers_that_can_be() -> None:
    found = list(slips(HEAD.nik))
    assert HEAD.nik not in found
    assert len(found) == len(set(found)) < 160
    assert all(parse_nik(one) for one in found)


@pytest.mark.parametrize(
    ("said", "held", "is_"),
    [
        ("Muh. Budi Santosa", "MUHAMMAD BUDI SANTOSO", True),
        ("H. BUDI SANTOSO, S.Pd", "MUHAMMAD BUDI SANTOSO", True),
        ("NURHAYATI", "NUR HAYATI", True),
        ("M B", "MUHAMMAD BUDI SANTOSO", False),
        ("SITI AMINAH", "SITI AISYAH", False),
        ("--", "MUHAMMAD BUDI SANTOSO", False),
    ],
)
def test_names_are_compared_word_by_word_as_linkage_does(said: str, held: str, is_: bool) -> None:
    text = content("person", {"name": held, "birth_date": "1980-05-01"})
    profile = Profile("p", "person", 1, 1, json.loads(text))
    who = Who(said, date(1980, 5, 1))
    assert who.is_(profile) is is_
    assert who.is_not(profile) is False  # born that day
    assert Who(said, date(1981, 6, 2)).is_not(profile) is not is_
