"""Keys and rights over HTTP: who may, what is refused, and that a restriction hides at once."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mdm.access import Principal
from mdm.access.alarms import alarms
from mdm.access.honey import add_honey
from mdm.audit.search import Wanted, entries
from mdm.compose import Hub
from mdm.homes import create_home
from tests.api.serving import Served, served
from tests.api.world import fill, programme, staff
from tests.keys.approving import approve
from tests.publish.golden import SITI

ASKED = {"purpose": "subject_access", "basis": "uu27-2022-art41", "nik": SITI}
KEEPER = staff("key-administrator", "")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A served hub of this module's own: it changes."""
    hub = create_home(tmp_path_factory.mktemp("routes") / "home")
    with served(fill(hub)) as running:
        yield running
    hub.close()


def seen(service: Served) -> int:
    """The status a programme gets when it looks SITI up."""
    asked = {"nik": SITI, "purpose": "assistance"}
    with service.client(programme()) as client:
        return client.post("/v1/profiles/lookup", json=asked).status_code


def ask(service: Served, who: Principal, path: str, **asked: object) -> httpx.Response:
    with service.client(who) as client:
        return client.post(path, json=asked)


def test_an_administrator_of_keys_sees_and_rotates_them(service: Served) -> None:
    with service.client(KEEPER) as client:
        keys = client.get("/v1/keys").json()["keys"]
        assert {key["purpose"] for key in keys} >= {"root", "profile", "identifier", "lake"}
        assert client.post("/v1/keys/rotate", json={"purpose": "profile"}).json() == {
            "purpose": "profile",
            "version": 2,
            "next": "dtsen keys rewrap profile",
        }
        states = {
            (key["purpose"], key["version"]): key["state"]
            for key in client.get("/v1/keys").json()["keys"]
        }
        assert states["profile", 1] == "decrypt-only"
        wrong = client.post("/v1/keys/rotate", json={"purpose": "everything"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")
    assert seen(service) == 200


@pytest.mark.parametrize("role", ["steward", "supervisor", "officer", "auditor"])
def test_nobody_else_rotates_a_key(service: Served, role: str) -> None:
    answer = ask(service, staff(role, ""), "/v1/keys/rotate", purpose="profile")
    assert answer.status_code == 403


def test_a_restriction_hides_from_programmes_until_it_is_lifted(service: Served) -> None:
    supervisor = staff("supervisor", "32")
    assert seen(service) == 200
    made = ask(service, supervisor, "/v1/rights/restrict", **ASKED)
    assert made.status_code == 200, made.text
    assert seen(service) == 404
    again = ask(service, supervisor, "/v1/rights/restrict", **ASKED)
    assert again.json() == made.json()
    subject = {name: value for name, value in ASKED.items() if name != "nik"}
    subject["subject"] = made.json()["subject"]
    lifted = ask(service, supervisor, "/v1/rights/lift", **subject)
    assert lifted.json()["lifted"] == 1
    assert seen(service) == 200


def test_another_region_and_nobody_look_the_same(service: Served) -> None:
    elsewhere = ask(service, staff("supervisor", "35"), "/v1/rights/restrict", **ASKED)
    nobody = ask(
        service, staff("supervisor", ""), "/v1/rights/restrict", **ASKED | {"nik": "3" * 16}
    )
    unlike = ("request_id",)
    bodies = [
        {name: value for name, value in answer.json().items() if name not in unlike}
        for answer in (elsewhere, nobody)
    ]
    assert (elsewhere.status_code, nobody.status_code) == (404, 404)
    assert bodies[0] == bodies[1]


def test_whoever_asks_for_a_number_that_nobody_has_is_noticed(service: Served) -> None:
    hub, nobody = service.hub, "3201010101900999"
    with hub.sessions.begin() as session:
        assert add_honey(hub, session, nobody, actor="test")
    curious, auditor = staff("supervisor", "32"), staff("auditor", "")
    asked = {"purpose": "audit", "nik": nobody}
    for who, path, body in (
        (curious, "/v1/rights/restrict", ASKED | {"nik": nobody}),
        (auditor, "/v1/audit/trace", asked),
        (auditor, "/v1/subjects/report", asked | {"purpose": "subject_access"}),
    ):
        assert ask(service, who, path, **body).status_code == 404, path
    with hub.sessions.read() as session:
        raised = {(one.kind, one.principal) for one in alarms(session)}
        looks = list(entries(session, Wanted(actor=auditor.id, action="look")))
    assert {("honey", curious.id), ("honey", auditor.id)} <= raised
    assert [look.details["found"] for look in looks] == [False, False]


@pytest.mark.parametrize(
    "change",
    [{"purpose": "assistance"}, {"purpose": "none_such"}, {"nik": "12"}, {"nik": None}, {"x": 1}],
)
def test_a_bad_request_changes_nothing(service: Served, change: dict[str, object]) -> None:
    answer = ask(service, staff("supervisor", "32"), "/v1/rights/restrict", **ASKED | change)
    assert answer.status_code in (403, 422)
    assert seen(service) == 200


def test_an_erasure_waits_for_a_second_person_and_then_is_for_ever(service: Served) -> None:
    hub: Hub = service.hub
    supervisor = staff("supervisor", "32")
    asked = ASKED | {"basis": "uu27-2022-art43"}
    waits = ask(service, supervisor, "/v1/rights/erase", **asked)
    assert waits.status_code == 202
    assert seen(service) == 200
    approval = approve(hub, waits.json()["approval"])
    done = ask(service, supervisor, "/v1/rights/erase", **asked, approval=approval)
    assert done.status_code == 200, done.text
    assert len(done.json()["entities"]) == 1
    assert seen(service) == 404
    assert ask(service, supervisor, "/v1/rights/erase", **asked).status_code == 404
