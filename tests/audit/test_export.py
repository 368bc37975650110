"""The export and its single-file verifier, run as an auditor would: in a process of its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mdm import audit
from mdm.audit.checkpoints import checkpoints, verifier_keys
from mdm.audit.exporting import Exported, export
from mdm.audit.proofs import prove
from mdm.audit.verifier import EVENTS, leaf_hash, read_key, read_note, verify_export
from mdm.compose import Hub
from mdm.errors import InputError, UsageError
from mdm.homes import create_home
from mdm.work.progress import Advance, Silent
from tests.audit.logs import act, keep_log
from tests.templates import Fill, Template


def export_to(hub: Hub, out: Path) -> Exported:
    return export(hub, out, Silent(), actor="auditor")


@pytest.fixture(scope="module")
def log_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(keep_log(300, 1, 199))


@pytest.fixture
def log(log_once: Template, home: Path) -> Iterator[Hub]:
    """500 events under three checkpoints."""
    with log_once.copy(home) as hub:
        yield hub


def run(verifier: Path, *arguments: str | Path) -> tuple[int, str]:
    """The verifier alone, without the hub's code in reach."""
    done = subprocess.run(
        [sys.executable, "-I", str(verifier), *map(str, arguments)],
        capture_output=True, text=True, cwd=verifier.parent, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", ["log.zip", "log"])
def test_an_export_verifies_offline(log: Hub, tmp_path: Path, name: str) -> None:
    done = export_to(log, tmp_path / name)
    verifier = shutil.copy(Path(audit.__file__).parent / "verifier.py", tmp_path)
    code, said = run(Path(verifier), done.file, "--key", done.keys[0])
    assert (code, said) == (0, "502 events, 4 checkpoints: everything holds.\n")


def test_the_verifier_in_the_export_is_the_same(log: Hub, tmp_path: Path) -> None:
    done = export_to(log, tmp_path / "log.zip")
    with zipfile.ZipFile(done.file) as held:
        inside = held.read("verifier.py")
    assert inside == (Path(audit.__file__).parent / "verifier.py").read_bytes()


def test_an_export_is_for_its_owner_only_and_never_replaces_a_folder(
    log: Hub, tmp_path: Path
) -> None:
    done = export_to(log, tmp_path / "log.zip")
    assert done.file.stat().st_mode & 0o077 == 0
    with pytest.raises(InputError):
        export_to(log, tmp_path)
    with pytest.raises(UsageError):
        export_to(log, tmp_path / "log.csv")


class Stopped(Silent):
    """Somebody presses Ctrl-C while events are written."""

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
        def stop(_done: int) -> None:
            raise KeyboardInterrupt

        yield stop


@pytest.mark.parametrize("name", ["log", "log.zip"])
def test_half_an_export_is_not_left_in_the_way(log: Hub, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt):
        export(log, folder / name, Stopped(), actor="auditor")
    assert list(folder.iterdir()) == []
    assert export_to(log, folder / name).events


def test_another_hubs_key_is_not_enough(log: Hub, tmp_path: Path) -> None:
    done = export_to(log, tmp_path / "log.zip")
    other = create_home(tmp_path / "other")
    audit.checkpoint(other)
    with other.sessions.read() as session:
        (foreign,) = verifier_keys(session)
    other.close()
    found = verify_export(done.file, [read_key(foreign)])
    assert any("no key that can be trusted" in fault for fault in found.faults)


def test_who_trusts_one_key_can_trust_those_announced_under_it(log: Hub, tmp_path: Path) -> None:
    for _ in range(2):
        with log.sessions.begin() as session:
            log.keys.rotate(session, "audit")
        act(log, 10)
        audit.checkpoint(log)
    done = export_to(log, tmp_path / "log.zip")
    assert len(done.keys) == 3
    for key in done.keys:
        assert verify_export(done.file, [read_key(key)]).faults == []


def test_a_log_begun_anew_does_not_agree_with_its_witness(log: Hub, tmp_path: Path) -> None:
    done = export_to(log, tmp_path / "log.zip")
    other = create_home(tmp_path / "other")
    act(other, 900)
    theirs = read_note(audit.checkpoint(other).note)
    other.close()
    with log.sessions.read() as session:
        mine = read_note(checkpoints(session, limit=1)[0].note)
    keys = [read_key(key) for key in done.keys]
    assert verify_export(done.file, keys, [mine]).faults == []
    assert any("witness" in fault for fault in verify_export(done.file, keys, [theirs]).faults)


def test_a_proof_verifies_offline(log: Hub, tmp_path: Path) -> None:
    with log.sessions.read() as session:
        shown, keys = prove(session, 77), verifier_keys(session)
    verifier = Path(shutil.copy(Path(audit.__file__).parent / "verifier.py", tmp_path))
    file = tmp_path / "proof.txt"
    file.write_text(shown.proof, "utf-8")
    assert run(verifier, file, "--key", keys[0])[0] == 0
    file.write_text(shown.proof.replace("index 77", "index 78"), "utf-8")
    assert run(verifier, file, "--key", keys[0])[0] == 1
    file.write_text("nothing", "utf-8")
    assert run(verifier, file, "--key", keys[0])[0] == 2


def test_what_cannot_be_checked_is_said_in_words(log: Hub, tmp_path: Path) -> None:
    with log.sessions.read() as session:
        shown, keys = prove(session, 77), verifier_keys(session)
    verifier = Path(shutil.copy(Path(audit.__file__).parent / "verifier.py", tmp_path))
    file, wrong, none = tmp_path / "proof.txt", tmp_path / "wrong.txt", tmp_path / "none.txt"
    file.write_text(shown.proof, "utf-8")
    wrong.write_text(f"{keys[0]}\nno key\n", "utf-8")
    none.write_text("\n", "utf-8")
    witnessed = tmp_path / "checkpoint.txt"
    witnessed.write_text(audit.checkpoint(log).note, "utf-8")
    for arguments, said in (
        ((tmp_path / "away.zip", "--key", keys[0]), "there is no file"),
        ((file, "--key", tmp_path / "away.txt"), "no verifier key, and no file"),
        ((file, "--key", tmp_path), "no verifier key, and no file"),
        ((file, "--key", wrong), "line 2"),
        ((file, "--key", none), "holds no verifier key"),
        ((file,), "brings no key"),
        ((file, "--key", keys[0], "--witnessed", wrong), "no signed checkpoint"),
        ((file, "--key", keys[0], "--witnessed", witnessed), "this is a proof"),
    ):
        code, told = run(verifier, *arguments)
        assert (code, said in told) == (2, True), told


def test_its_help_is_all_that_an_auditor_needs(tmp_path: Path) -> None:
    verifier = Path(shutil.copy(Path(audit.__file__).parent / "verifier.py", tmp_path))
    code, said = run(verifier, "--help")
    assert code == 0
    for word in ("python verifier.py EXPORT --key", "PROOF_FILE", "Exit code", "`cryptography`"):
        assert word in said
    options = said.partition("options:")[2]
    for option in ("--key", "--witnessed"):  # each with a sentence of its own
        assert re.search(rf"^ +{option} \w+\s+\w+ \w+", options, re.MULTILINE), option
    # A Python without the package: -S leaves out what was installed.
    bare = [sys.executable, "-I", "-S", str(verifier), "--help"]
    done = subprocess.run(bare, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, "")
    assert "pip install cryptography" in done.stdout


@pytest.fixture
def folder(log: Hub, tmp_path: Path) -> tuple[Path, list[str]]:
    done = export_to(log, tmp_path / "log")
    return done.file, done.keys


def lines_of(folder: Path) -> list[bytes]:
    return (folder / EVENTS).read_bytes().splitlines(keepends=True)


def faults(folder: tuple[Path, list[str]], lines: list[bytes]) -> str:
    path, keys = folder
    (path / EVENTS).write_bytes(b"".join(lines))
    return " ".join(verify_export(path, [read_key(key) for key in keys]).faults)


def test_a_missing_event_is_named(folder: tuple[Path, list[str]]) -> None:
    lines = lines_of(folder[0])
    assert "Events 40 to 40 are missing" in faults(folder, [*lines[:40], *lines[41:]])


def test_missing_last_events_are_named(folder: tuple[Path, list[str]]) -> None:
    assert "The last events are missing" in faults(folder, lines_of(folder[0])[:-1])


def test_events_behind_the_last_checkpoint_are_not_vouched_for(
    folder: tuple[Path, list[str]],
) -> None:
    lines = lines_of(folder[0])
    event = b'{"action":"look","actor":"o","at":"2026-01-01T00:00:00+00:00"}'
    forged = b"%d %s %s\n" % (len(lines), leaf_hash(event).hex().encode(), event)
    assert "nothing signed vouches" in faults(folder, [*lines, forged])


def test_events_in_another_order_are_found(folder: tuple[Path, list[str]]) -> None:
    lines = lines_of(folder[0])
    bare = [line.split(b" ", 1)[1] for line in lines]
    bare[10], bare[20] = bare[20], bare[10]
    swapped = [b"%d %s" % (at, line) for at, line in enumerate(bare)]
    assert "altered, removed, added or moved" in faults(folder, swapped)


def test_an_event_rewritten_with_its_hash_is_found(folder: tuple[Path, list[str]]) -> None:
    lines = lines_of(folder[0])
    event = lines[10].split(b" ", 2)[2].rstrip(b"\n").replace(b"officer", b"nobody!")
    lines[10] = b"10 %s %s\n" % (leaf_hash(event).hex().encode(), event)
    assert "An event from 0 to 300 was altered" in faults(folder, lines)
