"""Administration over HTTP: roles and clients take two people; nobody is two of the three."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from sqlmodel import select

from mdm.access import Principal, administration, approvals, roles, staff
from mdm.access.errors import NotIdentifiedError, SecondPersonError
from mdm.access.gate import Gate
from mdm.access.keyfiles import make_key, public_of
from mdm.audit.search import Wanted, entries
from mdm.compose import Hub
from mdm.errors import AccessError, InputError
from mdm.hub.columns import now
from mdm.hub.tables import Approval, RoleGrant, Staff
from tests.access import wire
from tests.access.clients import TestClient, make_client
from tests.access.people import Person, make_account, make_person
from tests.api.serving import Served

SUPERVISOR = Principal("staff-other", "staff", frozenset({"supervisor"}), ("",))


def new_client(name: str, jwk: dict[str, str], **changes: object) -> dict[str, object]:
    agreement = {
        "number": "PKS/2026/014",
        "valid_from": "2026-01-01T00:00:00+07:00",
        "valid_to": "2027-12-31T00:00:00+07:00",
        "programmes": ["PKH"],
        "purposes": ["assistance"],
        "regions": ["32"],
        **changes,
    }
    public = {name: jwk[name] for name in ("kty", "crv", "x")}
    return {"name": name, "agreement": agreement, "key": public}


def test_a_role_takes_two_people(administrator: Person) -> None:
    service = administrator.service
    second = make_person(service, ("user-administrator", ""), strong=True)
    target = make_person(service)
    body = {"user": target.login, "role": "officer", "region": "3201"}
    asked = administrator.call("POST", "/v1/admin/roles/grant", json=body)
    assert asked.status_code == 202, asked.text
    approval = asked.json()["approval"]
    # Not yet approved, not by oneself, and not by somebody who may not.
    with_it = {**body, "approval": approval}
    assert administrator.call("POST", "/v1/admin/roles/grant", json=with_it).status_code == 403
    yes = {"approval": approval, "approve": True}
    assert administrator.call("POST", "/v1/admin/approvals", json=yes).status_code == 403
    assert target.call("POST", "/v1/admin/approvals", json=yes).status_code == 403
    listed = second.call("GET", "/v1/admin/approvals").json()["approvals"]
    assert approval in {one["id"] for one in listed}
    assert second.call("POST", "/v1/admin/approvals", json=yes).status_code == 200
    # It is for this request of this person, once.
    other = {**with_it, "region": "32"}
    assert administrator.call("POST", "/v1/admin/roles/grant", json=other).status_code == 403
    assert second.call("POST", "/v1/admin/roles/grant", json=with_it).status_code == 403
    assert administrator.call("POST", "/v1/admin/roles/grant", json=with_it).status_code == 200
    assert target.call("GET", "/v1/session").json()["roles"] == ["officer"]
    gone = {"user": target.login, "role": "officer"}
    assert administrator.call("POST", "/v1/admin/roles/revoke", json=gone).status_code == 200
    assert administrator.call("POST", "/v1/admin/roles/grant", json=with_it).status_code == 403
    assert target.call("GET", "/v1/session").json()["roles"] == []
    with service.hub.sessions.read() as session:
        query = select(RoleGrant).where(RoleGrant.staff_id == target.id)
        (held,) = session.exec(query).all()
    assert (held.granted_by, held.approved_by) == (administrator.id, second.id)
    assert held.revoked is not None


def test_a_role_for_a_region_that_is_not_there_never_waits_for_anybody(
    administrator: Person,
) -> None:
    target = make_person(administrator.service)
    for region, said in (("3299", "3201"), ("9201", "9601"), ("320199", "320101")):
        body = {"user": target.login, "role": "officer", "region": region}
        answer = administrator.call("POST", "/v1/admin/roles/grant", json=body)
        assert (answer.status_code, said in answer.text) == (422, True)
    waiting = administrator.call("GET", "/v1/admin/approvals").json()["approvals"]
    assert not [one for one in waiting if target.id in one["summary"]]


def test_nobody_gives_a_role_to_themselves(administrator: Person) -> None:
    body = {"user": administrator.login, "role": "key-administrator"}
    assert administrator.call("POST", "/v1/admin/roles/grant", json=body).status_code == 403
    body = {"user": administrator.login, "role": "supervisor"}
    assert administrator.call("POST", "/v1/admin/roles/grant", json=body).status_code == 403


def test_a_client_takes_two_people_and_its_key_never_comes_here(administrator: Person) -> None:
    service, key = administrator.service, make_key()
    second = make_person(service, ("supervisor", ""))
    body = new_client("pkh-jabar", key)
    leaked = {**body, "key": {**public_of(key), "d": key["d"]}}
    assert administrator.call("POST", "/v1/admin/clients", json=leaked).status_code == 422
    asked = administrator.call("POST", "/v1/admin/clients", json=body)
    assert asked.status_code == 202, asked.text
    approval = asked.json()["approval"]
    yes = {"approval": approval, "approve": True}
    assert second.call("POST", "/v1/admin/approvals", json=yes).status_code == 200
    wider = {**new_client("pkh-jabar", key, regions=[""]), "approval": approval}
    assert administrator.call("POST", "/v1/admin/clients", json=wider).status_code == 403
    made = administrator.call("POST", "/v1/admin/clients", json={**body, "approval": approval})
    assert made.status_code == 201, made.text
    client = TestClient(service.hub, made.json()["id"], "pkh-jabar", key)
    assert wire.post(f"{service.url}/v1/token", data=client.form()).status_code == 200
    fresh = make_key()
    rotated = {"client": "pkh-jabar", "key": {n: fresh[n] for n in ("kty", "crv", "x")}}
    asked = administrator.call("POST", "/v1/admin/clients/rotate-key", json=rotated)
    assert asked.status_code == 202  # a key of one's own would let an administrator in as PKH
    assert wire.post(f"{service.url}/v1/token", data=client.form()).status_code == 200
    yes = {"approval": asked.json()["approval"], "approve": True}
    assert second.call("POST", "/v1/admin/approvals", json=yes).status_code == 200
    again = {**rotated, "approval": yes["approval"]}
    done = administrator.call("POST", "/v1/admin/clients/rotate-key", json=again)
    assert done.json() == {"kid": fresh["kid"]}
    assert wire.post(f"{service.url}/v1/token", data=client.form()).status_code == 401
    gone = {"client": "pkh-jabar"}
    assert administrator.call("POST", "/v1/admin/clients/disable", json=gone).status_code == 200
    listed = administrator.call("GET", "/v1/admin/clients").json()["clients"]
    (view,) = [one for one in listed if one["name"] == "pkh-jabar"]
    assert (view["state"], view["keys"]) == ("disabled", [fresh["kid"]])
    assert administrator.call("POST", "/v1/admin/clients/enable", json=gone).status_code == 202
    key = {**gone, "kid": fresh["kid"]}
    for status in (200, 404):  # withdrawn, and not in use any more
        answer = administrator.call("POST", "/v1/admin/clients/withdraw-key", json=key)
        assert answer.status_code == status


def test_an_amendment_takes_two_people_and_ends_the_tokens_of_before(administrator: Person) -> None:
    service = administrator.service
    client = make_client(service.hub, regions=("32",))
    before = client.token()
    agreement = new_client("x", make_key(), regions=["32", "33"])["agreement"]
    body = {"client": client.name, "agreement": agreement}
    asked = administrator.call("POST", "/v1/admin/clients/amend", json=body)
    assert asked.status_code == 202, asked.text
    assert Gate(service.hub).client(before).regions == ("32",)
    second = make_person(service, ("supervisor", ""))
    yes = {"approval": asked.json()["approval"], "approve": True}
    assert second.call("POST", "/v1/admin/approvals", json=yes).status_code == 200
    other = {"client": client.name, "agreement": {**agreement, "regions": [""]}}  # type: ignore[dict-item]
    with_it = {"approval": yes["approval"]}
    path = "/v1/admin/clients/amend"
    assert administrator.call("POST", path, json={**other, **with_it}).status_code == 403
    view = administrator.call("POST", path, json={**body, **with_it}).json()
    assert (view["regions"], view["former"][0]["regions"]) == (["32", "33"], ["32"])
    assert view["former"][0]["approved_by"] == second.id
    # What a token told before does not hold any more: the client asks for another.
    with pytest.raises(NotIdentifiedError):
        Gate(service.hub).client(before)
    assert wire.get(f"{service.url}/v1/session", headers=client.headers).status_code == 200


def test_where_answers_may_go_takes_two_people_and_ends_by_one(administrator: Person) -> None:
    service, path = administrator.service, "/v1/admin/clients"
    client, uri = make_client(service.hub), "https://pkh.example.go.id/dci/on-search"
    body = {"client": client.name, "address": uri}

    def agreed_on() -> list[str]:
        listed = administrator.call("GET", path).json()["clients"]
        (view,) = [one for one in listed if one["id"] == client.id]
        found: list[str] = view["callbacks"]
        return found

    for unsafe in ("http://10.0.0.1/on-search", "https://x:y@pkh.go.id/", "ftp://pkh.go.id/on"):
        wrong = {**body, "address": unsafe}
        refused = administrator.call("POST", f"{path}/agree-callback", json=wrong)
        assert (refused.status_code, refused.json()["code"]) == (422, "input"), unsafe
    asked = administrator.call("POST", f"{path}/agree-callback", json=body)
    assert (asked.status_code, agreed_on()) == (202, [])
    yes = {"approval": asked.json()["approval"], "approve": True}
    assert administrator.call("POST", "/v1/admin/approvals", json=yes).status_code == 403
    second = make_person(service, ("supervisor", ""))
    assert second.call("POST", f"{path}/agree-callback", json=body).status_code == 403
    assert second.call("POST", f"{path}/withdraw-callback", json=body).status_code == 403
    assert second.call("POST", "/v1/admin/approvals", json=yes).status_code == 200
    with_it = {**body, "approval": yes["approval"]}
    other = {**with_it, "address": "https://elsewhere.example.go.id/on-search"}
    assert administrator.call("POST", f"{path}/agree-callback", json=other).status_code == 403
    done = administrator.call("POST", f"{path}/agree-callback", json=with_it)
    assert (done.json(), agreed_on()) == ({"done": True}, [uri])
    assert administrator.call("POST", f"{path}/agree-callback", json=body).status_code == 409
    for status in (200, 404):  # withdrawn, and not agreed on any more
        gone = administrator.call("POST", f"{path}/withdraw-callback", json=body)
        assert gone.status_code == status, gone.text
    assert agreed_on() == []
    with service.hub.sessions.read() as session:
        wanted = Wanted(subjects=(client.id,))
        acts = [one for one in entries(session, wanted) if one.action.startswith("callback.")]
    assert {one.action for one in acts} == {"callback.agree", "callback.withdraw"}
    assert {one.actor for one in acts} == {administrator.id}


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("purposes", {"purposes": ["curiosity"]}),
        ("regions", {"regions": ["3"]}),
        ("3204", {"regions": ["32", "3299"]}),
        ("PKH", {"programmes": ["PHK"]}),
        ("ends before", {"valid_to": "2025-01-01T00:00:00+07:00"}),
        ("fields", {"fields": {"person": ["shoe_size"]}}),
        ("programmes", {"programmes": []}),
        ("monitor", {"programmes": [], "purposes": []}),
        ("limits", {"limits": {"requests_per_minute": 0}}),
    ],
)
def test_an_agreement_that_does_not_hold_together_is_refused(
    administrator: Person, what: str, changes: dict[str, object]
) -> None:
    body = new_client("never-made", make_key(), **changes)
    answer = administrator.call("POST", "/v1/admin/clients", json=body)
    assert answer.status_code == 422
    assert what in answer.text


def test_an_account_of_an_issuer_gets_no_password_here(administrator: Person) -> None:
    hub = administrator.service.hub
    with hub.sessions.begin() as session:
        one = Staff(id=staff.new_id(), login="oidc-1", state=staff.ACTIVE, subject="f" * 64)
        session.add(one)
    answer = administrator.call("POST", "/v1/admin/users/reset", json={"user": "oidc-1"})
    assert (answer.status_code, "OpenID Connect" in answer.text) == (409, True)
    with hub.sessions.read() as session:
        assert session.get_one(Staff, one.id).password is None


def test_an_account_is_reset_with_its_second_factor(administrator: Person) -> None:
    person = make_person(administrator.service, ("auditor", ""), strong=True)
    second = make_person(administrator.service, ("supervisor", ""))
    body = {"user": person.login}
    asked = administrator.call("POST", "/v1/admin/users/reset", json=body)
    # Alone, an administrator could come in as the auditor with the new password.
    assert asked.status_code == 202
    assert person.call("GET", "/v1/session").status_code == 200
    yes = {"approval": asked.json()["approval"], "approve": True}
    assert second.call("POST", "/v1/admin/approvals", json=yes).status_code == 200
    with_it = {**body, "approval": yes["approval"]}
    reset = administrator.call("POST", "/v1/admin/users/reset", json=with_it).json()
    assert person.call("GET", "/v1/session").status_code == 401
    assert person.log_in().status_code == 401
    person.password, person.secret = reset["password"], None
    assert person.log_in().status_code == 200
    assert person.answer["missing"] == ["password", "second-factor"]
    listed = administrator.call("GET", "/v1/admin/users").json()["users"]
    (view,) = [one for one in listed if one["login"] == person.login]
    assert (view["second_factor"], view["must_change_password"]) == (False, True)


def test_a_disabled_account_comes_back_by_two(administrator: Person) -> None:
    person = make_person(administrator.service, ("officer", "32"))
    second = make_person(administrator.service, ("supervisor", ""))
    body = {"user": person.login}
    assert administrator.call("POST", "/v1/admin/users/sign-out", json=body).status_code == 200
    assert person.call("GET", "/v1/session").status_code == 401
    assert administrator.call("POST", "/v1/admin/users/enable", json=body).status_code == 409
    assert administrator.call("POST", "/v1/admin/users/disable", json=body).status_code == 200
    assert person.log_in().status_code == 401
    asked = administrator.call("POST", "/v1/admin/users/enable", json=body)
    assert asked.status_code == 202
    yes = {"approval": asked.json()["approval"], "approve": True}
    assert second.call("POST", "/v1/admin/approvals", json=yes).status_code == 200
    with_it = {**body, "approval": yes["approval"]}
    assert administrator.call("POST", "/v1/admin/users/enable", json=with_it).status_code == 200
    assert person.log_in().status_code == 200


def test_an_account_without_a_guarded_role_is_reset_by_one(administrator: Person) -> None:
    person = make_person(administrator.service, ("officer", "32"))
    body = {"user": person.login}
    assert administrator.call("POST", "/v1/admin/users/reset", json=body).status_code == 200
    assert person.log_in().status_code == 401


def test_an_approver_is_reset_by_two(administrator: Person) -> None:
    supervisor = make_person(administrator.service, ("supervisor", ""))
    body = {"user": supervisor.login}
    # Alone, an administrator could come in as the supervisor, and approve what they asked themselves.
    asked = administrator.call("POST", "/v1/admin/users/reset", json=body)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert supervisor.call("GET", "/v1/session").status_code == 200


def test_honey_and_alarms_are_for_those_who_watch(administrator: Person) -> None:
    body = {"nik": "9999999999990002"}
    assert administrator.call("POST", "/v1/admin/honey", json=body).json() == {"done": True}
    assert administrator.call("GET", "/v1/admin/alarms").status_code == 200
    officer = make_person(administrator.service, ("officer", "32"))
    assert officer.call("POST", "/v1/admin/honey", json=body).status_code == 403
    assert officer.call("GET", "/v1/admin/alarms").status_code == 403


def test_a_client_is_no_administrator(service: Served) -> None:
    headers = make_client(service.hub).headers
    for path in ("users", "clients", "approvals", "alarms"):
        answer = wire.get(f"{service.url}/v1/admin/{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "no-role")
        assert wire.get(f"{service.url}/v1/admin/{path}").status_code == 401


@pytest.mark.parametrize(
    ("held", "more"),
    list(permutations(["auditor", "user-administrator", "key-administrator"], 2)),
)
def test_nobody_is_two_of_auditor_and_administrators(shared: Hub, held: str, more: str) -> None:
    who = make_account(shared, f"x{held[:3]}{more[:3]}", (held, ""))
    with shared.sessions.begin() as session:
        with pytest.raises(AccessError, match="Nobody is two of"):
            roles.grant(session, who, more, "", actor="test", approved_by="test")
        session.rollback()


def test_the_regions_of_one_role_never_widen_another(shared: Hub) -> None:
    who = make_account(shared, "one.role", ("officer", "32"), ("officer", "3301"))
    with shared.sessions.begin() as session:
        assert roles.regions_of(roles.held(session, who)) == ("32", "3301")
        for role, region, error in (
            ("supervisor", "", AccessError),
            ("officer", "32", InputError),
            ("officer", "3", InputError),
            ("programme", "", InputError),
            ("root", "", InputError),
            ("user-administrator", "32", InputError),
        ):
            with pytest.raises(error):
                roles.grant(session, who, role, region, actor="test", approved_by="test")
        session.rollback()


def test_an_approval_expires_and_is_never_used_twice(shared: Hub) -> None:
    content = {"purpose": "profile", "version": 2}

    def demand(approval: str | None = None) -> None:
        approvals.demand(
            shared, "staff-me", "key.destroy", content, summary="profile 2", approval=approval
        )

    with pytest.raises(SecondPersonError) as caught:
        demand()
    number = caught.value.approval
    with pytest.raises(SecondPersonError) as again:
        demand()
    assert again.value.approval == number  # the same request waits once
    with shared.sessions.begin() as session:
        approvals.answer(session, SUPERVISOR, number, approve=True)
    demand(number)
    with shared.sessions.begin() as session:
        held = session.get_one(Approval, number)
        later, held.expires = held.expires, now() - timedelta(seconds=1)
    with pytest.raises(AccessError, match="no longer"):
        demand(number)
    with shared.sessions.begin() as session:
        session.get_one(Approval, number).expires = later
    with shared.sessions.begin() as session:
        used = approvals.use(session, "staff-me", "key.destroy", content, approval=number)
    assert used == SUPERVISOR.id
    with pytest.raises(AccessError):
        demand(number)


def test_who_gains_by_a_request_never_answers_it(shared: Hub) -> None:
    gaining = make_account(shared, "gains.by.it", ("supervisor", "32"))
    with pytest.raises(SecondPersonError) as caught:
        administration.grant_role(shared, "staff-me", gaining, "supervisor", "33", approval=None)
    number = caught.value.approval
    herself = Principal(gaining, "staff", frozenset({"supervisor"}), ("32",))
    for approve in (True, False):
        with shared.sessions.begin() as session, pytest.raises(AccessError, match="themselves"):
            approvals.answer(session, herself, number, approve=approve)
    with shared.sessions.begin() as session:
        approvals.answer(session, SUPERVISOR, number, approve=True)
    given = administration.grant_role(
        shared, "staff-me", gaining, "supervisor", "33", approval=number
    )
    assert given.approved_by == SUPERVISOR.id


@pytest.mark.parametrize(
    ("region", "asked", "allowed"),
    [
        ("32", "3215", True),
        ("32", "33", False),
        ("3215", "32", False),
        ("32", "", False),
        ("", "", True),
    ],
)
def test_a_regional_supervisor_decides_on_roles_of_the_own_region_alone(
    shared: Hub, region: str, asked: str, allowed: bool
) -> None:
    gaining = make_account(shared, f"gains.{region or 'all'}.{asked or 'all'}")
    with pytest.raises(SecondPersonError) as caught:
        administration.grant_role(shared, "staff-me", gaining, "supervisor", asked, approval=None)
    regional = Principal("staff-regional", "staff", frozenset({"supervisor"}), (region,))
    both = replace(regional, roles=frozenset({"supervisor", "user-administrator"}))
    for who, may in ((regional, allowed), (both, True)):
        with shared.sessions.begin() as session:
            if may:
                approvals.answer(session, who, caught.value.approval, approve=True)
                break
            with pytest.raises(AccessError, match="beyond the region"):
                approvals.answer(session, who, caught.value.approval, approve=True)


def test_a_regional_supervisor_decides_on_nothing_of_the_whole_country(shared: Hub) -> None:
    with pytest.raises(SecondPersonError) as caught:
        approvals.demand(
            shared, "staff-me", "key.destroy", {"purpose": "profile", "version": 9},
            summary="profile key, version 9", approval=None,
        )  # fmt: skip
    regional = Principal("staff-regional", "staff", frozenset({"supervisor"}), ("32",))
    for approve in (True, False):
        with shared.sessions.begin() as session, pytest.raises(AccessError, match="beyond"):
            approvals.answer(session, regional, caught.value.approval, approve=approve)


def test_what_was_refused_stays_refused(shared: Hub) -> None:
    def demand(approval: str | None = None) -> None:
        approvals.demand(
            shared, "staff-me", "rights.erase", {"entity": "e"}, summary="one", approval=approval
        )

    with pytest.raises(SecondPersonError) as caught:
        demand()
    number = caught.value.approval
    for wrong in (
        Principal("staff-me", "staff", frozenset({"supervisor"}), ("",)),
        Principal("staff-x", "staff", frozenset({"user-administrator"})),
        Principal("staff-x", "staff", frozenset({"auditor"}), ("",)),
        Principal("staff-x", "client", frozenset({"supervisor"}), ("",), agreement="a"),
    ):
        with shared.sessions.begin() as session, pytest.raises(AccessError):
            approvals.answer(session, wrong, number, approve=True)
    with shared.sessions.begin() as session:
        approvals.answer(session, SUPERVISOR, number, approve=False)
    with pytest.raises(AccessError):
        demand(number)
    with shared.sessions.begin() as session, pytest.raises(InputError):
        approvals.answer(session, SUPERVISOR, number, approve=True)
