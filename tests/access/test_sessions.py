"""Staff at the door, over HTTP on a real server: what lets them in, what does not, how it ends."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlmodel import select

from mdm.access import devices, roles, staff
from mdm.access.errors import NotIdentifiedError
from mdm.access.login import Attempt, log_in
from mdm.access.sessions import COOKIE, _mac, open_session
from mdm.audit.search import Wanted, entries
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import RoleGrant, Staff, StaffSession
from tests.access import wire
from tests.access.people import PASSWORD, Person, make_person
from tests.api.serving import Served


def test_an_administrator_has_no_role_before_the_second_factor(service: Served) -> None:
    person = make_person(service, ("user-administrator", ""))
    assert person.answer["missing"] == ["second-factor"]
    assert person.answer["roles"] == []
    refused = person.call("GET", "/v1/admin/users")
    assert (refused.status_code, refused.json()["code"]) == (403, "second-factor-first")
    assert "/v1/session/second-factor" in refused.json()["hint"]
    # That would not help where none of the roles covers it.
    assert person.call("GET", "/v1/snapshots").json()["code"] == "no-role"
    assert person.set_up_second_factor().status_code == 200
    assert person.answer["roles"] == ["user-administrator"]
    assert person.call("GET", "/v1/admin/users").status_code == 200
    # From now on the password alone does not let anybody in.
    assert Person(service, person.login).log_in().status_code == 401
    assert person.log_in().status_code == 200


def test_who_must_choose_a_password_first_is_told_so(service: Served) -> None:
    hub, login = service.hub, f"p{secrets.token_hex(5)}"
    with hub.sessions.begin() as session:
        until = now() + timedelta(hours=1)
        made = staff.create(session, login, PASSWORD, actor="test", until=until)
        for role in ("supervisor", "user-administrator"):
            roles.grant(session, made.id, role, "", actor="test", approved_by="test")
    person = Person(service, login)
    assert person.log_in().json()["missing"] == ["password", "second-factor"]
    for path in ("/v1/admin/users", "/v1/snapshots"):
        refused = person.call("GET", path)
        assert (refused.status_code, refused.json()["code"]) == (403, "password-first")
        assert "/v1/session/password" in refused.json()["hint"]
    new = {"old": PASSWORD, "new": "gamelan-hijau-tenang-7"}
    assert person.call("POST", "/v1/session/password", json=new).status_code == 200
    assert person.call("GET", "/v1/snapshots").status_code == 200
    assert person.call("GET", "/v1/admin/users").json()["code"] == "second-factor-first"


def test_a_code_lets_in_once(administrator: Person) -> None:
    code = administrator.code()
    assert administrator.log_in(code=code).status_code == 200
    assert administrator.log_in(code=code).status_code == 401
    assert administrator.log_in(code="000000").status_code == 401
    once = Attempt(administrator.login, administrator.password, administrator.code())
    with ThreadPoolExecutor(4) as several:
        let_in = list(several.map(lambda _: _let_in(administrator.service.hub, once), range(4)))
    assert sum(let_in) == 1


def test_a_one_time_password_that_ran_out_lets_nobody_in_and_is_on_record(service: Served) -> None:
    hub, login = service.hub, f"p{secrets.token_hex(5)}"

    def said() -> list[str]:
        with hub.sessions.read() as session:
            found = entries(session, Wanted(actor="hub"))
            return sorted(one.action for one in found if one.details.get("user") == late.id)

    with hub.sessions.begin() as session:
        over = now() - timedelta(minutes=1)
        late = staff.create(session, login, PASSWORD, actor="test", until=over)
    wrong = Person(service, login, password="bukan-sandinya-44").log_in()
    assert (wrong.json()["code"], said()) == ("login-failed", ["session.try"])
    answer = Person(service, login).log_in()
    assert (answer.status_code, answer.json()["code"]) == (401, "one-time-over")
    assert "set-cookie" not in answer.headers
    assert said() == ["session.late", "session.try", "session.try"]
    with hub.sessions.read() as session:  # the history of the account tells it
        about = {one.action for one in entries(session, Wanted(subjects=(late.id,)))}
    assert "session.late" in about
    # The attempts count on: to guess is no cheaper because the time is over.
    for _ in range(4):
        code = Person(service, login).log_in().json()["code"]
    assert code == "login-failed"
    # With a second factor, its code is used up.
    strong = make_person(service, ("auditor", ""), strong=True)
    with hub.sessions.begin() as session:
        session.get_one(Staff, strong.id).one_time_until = over
    code = strong.code()
    assert strong.log_in(code=code).json()["code"] == "one-time-over"
    with hub.sessions.begin() as session:
        session.get_one(Staff, strong.id).one_time_until = None
    assert strong.log_in(code=code).status_code == 401
    assert strong.log_in().status_code == 200


def _let_in(hub: Hub, attempt: Attempt) -> bool:
    try:
        log_in(hub, attempt)
    except NotIdentifiedError:
        return False
    return True


def test_the_cookie_is_host_bound_and_hidden_from_scripts(service: Served) -> None:
    person = Person(service, make_person(service, ("officer", "32")).login)
    said = person.log_in().headers["set-cookie"].lower()
    assert said.startswith("__host-dtsen=")
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= {
        part.strip() for part in said.split(";")
    }
    assert "domain" not in said


def test_a_nul_at_the_door_is_no_fault(service: Served) -> None:
    said = {"login": "siti\0", "password": "kuda-lumping-biru-42"}
    answer = wire.post(f"{service.url}/v1/session", json=said)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_every_login_has_a_session_of_its_own_and_only_its_hash_is_kept(service: Served) -> None:
    person = make_person(service, ("officer", "32"))
    first = person.cookie
    # A session id that somebody else chose is not taken over.
    body = {"login": person.login, "password": person.password}
    chosen = {"Cookie": f"{COOKIE}={first}"}
    answer = wire.post(f"{service.url}/v1/session", json=body, headers=chosen)
    assert answer.status_code == 200
    assert first not in answer.headers["set-cookie"]
    with service.hub.sessions.read() as session:
        hashes = session.exec(select(StaffSession.id_hash)).all()
    assert first is not None
    assert sha256(first.encode()).digest() not in hashes  # it ended with the login after it
    new = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert sha256(new.encode()).digest() in hashes
    assert new.encode() not in hashes


def test_logging_out_ends_the_session(service: Served) -> None:
    person = make_person(service, ("officer", "32"))
    assert person.call("GET", "/v1/session").json()["regions"] == ["32"]
    assert person.call("DELETE", "/v1/session").status_code == 204
    assert person.call("GET", "/v1/session").status_code == 401


def test_a_role_that_left_the_rules_gives_nothing_and_breaks_nothing(service: Served) -> None:
    """As an upgrade leaves it: the rules have lost a role that is still held, or vouched for."""
    person, vouched = make_person(service, ("officer", "32")), make_person(service)
    with service.hub.sessions.begin() as session:
        session.add(
            RoleGrant(
                id="grant-old", staff_id=person.id, role="registrar", region="", granted_by="test"
            )
        )
        vouched.cookie = open_session(
            service.hub, session, vouched.id, second_factor=False, roles=[("registrar", "")]
        )
    said = person.call("GET", "/v1/session")
    assert (said.status_code, said.json()["roles"]) == (200, ["officer"])
    assert person.log_in().status_code == 200
    with service.hub.sessions.begin() as session:  # another role can be given all the same
        roles.grant(session, person.id, "officer", "33", actor="test", approved_by="test")
    over = vouched.call("GET", "/v1/session")
    assert (over.status_code, over.json()["code"]) == (401, "not-identified")


def test_a_change_needs_the_token_of_its_own_session(service: Served) -> None:
    person, other = (make_person(service, ("officer", "32")) for _ in range(2))
    for wrong in ("", "x", other.csrf or ""):
        answer = person.call("DELETE", "/v1/session", headers={"X-CSRF-Token": wrong})
        assert answer.status_code == 403
        assert answer.json()["code"] == "csrf"
    assert person.call("GET", "/v1/session").status_code == 200


def test_wrong_passwords_make_the_account_wait_and_all_refusals_look_the_same(
    service: Served,
) -> None:
    person = make_person(service, ("officer", "32"))
    person.device, seen = None, []
    for _ in range(5):
        seen.append(person.log_in(password="wrong-wrong-wrong"))
    seen.append(person.log_in())  # the right one, but the account waits
    seen.append(Person(service, "nobody.here").log_in())
    assert {answer.status_code for answer in seen} == {401}
    bodies = [{k: v for k, v in one.json().items() if k != "request_id"} for one in seen]
    assert all(body == bodies[0] for body in bodies)
    with service.hub.sessions.read() as session:
        held = session.exec(select(Staff).where(Staff.login == person.login)).one()
    assert held.failures == 5
    assert held.locked_until is not None


def test_a_disabled_account_is_out_at_once(administrator: Person) -> None:
    person = make_person(administrator.service, ("officer", "32"))
    gone = administrator.call("POST", "/v1/admin/users/disable", json={"user": person.login})
    assert gone.status_code == 200, gone.text
    assert person.call("GET", "/v1/session").status_code == 401
    assert person.log_in().status_code == 401


def test_a_password_of_somebody_else_is_changed_before_anything(administrator: Person) -> None:
    made = administrator.call("POST", "/v1/admin/users", json={"login": "budi.s"}).json()
    person = Person(administrator.service, "budi.s", password=made["password"])
    assert person.log_in().status_code == 200
    assert person.answer["missing"] == ["password"]
    new = {"old": person.password, "new": PASSWORD}
    too_plain = person.call("POST", "/v1/session/password", json={**new, "new": "aaaaaaaaaaaaaa"})
    for _ in range(5):  # a new one that is not fit is no wrong attempt
        assert too_plain.status_code == 422
        too_plain = person.call("POST", "/v1/session/password", json={**new, "new": "a" * 14})
    before = person.cookie
    assert person.call("POST", "/v1/session/password", json=new).status_code == 200
    assert person.answer["missing"] == []
    assert person.cookie != before
    old = {"Cookie": f"{COOKIE}={before}"}
    assert wire.get(f"{person.service.url}/v1/session", headers=old).status_code == 401


def test_a_session_ends_by_idleness_and_by_age(service: Served) -> None:
    ahead = -timedelta(days=30)  # of a clock that was set back since: it lengthens no session
    ends = ("seen", timedelta(minutes=31)), ("expires", timedelta(hours=11)), ("seen", ahead)
    for column, back in ends:
        person = make_person(service, ("officer", "32"))
        assert person.call("GET", "/v1/session").status_code == 200
        with service.hub.sessions.begin() as session:
            query = select(StaffSession).where(StaffSession.staff_id == person.id)
            for running in session.exec(query).all():
                setattr(running, column, now() - back)
                running.mac = _mac(service.hub, running)
        assert person.call("GET", "/v1/session").status_code == 401


def test_nobody_makes_their_session_another_s_in_the_database(service: Served) -> None:
    person, other = (make_person(service, ("officer", "32")) for _ in range(2))
    assert person.call("GET", "/v1/session").status_code == 200
    with service.hub.sessions.begin() as session:
        mine = session.exec(select(StaffSession).where(StaffSession.staff_id == person.id)).one()
        mine.staff_id = other.id
    assert person.call("GET", "/v1/session").status_code == 401
    assert other.call("GET", "/v1/session").status_code == 200


def test_who_guesses_does_not_lock_the_owner_out(service: Served) -> None:
    owner = make_person(service, ("officer", "32"))
    assert owner.device
    guesser = Person(service, owner.login, password="wrong-wrong-wrong")
    for _ in range(5):
        assert guesser.log_in().status_code == 401
    stranger = Person(service, owner.login)
    assert stranger.log_in().status_code == 401  # the right password, but the account waits
    assert owner.log_in().status_code == 200  # the browser that came in before
    other = make_person(service, ("officer", "32"))
    for _ in range(5):
        guesser.log_in()
    stranger.device = other.device  # a token of another account is no help
    assert stranger.log_in().status_code == 401


def test_a_stolen_device_has_few_attempts(shared: Hub) -> None:
    device = devices.new_device(shared, "staff-1")
    assert devices.known(shared, "staff-1", device)
    for wrong in (device + "x", "x" + device, device[:-2], "", ".", "é", "x" * 200, None):
        assert not devices.known(shared, "staff-1", wrong)
    assert not devices.known(shared, "staff-2", device)
    at = datetime(2026, 11, 21, 10, tzinfo=UTC)
    with shared.sessions.begin() as session:
        tried = [
            devices.may_try(session, device, at + timedelta(minutes=minute))
            for minute in range(6)
            for _ in range(6)
        ]
    in_a_minute = [True] * devices.PER_MINUTE + [False]
    assert tried == [*in_a_minute * 5, *[False] * 6]  # 30 a day, the refused ones among them


def test_logging_in_again_ends_the_session_before(service: Served) -> None:
    person = make_person(service, ("officer", "32"))
    before = {"Cookie": f"{COOKIE}={person.cookie}"}
    assert person.log_in().status_code == 200
    assert wire.get(f"{service.url}/v1/session", headers=before).status_code == 401
    assert person.call("GET", "/v1/session").status_code == 200
