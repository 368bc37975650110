"""Killed with SIGKILL at twenty random points of land and run, and run again: the same result, never half of one."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mdm.homes import open_home
from mdm.lookup import profile_by_nik
from tests.run.homes import FirstRun, copy_of, deliver, golden, niks, orphans

POINTS = 20
ROOT = Path(__file__).resolve().parents[2]
LATER = ("kemensos", "pemda")


class Killer:
    """The process that works in children (see tests/run/killer.py)."""

    def __init__(self, process: subprocess.Popen[str], delivery: Path) -> None:
        self.process, self.delivery = process, delivery

    def do(self, what: str, home: Path, at: int | None = None) -> dict[str, Any]:
        """Land the later deliveries, or run, in a child that dies at tick `at`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {"do": what, "home": str(home), "at": at, "sources": LATER}
        self.process.stdin.write(json.dumps(request | {"delivery": str(self.delivery)}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert answer["well"] or answer["killed"]
        return answer


@dataclass(frozen=True)
class Calm:
    """What stood before, what an undisturbed landing and run made of it, and how many ticks they took."""

    template: Path
    delivery: Path
    before: list[str]
    after: list[str]
    found: list[str]
    ticks: dict[str, int]


def found(home: Path, delivery: Path) -> list[str]:
    """Which profile each of some NIKs leads to."""
    hub = open_home(home)
    try:
        views = [profile_by_nik(hub, nik, actor="test") for nik in niks(delivery, 12)]
    finally:
        hub.close()
    return [json.dumps([r.record_key for r in v.explanation.records]) if v else "" for v in views]


def seen(home: Path) -> list[str]:
    hub = open_home(home)
    try:
        return golden(hub)
    finally:
        hub.close()


@pytest.fixture
def killer(tmp_path: Path) -> Iterator[Killer]:
    delivery = deliver(tmp_path / "delivery", families=18, seed=4407)
    command = [sys.executable, "-m", "tests.run.killer"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        yield Killer(process, delivery)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def calm(killer: Killer, first: FirstRun, tmp_path: Path) -> Calm:
    """A published home to which Kemensos and the offices tell of more people; undisturbed."""
    template, still = tmp_path / "template", tmp_path / "still"
    with copy_of(first.home, template) as hub:
        before = golden(hub)
    shutil.copytree(template, still)
    ticks = {what: killer.do(what, still)["ticks"] for what in ("land", "run")}
    after = seen(still)
    assert before != after
    known = found(still, killer.delivery)
    assert any(known)
    return Calm(template, killer.delivery, before, after, known, ticks)


def test_killed_anywhere_and_run_again_it_ends_the_same(
    killer: Killer, calm: Calm, tmp_path: Path
) -> None:
    dice = random.Random(20)
    kills = storms = 0

    def point(what: str, share: float) -> int:
        return dice.randint(1, int(calm.ticks[what] * share))

    while kills < POINTS:
        storms += 1
        home = tmp_path / f"storm{storms}"
        shutil.copytree(calm.template, home)
        # What a killed attempt finished is not done again, so that later kills must come earlier.
        for share in (1.0, 0.5, 0.5, 0.4, 0.3):
            kills += killer.do("land", home, point("land", share))["killed"]
        killer.do("land", home)
        for share in (1.0, 0.5, 0.5, 0.4, 0.3):
            kills += killer.do("run", home, point("run", share))["killed"]
            assert seen(home) in (calm.before, calm.after), "half a publishing is seen"
        killer.do("run", home)
        assert seen(home) == calm.after
        assert found(home, calm.delivery) == calm.found
        hub = open_home(home)
        assert orphans(hub) == []
        hub.close()
        shutil.rmtree(home)
    assert storms < POINTS, "most kills must hit"
