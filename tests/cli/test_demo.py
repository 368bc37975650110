"""The demonstration: a home of its own, a page with a cluster and a profile, nothing done twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyotp

from mdm.access.demo import demo_staff
from mdm.access.login import Attempt, log_in
from mdm.access.roles import staff_roles
from mdm.access.sessions import enter
from mdm.homes import open_home
from tests.cli.conftest import Call, World, document


def test_a_home_with_other_deliveries_is_refused(world: World, dtsen_here: Call) -> None:
    answer = dtsen_here("--home", world.home, "demo", "--people", "300")
    assert answer.code == 2
    assert "other files" in answer.err
    assert not (world.home / "delivery").exists()


def test_the_demonstration_takes_up_what_stands_and_ends_with_a_page(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    home = tmp_path / "demo"
    shutil.copytree(world.home, home)
    shutil.copytree(world.delivery, home / "delivery")
    shown = document(dtsen_here("--home", home, "demo", "--json"))
    assert set(shown["quality"]) == {"person", "family", "household"}
    assert shown["quality"]["person"]["pairs"]["f1"]["value"] > 0.9
    page = Path(shown["report"]).read_text("utf-8")
    for part in ("One cluster, explained", "value by value", "Nobody on this page exists"):
        assert part in page
    look = next(command for command in shown["next"] if "profile" in command)
    nik = look.split()[1]
    assert dtsen_here("--home", home, "profile", stdin=nik).code == 0
    searched = dtsen_here("--home", home, "profile", "--json", stdin=shown["nik"] or nik)
    assert searched.code == 0
    signs_in(home, shown["users"])
    hub = open_home(home)
    try:
        assert demo_staff(hub) == []  # told once: the hub keeps no password
    finally:
        hub.close()


def signs_in(home: Path, users: list[dict[str, str]]) -> None:
    """Every account of the demonstration can sign in and has its role; there is one per role."""
    assert {user["role"] for user in users} == set(staff_roles())
    hub = open_home(home)
    try:
        for user in users:
            code = pyotp.TOTP(user["secret"]).now() if user["secret"] else None
            secret, _ = log_in(hub, Attempt(user["login"], user["password"], code))
            entered = enter(hub, secret)
            assert entered.principal.roles == {user["role"]}
            assert entered.missing == ()
    finally:
        hub.close()
    officer = next(user for user in users if user["role"] == "officer")
    assert len(officer["region"]) == 4
