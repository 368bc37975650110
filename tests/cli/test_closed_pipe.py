"""Where answers go: a reader that goes away (`dtsen status | head`), a disk that is full, a terminal of few letters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from mdm.cli.failures import BROKEN_PIPE
from mdm.errors import CapacityError
from mdm.homes import create_home
from tests.cli.calls import ROOT

FULL = "/dev/full"


def test_a_closed_pipe_ends_the_command_without_a_word(tmp_path: Path) -> None:
    create_home(tmp_path / "home").close()
    reader, writer = os.pipe()
    os.close(reader)
    command = "from mdm.cli import main; raise SystemExit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", command, "--home", str(tmp_path / "home"), "status"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert ended.returncode == BROKEN_PIPE
    assert b"internal error" not in ended.stderr


def called(
    *words: str | Path,
    out: int | IO[bytes] = subprocess.PIPE,
    err: int | IO[bytes] = subprocess.PIPE,
    **say: str,
) -> subprocess.CompletedProcess[bytes]:
    """A call with its answer and its notices where they are sent, in an environment that says `say`."""
    return subprocess.run(
        [sys.executable, "-c", "from mdm.cli import main; main()", *map(str, words)],
        stdout=out,
        stderr=err,
        env=os.environ
        | {"PYTHONUNBUFFERED": ""}
        | say,  # as a user has it: what is unwritten is tried again at the end
        cwd=ROOT,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize(
    "words", [("keys", "list"), ("keys", "list", "--json"), ("keys", "lst", "--json")]
)
def test_an_answer_that_cannot_be_written_is_told_of_in_words(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    create_home(tmp_path / "home").close()
    with Path(FULL).open("wb") as full:
        ended = called("--home", tmp_path / "home", *words, out=full)
    assert ended.returncode == CapacityError.exit_code
    assert b"Traceback" not in ended.stderr
    assert b"could not be written" in ended.stderr


def test_what_has_been_done_is_not_said_to_wait_for_another_try(tmp_path: Path) -> None:
    create_home(tmp_path / "home").close()
    with Path(FULL).open("wb") as full:
        ended = called("--home", tmp_path / "home", "keys", "rotate", "audit", out=full)
    assert b"run again" not in ended.stderr
    listed = json.loads(called("--home", tmp_path / "home", "keys", "list", "--json").stdout)
    assert len([one for one in listed["keys"] if one["purpose"] == "audit"]) == 2


def test_work_goes_on_though_nobody_can_be_told_how_it_goes(tmp_path: Path) -> None:
    with Path(FULL).open("wb") as full:
        ended = called("--json", "synth", tmp_path / "files", "--people", "60", err=full)
    assert ended.returncode == 0
    assert "error" not in json.loads(ended.stdout)


@pytest.mark.parametrize(
    "words", [("keys", "list"), ("audit", "events"), ("audit", "events", "--json")]
)
def test_answers_have_all_their_letters_wherever_they_go(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    create_home(tmp_path / "häuser").close()
    ended = called("--home", tmp_path / "häuser", *words, PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == called("--home", tmp_path / "häuser", *words).stdout
