"""What compose.yaml and the image hand to the hub is what the hub reads: there is no engine here to run them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.serve import KILL_SECONDS
from mdm.cli.app import app
from mdm.settings import PREFIX, Settings, load_settings

ROOT = Path(__file__).parents[2]
SECRET = "/run/secrets/database_password"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    return found


def entered(hub: dict[str, Any], tmp_path: Path, secret: Path) -> subprocess.CompletedProcess[str]:
    """The hub's entry point, with a program in the place of `dtsen` that tells what it was given."""
    program = tmp_path / "dtsen"
    program.write_text('#!/bin/sh\necho "$DTSEN_DATABASE_URL"\necho "$@"\n')
    program.chmod(0o755)
    words = [*hub["entrypoint"], *hub["command"]]
    said = [word.replace("$$", "$").replace(SECRET, str(secret)) for word in words]
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    return subprocess.run(said, env=path, capture_output=True, text=True, check=False, timeout=20)


def test_the_service_is_started_with_the_database_of_the_other_container(
    services: dict[str, Any], tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text("0f3a5c\n")
    done = entered(services["hub"], tmp_path, secret)
    url, words = done.stdout.splitlines()
    settings = load_settings(tmp_path, {f"{PREFIX}DATABASE_URL": url, f"{PREFIX}ACCESS": ""})
    made = services["database"]["environment"]
    user, database = made["POSTGRES_USER"], made["POSTGRES_DB"]
    assert settings.database == f"postgresql://{user}:0f3a5c@database/{database}"
    verb, *options = words.split()
    with app.make_context("dtsen", [verb, *options], resilient_parsing=True) as context:
        command = app.get_command(context, verb)
        assert command is not None
        assert command.make_context(verb, options).params["host"] == "0.0.0.0"


def test_what_is_run_in_a_container_can_be_stopped(services: dict[str, Any]) -> None:
    """A first process that handles no signal is not ended by one, and most verbs handle none."""
    assert services["hub"]["init"]
    grace = services["hub"]["stop_grace_period"]
    assert int(grace.removesuffix("s")) > KILL_SECONDS


def test_a_password_that_cannot_be_read_ends_it_at_once(
    services: dict[str, Any], tmp_path: Path
) -> None:
    done = entered(services["hub"], tmp_path, tmp_path / "away")
    assert (done.returncode != 0, done.stdout) == (True, "")


def test_every_name_that_is_set_is_one_that_is_read(services: dict[str, Any]) -> None:
    text = (ROOT / "compose.yaml").read_text("utf-8") + (ROOT / "Dockerfile").read_text("utf-8")
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}  # DTSEN_HOME among them
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", text)) <= known


def test_what_a_container_writes_lies_in_a_volume(services: dict[str, Any]) -> None:
    home = re.search(r"DTSEN_HOME=(\S+)", (ROOT / "Dockerfile").read_text("utf-8"))
    assert home is not None
    mounted = {one.partition(":")[2] for one in services["hub"]["volumes"]}
    assert home[1] in mounted
    assert services["hub"]["read_only"]
    assert services["hub"]["tmpfs"] == ["/tmp"]
