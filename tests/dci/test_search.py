"""Searching: who is found, what is shown, what is refused, what looks the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlmodel import col, select

from mdm.hub.tables import AuditEvent
from mdm.rights.restriction import lift, restrict
from tests.api.serving import Served
from tests.dci.registry import (
    AGUS,
    BOGOR,
    BUDI,
    DENPASAR,
    ENTITY,
    FAMILY,
    KK,
    NOBODY,
    RINA,
    SITI,
    TONO,
    TWIN,
    Sender,
    by_nik,
    compared,
    enrol,
    expression,
    predicate,
    searching,
    verified,
)


def events(service: Served) -> list[dict[str, Any]]:
    with service.hub.sessions.read() as session:
        rows = session.exec(select(AuditEvent).order_by(col(AuditEvent.seq))).all()
    return [json.loads(row.event) for row in rows]


def said(record: dict[str, Any]) -> dict[str, Any]:
    """The additional attributes as one object."""
    return {k: v for one in record["additional_attributes"] for k, v in one.items()}


def names(records: list[dict[str, Any]]) -> list[str]:
    return [one["demographic_info"]["name"]["given_name"] for one in records]


def test_a_member_by_nik_in_the_words_of_dci(sender: Sender) -> None:
    (member,) = sender.found(by_nik(SITI))
    assert member["@type"] == "Member"
    info = member["demographic_info"]
    assert info["identifier"] == [
        {"@type": "Identifier", "identifier_type": "UIN", "identifier_value": SITI}
    ]
    assert info["name"] == {"@type": "Name", "given_name": "SITI NURHALIZA", "surname": ""}
    assert (info["sex"], info["birth_date"]) == ("female", "1988-03-05")
    assert member["marital_status"] == "M"
    assert member["education_level"] == "0"
    assert member["is_disabled"] is True
    assert member["disability_info"][0]["disability_type"] == "PHYSICAL"
    assert member["related_person"][0]["relationship_type"] == "PRIMSPOUS"
    assert info["address"][0]["street_address"] == "JL MAWAR 1, RT 2, RW 5"
    assert said(member)["full_name"] == "SITI NURHALIZA"
    assert said(member)["region_code"] == BOGOR
    assert "ISLAM" not in json.dumps(member)


def test_what_is_not_known_is_left_out(sender: Sender) -> None:
    (member,) = sender.found(by_nik(AGUS))
    assert member.keys().isdisjoint({"is_disabled", "marital_status", "related_person"})
    assert member["demographic_info"].keys() == {"@type", "identifier", "name"}


def test_a_family_as_a_group(sender: Sender) -> None:
    (group,) = sender.found(by_nik(SITI, response_entity="Group"))
    assert group["group_type"] == "3"
    assert {"@type": "Identifier", "identifier_type": "KK", "identifier_value": KK} in group[
        "group_identifier"
    ]
    assert (group["poverty_score"], group["group_size"]) == (2, 2)
    assert "desil" in group["poverty_score_type"]
    assert said(group)["desil_period"] == "2026Q3"
    assert names([group["group_head_info"]]) == ["BUDI SANTOSO"]
    assert names(group["member_list"]) == ["BUDI SANTOSO", "SITI NURHALIZA"]


def test_the_head_is_who_heads_this_family(sender: Sender) -> None:
    (group,) = sender.found(by_nik(TONO, response_entity="Group"))
    assert names(group["member_list"]) == ["TONO", "NI LUH RINA"]
    assert names([group["group_head_info"]]) == ["NI LUH RINA"]
    (member,) = sender.found(by_nik(TONO))
    assert member["related_person"][0]["relationship_type"] == "CHILD"


def test_a_dwelling_as_a_group(sender: Sender) -> None:
    (group,) = sender.found(by_nik(SITI, response_entity="Group", reg_record_type="Household"))
    assert group["group_type"] == "2"
    assert said(group)["region_code"] == BOGOR
    assert "JL MAWAR" not in json.dumps(group)  # a programme is not shown where the dwelling stands


def test_two_of_one_family_are_one_group(sender: Sender) -> None:
    query = {"NIK": {"$in": [SITI, BUDI]}}
    assert len(sender.found(expression(query, response_entity="Group"))) == 1


def test_another_nik_of_the_same_person_finds_the_person_once(sender: Sender) -> None:
    assert names(sender.found(by_nik(TWIN))) == ["SITI NURHALIZA"]
    both = expression({"$or": [{"NIK": SITI}, {"NIK": TWIN}]})
    assert names(sender.found(both)) == ["SITI NURHALIZA"]
    assert names(sender.found(expression({"$and": [{"NIK": SITI}, {"NIK": TWIN}]}))) == [
        "SITI NURHALIZA"
    ]
    assert sender.found(expression({"$and": [{"NIK": SITI}, {"NIK": BUDI}]})) == []


def test_everybody_is_called_by_a_name_of_the_clients_own(service: Served, sender: Sender) -> None:
    other = enrol(service, "other")
    (mine,), (theirs,) = sender.found(by_nik(SITI)), other.found(by_nik(SITI))
    named = {one["identifier_type"]: one["identifier_value"] for one in mine["member_identifier"]}
    assert mine["@id"] != theirs["@id"]
    assert ENTITY[SITI] not in json.dumps([mine, theirs])
    asked = by_nik("", query={"type": "DTSEN_ID", "value": named["DTSEN_ID"]})
    assert names(sender.found(asked)) == ["SITI NURHALIZA"]
    assert other.found(asked) == []


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ({"$and": [{"UIN": {"$eq": SITI}}, {"poverty_score": {"$lt": 5}}]}, True),
        ({"$and": [{"UIN": {"$eq": SITI}}, {"poverty_score": {"$gt": 5}}]}, False),
        ({"UIN": SITI, "sex": "female", "marital_status": {"$in": ["S", "M"]}}, True),
        ({"UIN": SITI, "age": {"$ge": 18}, "birth_date": {"$lt": "1990-01-01"}}, True),
        ({"UIN": SITI, "location": {"$eq": "32.01"}}, True),
        ({"UIN": SITI, "location": {"$eq": "32.02"}}, False),
        ({"UIN": SITI, "name": "siti  nurhaliza"}, True),
        ({"UIN": SITI, "KK": KK}, True),
        ({"UIN": SITI, "group_size": {"$eq": 2}, "is_disabled": True}, True),
        ({"UIN": SITI, "$not": {"sex": "male"}}, True),
        ({"UIN": SITI, "$not": {"sex": "female"}}, False),
        ({"UIN": AGUS, "sex": "male"}, False),  # not known: neither yes
        ({"UIN": AGUS, "$not": {"sex": "male"}}, False),  # nor no
        ({"$or": [{"UIN": SITI, "sex": "male"}, {"UIN": {"$in": f"{SITI}, {BUDI}"}}]}, True),
    ],
)
def test_other_attributes_filter_what_the_identifier_found(
    sender: Sender, query: Any, finds: bool
) -> None:
    assert ("SITI NURHALIZA" in names(sender.found(expression(query)))) is finds


def test_predicates(sender: Sender) -> None:
    nik = compared("UIN", "eq", SITI)
    poor, young = compared("poverty_score", "lt", "2.5"), compared("age", "lt", "18")
    assert sender.found(predicate({"expression1": nik, "condition": "and", "expression2": poor}))
    assert not sender.found(
        predicate({"expression1": nik, "condition": "and", "expression2": young})
    )
    assert sender.found(predicate({"expression1": nik, "condition": "not", "expression2": young}))
    assert sender.found(
        predicate(
            {"seq_num": 2, "expression1": poor},
            {"seq_num": 1, "expression1": nik},
        )
    )


@pytest.mark.parametrize(
    "criteria",
    [
        expression({"poverty_score": {"$lt": 5}}),
        expression({"$or": [{"UIN": SITI}, {"poverty_score": 1}]}),
        expression({"$not": {"UIN": SITI}}),
        predicate({"expression1": compared("age", "lt", 25)}),
        predicate(
            {
                "expression1": compared("UIN", "eq", SITI),
                "condition": "or",
                "expression2": compared("age", "lt", 25),
            }
        ),
    ],
)
def test_what_would_need_a_scan_is_refused_and_says_why(
    service: Served, sender: Sender, criteria: Any
) -> None:
    before = len(events(service))
    code, message = sender.reason(criteria)
    assert code == "rjct.search_criteria.invalid"
    assert "cannot be scanned" in message
    assert len(events(service)) == before


@pytest.mark.parametrize(
    ("criteria", "code"),
    [
        (by_nik("123"), "rjct.search_criteria.invalid"),
        (by_nik(SITI, query={"type": "KK", "value": KK}), "rjct.search_criteria.invalid"),
        (by_nik(SITI, query={"type": "MOBILE", "value": "0812"}), "rjct.search_criteria.invalid"),
        (by_nik(SITI, reg_type="ns:org:RegistryType:Civil"), "rjct.search_criteria.invalid"),
        (by_nik(SITI, reg_record_type="Beneficiary"), "rjct.search_criteria.invalid"),
        (by_nik(SITI, sort=[{"attribute_name": "height"}]), "rjct.sort.invalid"),
        (by_nik(SITI, pagination={"page_size": 0}), "rjct.pagination.invalid"),
        (by_nik(SITI, pagination={"page_size": 10**9}), "rjct.pagination.invalid"),
        (by_nik(SITI, pagination={"page_size": 2.5}), "rjct.pagination.invalid"),
        (expression({"UIN": SITI, "age": "young"}), "rjct.search_criteria.invalid"),
        (expression({"UIN": SITI, "sex": {"$gt": "male"}}), "rjct.search_criteria.invalid"),
        (expression({"UIN": SITI, "shoe_size": 42}), "rjct.search_criteria.invalid"),
        (expression({"UIN": {"$gt": SITI}}), "rjct.search_criteria.invalid"),
        (expression({}), "rjct.search_criteria.invalid"),
        (expression("query { members }"), "rjct.search_criteria.invalid"),
        (predicate(), "rjct.search_criteria.invalid"),
        (
            predicate({"expression1": compared("UIN", "eq", SITI), "condition": "not"}),
            "rjct.search_criteria.invalid",
        ),
        (
            by_nik(SITI, authorize={"purpose": {"code": "curiosity"}}),
            "rjct.search_criteria.invalid",
        ),
        (by_nik(SITI, authorize={}), "rjct.search_criteria.invalid"),
        (
            by_nik(SITI, authorize={"purpose": {"code": "grievance"}}),
            "rjct.search_criteria.invalid",
        ),
    ],
)
def test_reasons(sender: Sender, criteria: Any, code: str) -> None:
    assert sender.reason(criteria)[0] == code


def test_the_purpose_is_the_agreements_when_it_has_one(service: Served) -> None:
    only = enrol(service, "only", purposes=("assistance",))
    assert only.found({k: v for k, v in by_nik(SITI).items() if k != "authorize"})


def test_not_there_elsewhere_and_unknown_names_look_the_same(service: Served) -> None:
    bali = enrol(service, "bali", regions=("51",))
    assert names(bali.found(by_nik(RINA))) == ["NI LUH RINA"]
    criteria = [
        by_nik(NOBODY),
        by_nik(SITI),
        by_nik(AGUS),
        by_nik("", query={"type": "DTSEN_ID", "value": "1-abc"}),
        by_nik(NOBODY, response_entity="Member"),
    ]
    items = [bali.search(one).json()["message"]["search_response"][0] for one in criteria]
    for item in items:
        del item["reference_id"], item["timestamp"]
    assert all(item == items[0] for item in items)
    assert items[0]["status"] == "succ"
    assert items[0]["data"]["reg_records"] == []
    assert items[0]["pagination"]["total_count"] == 0


def test_fields_outside_the_agreement_are_neither_shown_nor_compared(service: Served) -> None:
    narrow = enrol(service, "narrow", fields={"person": ("nik", "name"), "family": ("kk",)})
    (member,) = narrow.found(by_nik(SITI))
    assert "sex" not in member["demographic_info"]
    assert narrow.found(expression({"UIN": SITI, "sex": "female"})) == []
    assert narrow.found(expression({"UIN": SITI, "$not": {"sex": "male"}})) == []
    (group,) = narrow.found(by_nik(SITI, response_entity="Group"))
    assert "poverty_score" not in group


def test_a_family_member_elsewhere_is_not_shown(service: Served) -> None:
    java = enrol(service, "java", regions=("32",))
    (group,) = java.found(by_nik(SITI, response_entity="Group"))
    assert len(group["member_list"]) == 2
    assert java.found(by_nik(RINA, response_entity="Group")) == []


def test_sorting_and_pages(sender: Sender) -> None:
    query = {"UIN": {"$in": [RINA, SITI, BUDI, AGUS]}}
    by_birth = [{"attribute_name": "birth_date", "sort_order": "desc"}]
    first = expression(query, sort=by_birth, pagination={"page_size": 1, "page_number": 1})
    third = expression(query, sort=by_birth, pagination={"page_size": 2, "page_number": 2})
    assert names(sender.found(first)) == ["SITI NURHALIZA"]
    assert set(names(sender.found(third))) == {"NI LUH RINA", "AGUS"}
    paging = sender.search(first).json()["message"]["search_response"][0]["pagination"]
    assert paging == {"page_size": 1, "page_number": 1, "total_count": 4}


def test_a_batch_answers_each_request(service: Served, sender: Sender) -> None:
    answer = sender.search(by_nik(SITI), by_nik("1"), by_nik(NOBODY)).json()
    assert [item["status"] for item in answer["message"]["search_response"]] == [
        "succ",
        "rjct",
        "succ",
    ]
    assert answer["header"]["status"] == "succ"
    assert answer["header"]["completed_count"] == 3
    assert verified(service, answer)


def test_what_is_revealed_is_on_record_before(service: Served, sender: Sender) -> None:
    answer = sender.search(by_nik(SITI, response_entity="Group")).json()
    event, members = events(service)[-2:]
    assert event["action"] == "dci.search"
    assert event["actor"] == sender.principal.id
    assert event["purpose"] == "assistance"
    assert event["case"] == answer["message"]["correlation_id"]
    assert {ENTITY[SITI], FAMILY} <= set(event["entity_id"])
    assert "desil" in event["fields"]["family"]
    assert "religion" not in event["fields"]["person"]
    assert members["action"] == "dci.search.members"
    assert {ENTITY[SITI], ENTITY[BUDI]} <= set(members["entity_id"])
    log = json.dumps([event, members])
    assert SITI not in log
    assert "NURHALIZA" not in log


def test_a_miss_is_on_record_too(service: Served, sender: Sender) -> None:
    sender.search(by_nik(NOBODY))
    assert events(service)[-1]["found"] is False


def test_locations_are_those_that_a_query_may_compare(service: Served) -> None:
    with service.client() as client:
        said = client.get("/.well-known/locations.json").json()
    by_id = {place["id"]: place for place in said["locations"]}
    assert by_id[DENPASAR[:4]]["containedInPlace"] == DENPASAR[:2]
    assert by_id[DENPASAR[:2]]["containedInPlace"] is None
    assert len(by_id) == 38 + 514


def test_a_restricted_person_looks_like_nobody(service: Served, sender: Sender) -> None:
    hub = service.hub
    restrict(hub, ENTITY[AGUS], basis="UU 27/2022 art. 41", actor="test")
    assert sender.found(by_nik(AGUS)) == []
    lift(hub, ENTITY[AGUS], basis="UU 27/2022 art. 41", actor="test")
    assert names(sender.found(by_nik(AGUS))) == ["AGUS"]


def test_a_restricted_heads_name_does_not_stand_on_the_family(
    service: Served, sender: Sender
) -> None:
    """The family of whoever lives with him had said it, to every programme that asked about her."""
    group, text = by_nik(SITI, response_entity="Group"), "BUDI SANTOSO"
    lookup = {"nik": SITI, "purpose": "assistance", "fields": ["family.head_name", "family.desil"]}

    def told() -> tuple[bool, bool]:
        with service.client(Authorization=f"Bearer {sender.bearer}") as client:
            shown = client.post("/v1/profiles/lookup", json=lookup).json()
        assert "desil" in shown["family"]
        return text in str(sender.found(group)), text in str(shown)

    assert told() == (True, True)
    restrict(service.hub, ENTITY[BUDI], basis="UU 27/2022 art. 41", actor="test")
    assert told() == (False, False)
    # Nor is he counted, whichever way it is asked how many they are.
    (alone,) = sender.found(group)
    assert (alone["group_size"], len(alone["member_list"])) == (1, 1)
    assert not sender.found(expression({"UIN": SITI, "group_size": {"$eq": 2}}))
    assert sender.found(expression({"UIN": SITI, "group_size": {"$eq": 1}}))
    by_size = [{"attribute_name": "group_size", "sort_order": "desc"}]
    both = expression({"UIN": {"$in": [SITI, RINA]}}, sort=by_size, response_entity="Group")
    assert [one["group_size"] for one in sender.found(both)] == [2, 1]
    # A member who is not there to see is no guess of the client's, and leaves its budget as it was.
    limits = {"requests_per_minute": 9, "niks_per_day": 2, "miss_percent": 0, "miss_floor": 1}
    assert enrol(service, "small", limits=limits).found(group)
    lift(service.hub, ENTITY[BUDI], basis="UU 27/2022 art. 41", actor="test")
    assert told() == (True, True)


def test_a_budget_used_up_says_when_to_come_back(service: Served) -> None:
    limits = {"requests_per_minute": 100, "niks_per_day": 1, "miss_percent": 50, "miss_floor": 9}
    small = enrol(service, "small", limits=limits)
    assert small.found(by_nik(SITI))
    assert small.found(by_nik(SITI))
    answer = small.post(
        "/registry/sync/search", small.signed(small.header(), searching(by_nik(BUDI)))
    )
    assert answer.status_code == 429
    assert answer.json()["errors"][0]["code"] == "err.request.too_many_requests"
    assert int(answer.headers["Retry-After"]) > 0
