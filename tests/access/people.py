"""Staff for tests: they log in over HTTP, keep their cookie and their authenticator."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyotp

from mdm.access import roles, staff
from mdm.access.sessions import COOKIE
from mdm.access.totp import STEP
from mdm.compose import Hub
from tests.access import wire
from tests.api.serving import Served

DEVICE = "__Host-dtsen-device"
PASSWORD = "kuda-lumping-biru-42"


@dataclass
class Person:
    """Somebody with an account, in front of a browser."""

    service: Served
    login: str
    password: str = PASSWORD
    secret: str | None = None
    id: str = ""
    cookie: str | None = None
    csrf: str | None = None
    device: str | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    _steps: int = 0

    def code(self) -> str:
        """The next code that was not used yet: one step ahead at most."""
        assert self.secret
        here = int(time.time()) // STEP
        self._steps = max(self._steps + 1, here - 1)
        while self._steps > int(time.time()) // STEP + 1:
            time.sleep(0.2)
        return pyotp.TOTP(self.secret).at(self._steps * STEP)

    def log_in(self, **more: Any) -> httpx.Response:
        body = {"login": self.login, "password": self.password, **more}
        if self.secret and "code" not in body:
            body["code"] = self.code()
        held = {COOKIE: self.cookie, DEVICE: self.device}
        cookies = "; ".join(f"{name}={value}" for name, value in held.items() if value)
        url = f"{self.service.url}/v1/session"
        answer = wire.post(url, json=body, headers={"Cookie": cookies})
        self._take(answer)
        return answer

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if self.cookie:
            headers["Cookie"] = f"{COOKIE}={self.cookie}"
        if self.csrf and method != "GET":
            headers.setdefault("X-CSRF-Token", self.csrf)
        url = f"{self.service.url}{path}"
        answer = wire.request(method, url, headers=headers, timeout=60, **more)
        if answer.status_code == 200 and path.startswith("/v1/session"):
            self._take(answer)
        return answer

    def set_up_second_factor(self) -> httpx.Response:
        begun = self.call("POST", "/v1/session/second-factor")
        assert begun.status_code == 200, begun.text
        self.secret = begun.json()["secret"]
        return self.call("POST", "/v1/session/second-factor/confirm", json={"code": self.code()})

    def _take(self, answer: httpx.Response) -> None:
        if answer.status_code != 200:
            return
        for said in answer.headers.get_list("set-cookie"):
            name, _, value = said.partition(";")[0].partition("=")
            if name == COOKIE:
                self.cookie = value
            elif name == DEVICE:
                self.device = value
        body = answer.json()
        if "csrf" in body:
            self.csrf, self.answer, self.id = body["csrf"], body, body["id"]


def make_person(
    service: Served, *held: tuple[str, str], login: str | None = None, strong: bool = False
) -> Person:
    """An account with roles, logged in; with a second factor if `strong`."""
    person = Person(service, login or f"p{secrets.token_hex(5)}")
    person.id = make_account(service.hub, person.login, *held)
    assert person.log_in().status_code == 200
    if strong:
        assert person.set_up_second_factor().status_code == 200
    return person


def make_account(hub: Hub, login: str, *held: tuple[str, str]) -> str:
    """An account with roles and the password of tests; its id."""
    with hub.sessions.begin() as session:
        made = staff.create(session, login, PASSWORD, actor="test", until=None)
        for role, region in held:
            roles.grant(session, made.id, role, region, actor="test", approved_by="test")
        return made.id
