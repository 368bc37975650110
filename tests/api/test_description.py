"""The service does what its description says, whatever it is sent: schemathesis, with all checks.

A client of a programme and each role of staff that the API serves go over the whole specification.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from mdm.compose import Hub
from tests.access.clients import make_client
from tests.access.people import make_person
from tests.api.serving import Served, served
from tests.api.world import SITI

CONFIG = """
[auth.openapi]
{auth}

# Too large is also a way to say no.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429"]

# What DCI asks for cannot be drawn at random: numbers have a canonical form, envelopes a signature.
[[operations]]
include-path-regex = "^/registry/"
checks.positive_data_acceptance.enabled = false
"""
# Signing out would end what comes after it; a login is an open door with a pace of its own.
LEFT_OUT = r"^/v1/(session|setup)"


@pytest.fixture(scope="module")
def real(world: Hub) -> Iterator[Served]:
    """The small published hub, served with real identification."""
    with served(world, real_identity=True) as running:
        yield running


def over_the_specification(service: Served, folder: Path, auth: str, *more: str) -> None:
    """Run schemathesis; whatever it finds fails the test with its own report."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG.format(auth=auth))
    command = [Path(sys.executable).parent / "schemathesis", "--config-file", config, "run"]
    phases = "--phases=examples,coverage,fuzzing"
    options = ["--checks=all", "-n", "3", phases, "--seed=1", "--no-color", *more]
    url = f"{service.url}/schema/openapi.json"
    done = subprocess.run(
        [*command, url, *options], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Selected:" in done.stdout, done.stdout + done.stderr
    if done.returncode != 0:
        pytest.fail(done.stdout, pytrace=False)


def test_a_programme_finds_the_service_as_described(real: Served, tmp_path: Path) -> None:
    client = make_client(real.hub)
    auth = f'client.bearer = "{client.token()}"'
    over_the_specification(real, tmp_path, auth)
    lookup = {"nik": SITI, "purpose": "assistance"}
    with httpx.Client(base_url=real.url, headers=client.headers) as calling:
        answer = calling.post("/v1/profiles/lookup", json=lookup)
    assert answer.json()["person"]["name"] == "SITI NURHALIZA"  # and works as before


@pytest.mark.parametrize("role", ["steward", "auditor", "user-administrator", "key-administrator"])
def test_staff_find_the_service_as_described(real: Served, role: str, tmp_path: Path) -> None:
    person = make_person(real, (role, ""), strong=role != "steward")
    auth = f'staff.api_key = "{person.cookie}"'
    more = ("-H", f"X-CSRF-Token: {person.csrf}", "--exclude-path-regex", LEFT_OUT)
    over_the_specification(real, tmp_path, auth, *more)
    assert person.call("GET", "/v1/session").json()["roles"] == [{"role": role, "region": ""}]


def test_the_description_is_the_same_in_json_and_yaml(real: Served) -> None:
    as_json = httpx.get(f"{real.url}/schema/openapi.json")
    as_yaml = httpx.get(f"{real.url}/schema/openapi.yaml", timeout=30)
    assert as_json.json() == yaml.safe_load(as_yaml.text)
    assert as_json.json()["openapi"].startswith("3.1")
