"""`dtsen admin` as an operator uses it: accounts, roles, clients, honey; no secret on the line."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest

from api.web.accounts.agreeing import of_client
from mdm.access.assertions import exchange
from mdm.access.budgets import Budgets, Charge
from mdm.access.demo import demo_client
from mdm.access.gate import Gate
from mdm.access.login import begin_second_factor, confirm_second_factor
from mdm.cli.app import call
from mdm.compose import Hub
from mdm.homes import create_home, open_home
from mdm.hub.tables import Client
from tests.access.clients import TestClient
from tests.access.people import PASSWORD, make_account

Dtsen = Callable[..., Any]


@pytest.fixture
def dtsen(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Dtsen:
    """Call a verb on a home; its JSON answer, or its exit code and message when it fails."""
    create_home(home).close()

    def run(*arguments: str | Path, stdin: str = "", fails: int = 0) -> Any:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = call(["--home", str(home), "--json", *(str(argument) for argument in arguments)])
        seen = capsys.readouterr()
        assert code == fails, seen.err
        return json.loads(seen.out)

    return run


def terms(**changes: str) -> list[str]:
    said = {
        "--agreement": "PKS/2026/9",
        "--from": "2026-01-01",
        "--to": "2030-12-31",
        "--programme": "PKH",
        "--purpose": "assistance",
        "--region": "32",
        **changes,
    }
    return [word for pair in said.items() for word in pair]


def test_the_first_roles_are_granted_here_later_ones_take_a_second_person(
    dtsen: Dtsen, home: Path
) -> None:
    assert Path(dtsen("admin", "setup-token")["file"]).stat().st_mode & 0o777 == 0o600
    for login in ("siti", "budi", "made"):
        dtsen("admin", "user", "add", login, stdin=f"{PASSWORD}\n")
    dtsen("admin", "role", "grant", "siti", "user-administrator")
    dtsen("admin", "role", "grant", "budi", "supervisor", "--region", "32")
    refused = dtsen("admin", "role", "grant", "made", "auditor", fails=7)
    assert "approval of another person" in refused["error"]["message"]
    (waits,) = dtsen("admin", "approvals", "list")["approvals"]
    assert waits["action"] == "role.grant"
    # Closing takes one, opening again two.
    dtsen("admin", "user", "sign-out", "budi")
    dtsen("admin", "user", "disable", "budi")
    dtsen("admin", "user", "enable", "budi", fails=7)
    (other,) = [
        one["id"]
        for one in dtsen("admin", "approvals", "list")["approvals"]
        if one["action"] == "user.enable"
    ]
    dtsen("admin", "approvals", "withdraw", other)
    dtsen("admin", "approvals", "withdraw", other, fails=4)
    # Taking roles away does not bring the time without a second person back.
    dtsen("admin", "role", "revoke", "siti", "user-administrator")
    dtsen("admin", "role", "grant", "made", "key-administrator", fails=7)
    hub = open_home(home)
    approver = make_account(hub, "ketut", ("supervisor", ""))
    hub.close()
    yes = ("admin", "approvals", "approve", waits["id"], "--as", "ketut")
    dtsen(*yes, stdin="wrong-wrong-wrong\n\n", fails=7)
    dtsen(*yes, stdin=f"{PASSWORD}\n\n")
    dtsen("admin", "role", "grant", "made", "auditor", "--approval", waits["id"])
    users = {one["login"]: one for one in dtsen("admin", "user", "list")["users"]}
    assert users["made"]["roles"] == ["auditor"]
    assert users["siti"]["roles"] == []
    assert approver == users["ketut"]["id"]


def test_a_client_is_added_with_a_key_made_here(dtsen: Dtsen, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "client.jwk"
    made = dtsen("admin", "client", "add", "pkh-jabar", *terms(), "--make-key", file)
    assert file.stat().st_mode & 0o777 == 0o600
    dtsen("admin", "client", "add", "other", *terms(), "--make-key", file, fails=4)
    hub = open_home(home)
    client = TestClient(hub, made["id"], "pkh-jabar", json.loads(file.read_text()))
    with hub.sessions.read() as session:  # the days of Jakarta, as the pages show them
        form = of_client(session.get_one(Client, made["id"]))
    assert (form.since, form.until) == ("2026-01-01", "2030-12-31")
    principal = Gate(hub).client(client.token())
    assert (principal.regions, principal.programmes) == (("32",), frozenset({"PKH"}))
    # The file is all that the calls of the README take: it knows whose key it is.
    signed = dtsen("admin", "client", "assertion", "--key", file)["assertion"]
    assert exchange(hub, signed)[1].principal.id == made["id"]
    # Nor does it take the hub's home, where the address is named.
    elsewhere = ("--issuer", hub.settings.access.issuer + "/", "--home", tmp_path / "nowhere")
    signed = dtsen("admin", "client", "assertion", "--key", file, *elsewhere)["assertion"]
    assert exchange(hub, signed)[1].principal.id == made["id"]
    hub.close()
    dtsen("admin", "client", "rotate-key", "pkh-jabar", "--key", file, fails=4)  # a private key
    kid = json.loads(file.read_text())["kid"]
    dtsen("admin", "client", "withdraw-key", "pkh-jabar", kid)
    dtsen("admin", "client", "withdraw-key", "pkh-jabar", kid, fails=4)  # not in use any more
    dtsen("admin", "client", "withdraw-key", "pkh-jabar", "-h" + kid[2:], fails=4)  # no option
    dtsen("admin", "client", "disable", "pkh-jabar")
    (listed,) = dtsen("admin", "client", "list")["clients"]
    assert (listed["state"], listed["agreement"]) == ("disabled", "PKS/2026/9")
    assert listed["until"] == "2030-12-31"
    dtsen("admin", "client", "enable", "pkh-jabar")
    dtsen("admin", "client", "enable", "pkh-jabar", fails=4)


def test_an_amended_agreement_speaks_at_once_and_the_old_one_is_kept(
    dtsen: Dtsen, home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "client.jwk"
    made = dtsen("admin", "client", "add", "pkh-jabar", *terms(), "--make-key", file)
    amend = ("admin", "client", "amend", "pkh-jabar")
    dtsen(*amend, *terms(), fails=4)  # nothing would change
    dtsen(*amend, *terms(**{"--from": "2029-01-01"}), fails=4)  # shut out until then
    monitor = ("--agreement", "PKS/2026/9", "--from", "2026-01-01", "--to", "2030-12-31")
    dtsen(*amend, *monitor, "--monitor", fails=4)
    wider = terms(**{"--agreement": "PKS/2026/9-A1", "--region": "33"})
    assert dtsen(*amend, *wider) == {"version": 2}
    hub = open_home(home)
    client = TestClient(hub, made["id"], "pkh-jabar", json.loads(file.read_text()))
    assert Gate(hub).client(client.token()).regions == ("33",)
    hub.close()
    (before,) = dtsen("admin", "client", "history", "pkh-jabar")["versions"]
    assert (before["version"], before["agreement"], before["regions"]) == (1, "PKS/2026/9", ["32"])
    assert before["since"] < before["until"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"--purpose": "curiosity"}, "no purpose is called curiosity; there are: "),
        ({"--region": "3"}, "regions"),
        ({"--region": "3299"}, "3201"),
        ({"--region": "9201"}, "9601"),  # Sorong, which went to another province
        ({"--programme": "PHK"}, "no rules for PHK"),
        ({"--to": "2020-01-01"}, "ends before"),
    ],
)
def test_an_agreement_that_does_not_hold_makes_no_client(
    dtsen: Dtsen, tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    file = tmp_path / "client.jwk"
    line = ("admin", "client", "add", "pkh", *terms(**changes), "--make-key", file)
    assert said in dtsen(*line, fails=4)["error"]["message"]
    assert not file.exists()
    assert dtsen("admin", "client", "list")["clients"] == []


def test_fields_and_limits_that_do_not_hold_are_named(dtsen: Dtsen, tmp_path: Path) -> None:
    def told(option: str, content: str) -> str:
        (given := tmp_path / "given.json").write_text(content)
        line = ("admin", "client", "add", "pkh", *terms(), option, given)
        answer = dtsen(*line, "--make-key", tmp_path / "client.jwk", fails=4)
        return str(answer["error"]["message"])

    assert "no attribute of a person is called nam" in told(
        "--fields", '{"person": ["name", "nam"]}'
    )
    assert "no kind is called people; there are:" in told("--fields", '{"people": ["name"]}')
    said = told("--limits", '{"niks": 3}')
    assert "limits.niks_per_day: is missing" in said
    assert "limits.niks: there is nothing of this name" in said
    line = ("admin", "client", "add", "pkh", *terms(), "--key", tmp_path / "nowhere.jwk")
    assert "Check its name" in dtsen(*line, fails=4)["error"]["hint"]


def test_a_monitor_agrees_on_a_number_and_a_time_only(
    dtsen: Dtsen, home: Path, tmp_path: Path
) -> None:
    file, line = tmp_path / "monitor.jwk", ("admin", "client", "add", "prometheus")
    when = terms()[:6]
    dtsen(*line, *when, "--monitor", "--purpose", "audit", "--make-key", file, fails=2)
    dtsen(*line, *when, "--make-key", file, fails=4)  # names none, and does not say why
    made = dtsen(*line, *when, "--monitor", "--make-key", file)
    hub = open_home(home)
    client = TestClient(hub, made["id"], "prometheus", json.loads(file.read_text()))
    principal = Gate(hub).client(client.token())
    assert (principal.roles, principal.regions) == (frozenset({"monitor"}), ())
    hub.close()


def test_no_secret_is_taken_from_the_command_line(dtsen: Dtsen) -> None:
    dtsen("admin", "user", "add", "siti", PASSWORD, fails=2)
    dtsen("admin", "honey", "add", "9999999999990003", fails=2)
    dtsen("admin", "user", "add", "siti", stdin="short\n", fails=4)
    dtsen("admin", "user", "add", "siti", stdin="", fails=4)
    assert dtsen("admin", "user", "list")["users"] == []


def test_who_asks_for_a_honey_nik_is_seen(dtsen: Dtsen, home: Path) -> None:
    dtsen("admin", "honey", "add", stdin="9999999999990003\n")
    dtsen("admin", "honey", "add", stdin="12\n", fails=4)
    hub = open_home(home)
    key = json.loads(demo_client(hub).read_text())
    principal = Gate(hub).client(TestClient(hub, key["client_id"], "", key).token())
    with hub.sessions.begin() as session:
        Budgets(hub).charge(session, [Charge(principal, ["9999999999990003"])])
    hub.close()
    (alarm,) = dtsen("admin", "alarms")["alarms"]
    assert (alarm["kind"], alarm["who"]) == ("honey", principal.id)


def test_the_demo_client_is_made_once_and_works(hub: Hub) -> None:
    path = demo_client(hub)
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert demo_client(hub) == path
    assert path.read_text() == text
    key = json.loads(text)
    client = TestClient(hub, key["client_id"], "demo", key)
    _, held = exchange(hub, client.assertion())
    assert held.principal.covers("3201010001")
    path.unlink()  # its key is lost: a new client, the old one's key opens nothing new
    assert json.loads(demo_client(hub).read_text())["client_id"] != key["client_id"]


def test_nothing_secret_lies_in_the_hub(home: Path) -> None:
    """What people typed and were given, looked for byte by byte in every file of the home."""
    hub = create_home(home)
    who = make_account(hub, "siti", ("user-administrator", ""))
    secret, _ = begin_second_factor(hub, who)
    confirm_second_factor(hub, who, pyotp.TOTP(secret).at(int(time.time())))
    key = json.loads(demo_client(hub).read_text())
    client = TestClient(hub, key["client_id"], "demo", key)
    assertion = client.assertion()
    token, held = exchange(hub, assertion)
    with hub.sessions.begin() as session:
        Budgets(hub).charge(session, [Charge(held.principal, ["3201154503880002"])])
    hub.close()
    wanted = [PASSWORD, secret, token, assertion, "3201154503880002", key["d"]]
    found = [
        (path.name, text[:6])
        for path in sorted(home.rglob("*"))
        if path.is_file() and path.name != "demo-client.jwk"
        for text in wanted
        if text.encode() in path.read_bytes()
    ]
    assert found == []
