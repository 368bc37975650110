"""How calls end: exit codes, one clear message, never a traceback, never a value."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click
import pytest

from matching.engines.duckdb import DuckDBEngine
from matching.rules import RuleDocumentError
from mdm import errors
from mdm.cli import app as application
from mdm.cli import failures
from mdm.cli.app import VERBS, app, call
from mdm.cli.failures import exit_codes, explain
from tests.cli.calls import ROOT, dtsen
from tests.cli.conftest import Call

NIK = "3507014107710003"


@pytest.mark.parametrize("words", [(), ("export",)])
def test_a_call_without_a_verb_is_shown_the_verbs_and_no_error(
    words: tuple[str, ...], dtsen_here: Call
) -> None:
    answer = dtsen_here(*words)
    assert answer.code == 2
    assert answer.err.startswith("Usage: dtsen")


def test_help_names_every_verb_and_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["--help"]) == 0
    text = capsys.readouterr().out
    for verb in VERBS:
        assert verb in text
    for code in exit_codes():
        assert re.search(rf"^ +{code} ", text, re.MULTILINE)


def groups(command: click.Command | None, words: list[str]) -> list[list[str]]:
    """Every group of verbs under one, itself among them."""
    if not isinstance(command, click.Group):
        return []
    below = (groups(one, [*words, name]) for name, one in command.commands.items())
    return [words, *(found for each in below for found in each)]


def test_lists_of_verbs_end_no_sentence_early(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in VERBS:
        for words in groups(app.get_command(click.Context(app), verb), [verb]):
            assert call([*words, "--help"]) == 0
    assert call(["--help"]) == 0
    listed = re.findall(r"^Commands:\n(?:  .*\n)+", capsys.readouterr().out, re.MULTILINE)
    assert len(listed) > len(VERBS) / 2
    assert not [one for one in listed if re.search(r"\.\.\.$|\bart\.$", one, re.MULTILINE)]


def leaves(command: click.Command, words: list[str]) -> list[list[str]]:
    """Every command under a verb, as one types it."""
    if not isinstance(command, click.Group):
        return [words]
    below = (leaves(one, [*words, name]) for name, one in command.commands.items())
    return [found for each in below for found in each]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_helps_and_takes_home_and_json(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = app.get_command(click.Context(app), verb)
    assert command is not None
    for words in leaves(command, [verb]):
        assert call([*words, "--help"]) == 0
        text = capsys.readouterr().out
        assert "--home" in text, words
        assert "--json" in text, words


def test_the_readme_documents_every_exit_code_as_help_does() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for code, meaning in exit_codes().items():
        assert f"| {code} | {meaning} |" in readme


def test_every_error_class_has_a_code_of_its_own() -> None:
    kinds = errors.HubError.__subclasses__()
    codes = [error.exit_code for error in kinds if error.__module__ == errors.__name__]
    assert len(set(codes)) == len(codes)
    assert set(codes) <= set(exit_codes())


def test_no_home_is_one_message_and_exit_3(tmp_path: Path) -> None:
    answer = dtsen("status", "--home", tmp_path / "none")
    assert answer.code == errors.HomeError.exit_code
    assert answer.out == ""
    assert "dtsen init" in answer.err
    assert "Traceback" not in answer.err


def test_with_json_a_failure_is_a_document_too(tmp_path: Path, dtsen_here: Call) -> None:
    answer = dtsen_here("status", "--json", "--home", tmp_path / "none")
    assert answer.json["error"]["exit_code"] == answer.code == 3
    assert answer.json["error"]["kind"] == "HomeError"
    assert answer.json["error"]["hint"]


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["land"], ["synth", "out"], ["status", "--bogus"], ["export", "links"]],
)
def test_a_wrong_call_is_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_nik_typed_as_an_argument_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["profile", NIK]) == 2
    seen = capsys.readouterr()
    assert NIK not in seen.out + seen.err
    assert "standard input" in seen.err


def test_an_error_of_ours_names_only_its_type_and_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_parts: object) -> None:
        raise KeyError(f"no such person: SRI WAHYUNI {NIK}")

    monkeypatch.setattr(application.app, "main", broken)
    assert call(["status", "--json"]) == 70
    seen = capsys.readouterr()
    assert re.search(r"internal error [0-9a-f]{8}: KeyError at ", seen.err)
    for secret in ("SRI", NIK):
        assert secret not in seen.out + seen.err
    assert json.loads(seen.out)["error"]["exit_code"] == 70


def test_a_fault_met_in_a_library_beside_us_is_named_by_our_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beside = Path("/opt/dtsen/site-packages")  # as in the container
    monkeypatch.setattr(failures, "_ROOT", beside)
    parts: dict[str, Callable[[], None]] = {}
    theirs, ours = "def ask(): return None + 1", "\ndef look(): ask()"
    exec(compile(theirs, str(beside / "library/base.py"), "exec"), parts)
    exec(compile(ours, str(beside / "mdm/looks.py"), "exec"), parts)
    with pytest.raises(TypeError) as met:
        parts["look"]()
    assert explain(met.value).message.endswith(": TypeError at mdm/looks.py:2")


def test_memory_that_a_library_missed_is_said_as_that() -> None:
    """Splink wraps what the engine says in an error of its own."""
    error = RuntimeError("Error executing SQL")
    error.__cause__ = MemoryError()
    assert explain(error).exit_code == 6


def test_the_same_fault_has_the_same_id() -> None:
    def fault(value: str) -> str:
        try:
            raise ValueError(value)
        except ValueError as error:
            return explain(error).message

    assert fault("one") == fault("two")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), 6),
        (OSError(errno.ENOSPC, "No space left on device", "/secret/SRI"), 6),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "/secret/SRI"), 6),
        (OSError(errno.EFBIG, "File too large", "/secret/SRI"), 6),
        (OSError(errno.EMFILE, "Too many open files", "/secret/SRI"), 6),
        (RuntimeError("can't start new thread"), 6),
        (OSError(errno.EIO, "Input/output error", "/secret/SRI"), 3),
        (PermissionError(errno.EACCES, "Permission denied", "/secret/SRI"), 4),
        (RuleDocumentError("person.yaml, blocking: Field required"), 5),
    ],
)
def test_what_the_machine_refuses_is_said_in_the_users_words(error: Exception, code: int) -> None:
    failure = explain(error)
    assert failure.exit_code == code
    assert failure.hint
    assert "SRI" not in failure.message + failure.hint


#: Every verb that writes a file where somebody says.
WRITING = [
    ["status", "--report", "{}/a.html"],
    ["findings", "--out", "{}/a.csv"],
    ["evaluate", "--truth", "t.csv", "--kind", "person", "--mistakes", "{}/a.csv"],
    ["export", "links", "--kind", "person", "--out", "{}/a.csv"],
    ["audit", "checkpoint", "--out", "{}/a"],
    ["audit", "proof", "1", "--out", "{}/a"],
    ["subject", "report", "--out", "{}/a.html"],
    ["keys", "shred-list", "export", "{}/a"],
    ["corrections", "return", "--to", "kemendagri", "--out", "{}/a.csv"],
    ["audit", "export", "--out", "{}/a.zip"],
]


@pytest.mark.parametrize("words", WRITING, ids=lambda words: " ".join(words[:2]))
def test_where_a_file_cannot_go_is_told_before_anything_is_done(
    words: list[str], tmp_path: Path, dtsen_here: Call
) -> None:
    typed = [word.format(tmp_path / "none") for word in words]
    answer = dtsen_here("--home", tmp_path / "no home", *typed, "--json")
    assert answer.code == 4, answer.err
    assert "folder" in answer.json["error"]["message"]
    assert answer.json["error"]["hint"] == "Make it first."


@pytest.mark.parametrize("words", WRITING, ids=lambda words: " ".join(words[:2]))
def test_where_no_file_can_be_made_is_told_before_anything_is_done(
    words: list[str], tmp_path: Path, dtsen_here: Call
) -> None:
    typed = [
        word.format("/proc") for word in words
    ]  # root has every right there, and it takes no file
    answer = dtsen_here("--home", tmp_path / "no home", *typed, "--json")
    assert answer.code == 4, answer.err
    assert "may not be written here" in answer.json["error"]["message"]


@pytest.mark.parametrize("words", [["synth", "/proc/a", "--people", "10"], ["init"]])
def test_where_no_folder_can_be_made_is_told(words: list[str], dtsen_here: Call) -> None:
    answer = dtsen_here("--home", "/proc/a", *words, "--json")
    assert answer.code == 4, answer.err
    assert "No folder can be made" in answer.json["error"]["message"]


def test_a_device_is_no_file_to_be_put_in_its_place(tmp_path: Path, dtsen_here: Call) -> None:
    os.mkfifo(pipe := tmp_path / "a.csv")
    answer = dtsen_here("--home", tmp_path / "no home", "findings", "--out", pipe, "--json")
    assert answer.code == 4, answer.err
    assert "device or a pipe" in answer.json["error"]["message"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_where_a_file_may_not_be_written_is_told_before_anything_is_done(
    tmp_path: Path, dtsen_here: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_, **__: False)  # as for whoever is not root
    words = ("findings", "--out", tmp_path / "a.csv")
    answer = dtsen_here("--home", tmp_path / "no home", *words, "--json")
    assert answer.code == 4, answer.err
    assert "may not be written here" in answer.json["error"]["message"]


def test_a_path_through_a_file_is_told_in_words(tmp_path: Path, dtsen_here: Call) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "home", tmp_path / ("x" * 300)):
        answer = dtsen_here("init", "--home", path)
        assert answer.code == 4, answer.err
        assert "Check the path." in answer.err


def test_interruption_is_130_and_says_what_stands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**_parts: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(application.app, "main", interrupted)
    assert call(["run"]) == 130
    assert "Nothing half-done is visible" in capsys.readouterr().err


@pytest.mark.parametrize(
    "run",
    [
        DuckDBEngine.run,
        lambda engine, sql: engine.splink()._log_and_run_sql_execution(sql, "a", "a"),
    ],
    ids=["by us", "by Splink"],
)
def test_ctrl_c_in_the_middle_of_a_statement_is_an_interruption(
    run: Callable[[DuckDBEngine, str], object],
) -> None:
    engine = DuckDBEngine(threads=1)
    endless = "CREATE TABLE a AS SELECT sum(hash(a.range * b.range)) AS n FROM range(100000000) a, range(100000000) b"
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises((Exception, KeyboardInterrupt)) as met:
        run(engine, endless)
    engine.close()
    assert explain(met.value).exit_code == 130, repr(met.value)


def test_who_stops_a_container_interrupts_like_ctrl_c(tmp_path: Path) -> None:
    out = tmp_path / "out"
    synth = ["--json", "synth", str(out), "--people", "1000000"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from mdm.cli import main; main()", *synth],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while not (out / "truth").exists() and time.monotonic() < until:
        time.sleep(0.05)
    # A library in which the wish arrives may lose it, once in fifty times: then it is said again, as people do.
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.01)
        process.send_signal(
            signal.SIGTERM
        )  # to its group, too: this must not break off the tidying
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
            break
    said, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(said)["error"]["kind"] == "Interrupted"
    assert "Nothing half-done is visible" in told
    assert "Traceback" not in told
    assert not out.exists(), "half the files would be in the way of all of them"


def test_the_home_may_stand_before_or_after_the_verb_or_in_the_environment(
    tmp_path: Path, dtsen_here: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert dtsen_here("--home", one, "init").code == 0
    assert dtsen_here("init", "--home", two).code == 0
    assert (one / "dtsen.yaml").exists()
    assert (two / "dtsen.yaml").exists()
    monkeypatch.setenv("DTSEN_HOME", str(one))
    by_environment = dtsen_here("status", "--json")
    assert by_environment.code == 0
    assert by_environment.json["batches"] == []


@pytest.mark.parametrize("typed", [True, False])
def test_a_home_in_the_own_folder_is_found_where_no_shell_says_where_that_is(
    tmp_path: Path, dtsen_here: Call, monkeypatch: pytest.MonkeyPatch, *, typed: bool
) -> None:
    """`--home=~/hub` had made a folder called `~`, which nobody dares to remove."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    if not typed:
        monkeypatch.setenv("DTSEN_HOME", "~/hub")
    assert dtsen_here(*(["--home=~/hub"] if typed else []), "init", "--json").code == 0
    assert (tmp_path / "hub" / "hub.db").exists()
    assert not list((tmp_path / "here").iterdir())


def test_the_later_home_counts(tmp_path: Path, dtsen_here: Call) -> None:
    assert dtsen_here("--home", tmp_path / "no", "init", "--home", tmp_path / "yes").code == 0
    assert (tmp_path / "yes" / "dtsen.yaml").exists()
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("behind", [False, True])
def test_a_home_that_is_typed_counts_before_that_of_the_environment(
    behind: bool, tmp_path: Path, dtsen_here: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed, named = tmp_path / "typed", tmp_path / "named"
    monkeypatch.setenv("DTSEN_HOME", str(named))
    assert (
        dtsen_here(*(["init", "--home", typed] if behind else ["--home", typed, "init"])).code == 0
    )
    assert (typed / "dtsen.yaml").exists()
    assert not named.exists()
