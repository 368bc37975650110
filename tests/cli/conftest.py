"""One small home for all tests of the command line: 300 people nobody is, the whole path done."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mdm.cli.app import call
from tests.cli.calls import Answer
from tests.once import once

Call = Callable[..., Answer]


@dataclass(frozen=True)
class World:
    """The home, the files it was filled from, and one NIK that a source record carries."""

    home: Path
    delivery: Path
    nik: str


@pytest.fixture
def dtsen_here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Call `dtsen` inside this process: quicker than one of its own."""

    def run(*arguments: str | Path, stdin: str = "") -> Answer:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = call([str(argument) for argument in arguments])
        seen = capsys.readouterr()
        return Answer(code, seen.out, seen.err)

    return run


@pytest.fixture(scope="session")
def world(common: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Made, landed, linked and published once; each test process has a copy."""
    root = tmp_path_factory.mktemp("cli")
    shutil.copytree(once(common / "cli", _fill), root, dirs_exist_ok=True)
    home, delivery = root / "home", root / "delivery"
    return World(home, delivery, _nik(delivery / "kemendagri" / "biodata_wni.csv"))


def _fill(root: Path) -> None:
    home, delivery = root / "home", root / "delivery"
    quiet = ("--quiet", "--json")
    assert call(["synth", str(delivery), "--people", "300", "--seed", "5", *quiet]) == 0
    assert call(["--home", str(home), "init", *quiet]) == 0
    for source in ("kemendagri", "kemensos", "pemda"):
        assert call(["--home", str(home), "land", source, str(delivery / source), *quiet]) == 0
    assert call(["--home", str(home), "run", *quiet]) == 0


def _nik(file: Path) -> str:
    lines = file.read_text("utf-8").splitlines()
    at = lines[0].split(",").index("NIK")
    return next(nik for line in lines[1:] if len(nik := line.split(",")[at]) == 16)


def document(answer: Answer) -> Any:
    """The one JSON document of an answer."""
    assert answer.code == 0, answer.err
    return json.loads(answer.out)
