"""The service does what its description says, whatever it is sent: schemathesis, with all checks.

Every operation is asked by somebody who may ask it, so that more than refusals is tried: a client of
a programme, and for each part of the service the role of staff that it is for. Who may not ask what
is the matter of test_matrix.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from mdm.compose import Hub
from reference.documents import read_yaml
from tests.access.clients import make_client
from tests.access.people import make_person
from tests.api.serving import Served, served
from tests.api.world import SITI

# All checks are on unless switched off here; `--checks=all` would overrule the exceptions.
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

# The same envelopes as those of /registry/sync, which go through all that can be wrong with them.
[[operations]]
include-path-regex = "^/registry/(search|txn)"
phases.coverage.enabled = false

# No schema says which of two moments is later, which points lie on a curve, and which roles have
# no region.
[[operations]]
include-path-regex = "^/v1/(audit/breach|admin/(clients|roles/grant))"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "403", "404", "409", "422"]
"""

#: Who holds these roles → the routes that are tried as them.
STAFF = {
    ("auditor",): r"^/(metrics|v1/audit|v1/subjects)",
    ("supervisor", "user-administrator"): r"^/v1/(rights|snapshots|admin)",
    ("key-administrator",): r"^/v1/(keys|session)",
}
#: What the form is, no database decides.
ON_ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LOG_OUT = "V1SessionLogOut"  # would end what comes after it: tried as one who has no session


@pytest.fixture(scope="module")
def real(world: Hub) -> Iterator[Served]:
    """The small published hub, served with real identification."""
    with served(world, real_identity=True) as running:
        yield running


@pytest.fixture
def trying(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What is tried. On PostgreSQL valid requests: others are refused before a database is asked."""
    if "sqlite" in request.node.callspec.params.values():
        return ("--phases=examples,coverage,fuzzing", "-n", "3")
    return ("--phases=examples,fuzzing", "--mode=positive", "-n", "3")


@pytest.fixture
def characters(common: Path) -> Path:
    """Where processes of schemathesis keep which characters there are, which each would find out again."""
    return common / "characters"


def over_the_specification(
    service: Served, folder: Path, characters: Path, auth: str, *more: str
) -> None:
    """Run schemathesis; whatever it finds fails the test with its own report."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG.format(auth=auth))
    program = str(Path(sys.executable).parent / "schemathesis")
    command = [program, "--config-file", str(config), "run"]
    options = ["--seed=1", "--no-color", *more]
    url = f"{service.url}/schema/openapi.json"
    done = subprocess.run(
        [*command, url, *options],
        cwd=folder,
        env=os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": str(characters)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Selected:" in done.stdout, done.stdout + done.stderr
    if done.returncode != 0:
        pytest.fail(done.stdout, pytrace=False)


def test_a_programme_finds_the_service_as_described(
    real: Served, trying: tuple[str, ...], tmp_path: Path, characters: Path
) -> None:
    client = make_client(real.hub)
    auth = f'client.bearer = "{client.token()}"'
    others = f"^(?!{'|'.join(STAFF.values())})"
    mine = ("--include-path-regex", others, "--include-operation-id", LOG_OUT)
    over_the_specification(real, tmp_path, characters, auth, *trying, *mine)
    lookup = {"nik": SITI, "purpose": "assistance"}
    with httpx.Client(base_url=real.url, headers=client.headers) as calling:
        answer = calling.post("/v1/profiles/lookup", json=lookup)
    assert answer.json()["person"]["name"] == "SITI NURHALIZA"  # and works as before


@ON_ONE
@pytest.mark.parametrize("roles", STAFF, ids="+".join)
def test_staff_find_their_part_of_it_as_described(
    real: Served,
    roles: tuple[str, ...],
    trying: tuple[str, ...],
    tmp_path: Path,
    characters: Path,
) -> None:
    person = make_person(real, *((role, "") for role in roles), strong=True)
    auth = f'staff.api_key = "{person.cookie}"'
    over_the_specification(
        real,
        tmp_path,
        characters,
        auth,
        *trying,
        *("-H", f"X-CSRF-Token: {person.csrf}"),
        *("--include-path-regex", STAFF[roles]),
        *("--exclude-operation-id", LOG_OUT),
    )


@ON_ONE
def test_the_description_is_the_same_in_json_and_yaml(real: Served) -> None:
    as_json = httpx.get(f"{real.url}/schema/openapi.json", timeout=60)
    as_yaml = httpx.get(f"{real.url}/schema/openapi.yaml", timeout=60)
    assert as_json.json() == read_yaml(as_yaml.text)
    assert as_json.json()["openapi"].startswith("3.1")


@ON_ONE
def test_every_example_is_what_its_schema_says(real: Served) -> None:
    said = httpx.get(f"{real.url}/schema/openapi.json", timeout=60).json()
    here = json.loads(json.dumps(said).replace("#/components/schemas/", "#/$defs/"))
    examples = list(examples_in(here))
    assert len(examples) > 100
    wrong = [
        (where, fault.message)
        for where, schema, value in examples
        for fault in Draft202012Validator(
            {**schema, "$defs": here["components"]["schemas"]}
        ).iter_errors(value)
    ]
    assert wrong == []


def examples_in(part: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Where an example stands, the schema beside it, and the example."""
    if isinstance(part, list):
        for index, one in enumerate(part):
            yield from examples_in(one, f"{where}/{index}")
    elif isinstance(part, dict):
        examples = part.get("examples")
        if isinstance(examples, list):
            yield from ((where, part, value) for value in examples)
        elif isinstance(examples, dict) and "schema" in part:
            yield from ((where, part["schema"], one["value"]) for one in examples.values())
        for name, one in part.items():
            yield from examples_in(one, f"{where}/{name}")
