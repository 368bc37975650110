"""Where answers go: a reader that goes away (`dtsen status | head`), a disk that is full, a terminal of few letters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from mdm.cli.failures import BROKEN_PIPE
from mdm.errors import CapacityError
from mdm.homes import create_home
from tests.cli.calls import ROOT
from tests.cli.conftest import Call, document

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


# Calls as processes of their own, each forked from one that has loaded what they need; ends as all of them did.
EACH = """
import json, os, sys
import mdm.cli.commands.audit, mdm.cli.commands.keys, mdm.homes
from mdm.cli import main
ended = set()
for words in json.loads(sys.argv[1]):
    if os.fork() == 0:
        main(words)
    ended.add(os.waitstatus_to_exitcode(os.wait()[1]))
sys.exit(ended.pop() if len(ended) == 1 else f"they ended differently: {ended}")
"""


def each_called(
    home: Path, *calls: Sequence[str], out: int | IO[bytes] = subprocess.PIPE, **say: str
) -> subprocess.CompletedProcess[bytes]:
    """Calls one after another, their answers and notices together."""
    words = json.dumps([["--home", str(home), *one] for one in calls])
    return subprocess.run(
        [sys.executable, "-c", EACH, words],
        stdout=out,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": ""} | say,
        cwd=ROOT,
        check=False,
        timeout=300,
    )


def test_an_answer_that_cannot_be_written_is_told_of_in_words(tmp_path: Path) -> None:
    create_home(tmp_path / "home").close()
    calls = [("keys", "list"), ("keys", "list", "--json"), ("keys", "lst", "--json")]
    with Path(FULL).open("wb") as full:
        ended = each_called(tmp_path / "home", *calls, out=full)
    assert ended.returncode == CapacityError.exit_code, ended.stderr
    assert b"Traceback" not in ended.stderr
    assert ended.stderr.count(b"could not be written") == len(calls)


def test_what_has_been_done_is_not_said_to_wait_for_another_try(
    tmp_path: Path, dtsen_here: Call
) -> None:
    create_home(tmp_path / "home").close()
    with Path(FULL).open("wb") as full:
        ended = called("--home", tmp_path / "home", "keys", "rotate", "audit", out=full)
    assert b"run again" not in ended.stderr
    listed = document(dtsen_here("--home", tmp_path / "home", "keys", "list", "--json"))
    assert len([one for one in listed["keys"] if one["purpose"] == "audit"]) == 2


def test_work_goes_on_though_nobody_can_be_told_how_it_goes(tmp_path: Path) -> None:
    with Path(FULL).open("wb") as full:
        ended = called("--json", "synth", tmp_path / "files", "--people", "60", err=full)
    assert ended.returncode == 0
    assert "error" not in json.loads(ended.stdout)


def test_answers_have_all_their_letters_wherever_they_go(tmp_path: Path, dtsen_here: Call) -> None:
    home = tmp_path / "häuser"
    create_home(home).close()
    calls = [("keys", "list"), ("audit", "events"), ("audit", "events", "--json")]
    ended = each_called(home, *calls, PYTHONIOENCODING="ascii")
    assert ended.returncode == 0, ended.stderr
    usual = [dtsen_here("--home", home, *one).out for one in calls]
    assert ended.stdout.decode() == "".join(usual)
