"""Login by OpenID Connect against a real issuer over HTTPS, and all that must not get through."""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlmodel import select

from mdm.access import staff
from mdm.access.sessions import COOKIE
from mdm.compose import Hub
from mdm.errors import RuleError
from mdm.homes import create_home
from mdm.hub.tables import LoginFlow, Staff
from tests.access import wire
from tests.access.issuer import CLIENT, SECRET, Issuer, issuer
from tests.api.serving import Served, served

FLOW = "__Host-dtsen-flow"
GROUPS = {
    "dtsen-officers-32": [{"role": "officer", "region": "32"}],
    "dtsen-auditors": [{"role": "auditor"}],
    "dtsen-users": [{"role": "user-administrator"}],
}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with issuer(tmp_path_factory.mktemp("issuer")) as running:
        yield running


def settings(here: Issuer, secret: Path) -> dict[str, Any]:
    """What an operator would write into dtsen.yaml."""
    secret.write_text(SECRET + "\n")
    here.redirect_uri = "https://hub.test/v1/session/oidc/callback"
    oidc = {
        "issuer": here.url,
        "client_id": CLIENT,
        "secret_file": str(secret),
        "ca_file": str(here.ca_file),
        "groups": GROUPS,
    }
    return {"issuer": "https://hub.test", "oidc": oidc}


@pytest.fixture(scope="module")
def service(here: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("oidc")
    hub = create_home(root / "home", access=settings(here, root / "secret"))
    with served(hub, real_identity=True) as running:
        yield running
    hub.close()


@pytest.fixture(autouse=True)
def straight(here: Issuer) -> None:
    """The issuer as it should be, an officer in front of it."""
    here.bend, here.bend_header, here.padding = {}, {}, 0
    here.person = {"sub": "person-1", "groups": ["dtsen-officers-32", "unrelated"]}


class Browser:
    """Goes to the issuer and comes back, with the cookies it was given."""

    def __init__(self, service: Served, here: Issuer) -> None:
        self.service, self.here = service, here
        started = wire.get(f"{service.url}/v1/session/oidc")
        assert started.status_code == 302, started.text
        self.started = started
        self.flow = started.headers["set-cookie"].partition("=")[2].partition(";")[0]
        self.asked = parse_qs(urlsplit(started.headers["location"]).query)

    def authorize(self) -> dict[str, str]:
        """What the issuer sends back with."""
        with httpx.Client(verify=ssl.create_default_context(cafile=self.here.ca_file)) as client:
            sent = client.get(self.started.headers["location"])
        assert sent.status_code == 302, sent.text
        assert sent.headers["location"].startswith(self.here.redirect_uri)
        back = parse_qs(urlsplit(sent.headers["location"]).query)
        return {name: values[0] for name, values in back.items()}

    def back(
        self, params: dict[str, str], flow: str | None = None, accept: str = "*/*"
    ) -> httpx.Response:
        cookie = f"{FLOW}={self.flow if flow is None else flow}"
        headers = {"Cookie": cookie, "Accept": accept}
        url = f"{self.service.url}/v1/session/oidc/callback"
        return wire.get(url, params=params, headers=headers)


def packed(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def log_in(service: Served, here: Issuer) -> httpx.Response:
    browser = Browser(service, here)
    return browser.back(browser.authorize())


def test_the_groups_of_the_issuer_give_roles_and_regions(service: Served, here: Issuer) -> None:
    answer = log_in(service, here)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["roles"], said["regions"], said["missing"]) == (["officer"], ["32"], [])
    secret = next(
        cookie.partition("=")[2].partition(";")[0]
        for cookie in answer.headers.get_list("set-cookie")
        if cookie.startswith(f"{COOKIE}=")
    )
    me = wire.get(f"{service.url}/v1/session", headers={"Cookie": f"{COOKIE}={secret}"})
    assert me.json()["id"] == said["id"]
    assert log_in(service, here).json()["id"] == said["id"]  # the same person, the same account


def test_a_browser_comes_back_to_a_page_that_leads_on(service: Served, here: Issuer) -> None:
    browser = Browser(service, here)
    answer = browser.back(browser.authorize(), accept="text/html")
    assert answer.status_code == 200
    # Not a redirect: the session's cookie is for requests that our own pages begin.
    assert 'content="0; url=/"' in answer.text
    assert any(said.startswith(f"{COOKIE}=") for said in answer.headers.get_list("set-cookie"))
    again = browser.back({"state": "x", "code": "y"}, accept="text/html")
    assert again.status_code == 401
    assert "tidak dapat dipakai" in again.text


def test_what_is_sent_to_the_issuer_is_new_every_time(service: Served, here: Issuer) -> None:
    one, two = Browser(service, here), Browser(service, here)
    for name in ("state", "nonce", "code_challenge"):
        assert one.asked[name] != two.asked[name]
        assert len(one.asked[name][0]) >= 43
    said = one.started.headers["set-cookie"].lower()
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= {
        part.strip() for part in said.split(";")
    }


def test_a_flow_belongs_to_its_browser_and_works_once(service: Served, here: Issuer) -> None:
    victim, attacker = Browser(service, here), Browser(service, here)
    theirs = attacker.authorize()
    # Login CSRF: the attacker's code in the victim's browser.
    assert victim.back(theirs).status_code == 401
    browser = Browser(service, here)
    params = browser.authorize()
    assert browser.back(params, flow="").status_code == 401
    assert browser.back({**params, "state": "x" * 43}).status_code == 401
    assert browser.back(params).status_code == 401  # the wrong state used the flow up
    browser = Browser(service, here)
    params = browser.authorize()
    assert browser.back(params).status_code == 200
    assert browser.back(params).status_code == 401


def test_a_stolen_code_is_no_good_without_its_verifier(service: Served, here: Issuer) -> None:
    stolen = Browser(service, here).authorize()["code"]
    thief = Browser(service, here)
    assert thief.back({**thief.authorize(), "code": stolen}).status_code == 401


def test_an_issuer_that_does_not_answer_as_it_should_is_no_fault_of_who_logs_in(
    service: Served, here: Issuer
) -> None:
    here.padding = 300_000
    answer = log_in(service, here)
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer")


def test_every_bent_id_token_is_refused(service: Served, here: Issuer) -> None:
    moment = int(time.time())
    bends: dict[str, dict[str, Any]] = {
        "another issuer": {"iss": "https://elsewhere"},
        "another audience": {"aud": "somebody"},
        "several audiences": {"aud": [CLIENT, "somebody"]},
        "another party": {"azp": "somebody"},
        "another nonce": {"nonce": "x"},
        "no nonce": {"nonce": None},
        "expired": {"exp": moment - 60},
        "no end": {"exp": None},
        "made later": {"iat": moment + 600},
        "no subject": {"sub": None},
        "no groups": {"groups": None},
        "groups as a text": {"groups": "dtsen-officers-32"},
        "groups that give nothing": {"groups": ["unrelated"]},
        "two roles apart": {"groups": ["dtsen-auditors", "dtsen-users"]},
    }
    said = set()
    for why, bend in bends.items():
        here.bend = bend
        answer = log_in(service, here)
        assert answer.status_code == 401, why
        said.add(answer.json()["detail"])
    here.bend = {}
    here.bend_header = {"kid": "x"}
    assert log_in(service, here).status_code == 401
    assert len(said) == 1


def test_the_issuers_public_key_is_no_shared_secret(
    service: Served, here: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Algorithm confusion and `none`: what an attacker between the two would send."""
    public = here.key.as_pem(private=False)
    real = Issuer.id_token

    def confused(self: Issuer, nonce: str) -> str:
        header = json.dumps({"alg": "HS256", "kid": self.key.kid}).encode()
        said = f"{packed(header)}.{real(self, nonce).split('.')[1]}"
        return f"{said}.{packed(hmac.digest(public, said.encode(), hashlib.sha256))}"

    def unsigned(self: Issuer, nonce: str) -> str:
        return "eyJhbGciOiJub25lIn0." + real(self, nonce).split(".")[1] + "."

    for forge in (confused, unsigned):
        monkeypatch.setattr(Issuer, "id_token", forge)
        assert log_in(service, here).status_code == 401


def test_a_guarded_role_needs_the_issuer_to_vouch_for_a_second_factor(
    service: Served, here: Issuer
) -> None:
    here.person = {"sub": "auditor-1", "groups": ["dtsen-auditors"]}
    weak = log_in(service, here).json()
    assert (weak["roles"], weak["missing"]) == ([], ["second-factor"])
    here.person["amr"] = ["pwd", "otp"]
    strong = log_in(service, here).json()
    assert (strong["roles"], strong["missing"]) == (["auditor"], [])


def test_a_disabled_account_does_not_come_back(service: Served, here: Issuer) -> None:
    here.person["sub"] = "person-2"
    who = log_in(service, here).json()["id"]
    with service.hub.sessions.begin() as session:
        staff.disable(session, staff.find(session, who), actor="test")
    assert log_in(service, here).status_code == 401


def test_neither_verifier_nor_flow_nor_name_is_kept_in_plain(service: Served, here: Issuer) -> None:
    here.person = {**here.person, "sub": "siti-aminah", "preferred_username": "siti.aminah"}
    assert log_in(service, here).status_code == 200
    browser = Browser(service, here)
    with service.hub.sessions.read() as session:
        flows = session.exec(select(LoginFlow)).all()
        logins = session.exec(select(Staff.login)).all()
    assert flows
    for flow in flows:
        assert browser.flow.encode() not in bytes(flow.id_hash) + bytes(flow.verifier)
        assert len(flow.verifier) > 43  # sealed: longer than what it holds
    assert not any("siti" in login for login in logins)


def test_a_new_key_of_the_issuer_is_fetched(
    service: Served, here: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mdm.access.issuer.AGAIN", 0.0)
    assert log_in(service, here).status_code == 200
    here.rotate()
    assert log_in(service, here).status_code == 200


def test_an_issuer_that_says_it_is_another_is_not_used(here: Issuer, tmp_path: Path) -> None:
    from mdm.access.issuer import Issuer as Known  # noqa: PLC0415
    from mdm.access.issuer import IssuerError  # noqa: PLC0415
    from mdm.settings.access import OidcSettings  # noqa: PLC0415

    settings = OidcSettings(issuer=here.url, client_id=CLIENT, ca_file=here.ca_file)
    for wrong in (
        {"issuer": "https://elsewhere"},
        {"token_endpoint": "http://127.0.0.1/token"},
        {"code_challenge_methods_supported": ["plain"]},
    ):
        here.metadata = wrong
        with pytest.raises(IssuerError):
            _ = Known(settings).authorization_endpoint
    here.metadata = {}
    with pytest.raises(IssuerError, match="does not answer"):
        # Without its authority the certificate is not believed.
        _ = Known(OidcSettings(issuer=here.url, client_id=CLIENT)).authorization_endpoint


def test_a_group_gives_only_what_there_is(here: Issuer, tmp_path: Path) -> None:
    for given, said in (
        ({"role": "ofiser"}, "officer"),
        ({"role": "officer", "region": "3299"}, "3201"),
        ({"role": "user-administrator", "region": "32"}, "not held for a region"),
    ):
        access = settings(here, tmp_path / "secret")
        access["oidc"]["groups"] = {"some": [given]}
        with pytest.raises(RuleError, match=said):
            create_home(tmp_path / given["role"], access=access)


def test_without_an_issuer_there_is_no_such_login(hub: Hub) -> None:
    with served(hub, real_identity=True) as running:
        answer = wire.get(f"{running.url}/v1/session/oidc")
    assert answer.status_code == 403


def test_the_whole_flow_on_each_database(here: Issuer, hub_url: str, tmp_path: Path) -> None:
    access = settings(here, tmp_path / "secret")
    hub = create_home(tmp_path / "home", database_url=hub_url, access=access)
    with served(hub, real_identity=True) as running:
        first, second = log_in(running, here), log_in(running, here)
    hub.close()
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["id"] == second.json()["id"]
