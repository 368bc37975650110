"""The service under load: `python -m bench.service [PEOPLE]`; prints its figures as one line of JSON at the end.

One server process over a hub of so many persons (300,000 unless said), the load generator in a process of its own.
What is measured is a ratio to the same server's route that does nothing, so that machines can be compared; the
hub is made once and kept in bench/scratch.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.guessing import guessed
from bench.hubs import client_token, hub_of, known_niks

PEOPLE = 300_000
CONNECTIONS, SECONDS, ROUNDS = 16, 10.0, 3
TIMINGS = 2_000
BATCH, BATCHES = 10_000, 3
PORT = 8899
LOOKUP, NOTHING = "/v1/profiles/lookup", "/bench/noop"
ONE, MANY = "/v1/eligibility", "/v1/eligibility/batch"
PROGRAMMES = ["PKH", "SEMBAKO", "PBI-JK"]


def main(people: int, seconds: float = SECONDS) -> dict[str, Any]:
    """Make the hub if it is not there, then measure."""
    home = hub_of(people)
    niks = known_niks(home)
    random.Random(1).shuffle(niks)
    with serving(home) as port:
        bench = Bench(home, port, niks, seconds)
        figures = {
            **bench.throughput(),
            **bench.eligibility(),
            **bench.timing(),
            **bench.publishing(),
        }
    figures["people"] = people
    return figures


class Bench:
    """The measurements over one running server."""

    def __init__(self, home: Path, port: int, niks: Sequence[str], seconds: float) -> None:
        self._home, self._port, self._niks, self._seconds = home, port, niks, seconds

    def throughput(self) -> dict[str, Any]:
        """Lookups beside nothing, in turns, so that a slow minute of the machine hits both."""
        bodies = [{"nik": nik, "purpose": "assistance"} for nik in self._niks[:20_000]]
        rounds = [(self._load(NOTHING, bodies), self._load(LOOKUP, bodies)) for _ in range(ROUNDS)]
        return {
            "lookup_over_noop": round(
                median(asked["per_second"] / none["per_second"] for none, asked in rounds), 3
            ),
            "lookup_p99_ms": round(median(asked["p99_ms"] for _, asked in rounds), 2),
            "lookups_per_second": round(median(asked["per_second"] for _, asked in rounds)),
            "noop_per_second": round(median(none["per_second"] for none, _ in rounds)),
        }

    def eligibility(self) -> dict[str, Any]:
        """Single questions, and the same batch a few times: the first starts the helper."""
        asked = {"programmes": PROGRAMMES, "purpose": "assistance"}
        bodies = [{"nik": nik, **asked} for nik in self._niks[:5_000]]
        one, alone = self._load(ONE, bodies), self._load(ONE, bodies, connections=1)
        niks = [self._niks[n % len(self._niks)] for n in range(BATCH)]
        took = self._each(MANY, [{"niks": niks, **asked}] * BATCHES)
        return {
            "eligibility_p99_ms": round(one["p99_ms"], 2),
            "eligibility_alone_p99_ms": round(alone["p99_ms"], 2),
            "eligibility_per_second": round(one["per_second"]),
            "batch_10k_s": round(median(took), 2),
            "batch_10k_first_s": round(took[0], 2),
        }

    def timing(self) -> dict[str, Any]:
        """How well time tells a hit from a miss, and somebody out of bounds from nobody."""
        random_ = random.Random(2)
        hits = random_.choices(self._niks, k=TIMINGS // 2)
        misses = [_nobody(random_) for _ in hits]
        elsewhere = self._niks[0][:2]
        hidden = [nik for nik in self._niks if nik[:2] != elsewhere][: TIMINGS // 2]
        return {
            "timing_auc": round(self._told_apart(hits, misses), 3),
            "timing_auc_hidden": round(self._told_apart(hidden, misses, region=elsewhere), 3),
        }

    def publishing(self) -> dict[str, Any]:
        """Lookups before and while every person is sealed anew and published."""
        bodies = [{"nik": nik, "purpose": "assistance"} for nik in self._niks[:20_000]]
        before = self._load(LOOKUP, bodies)
        stop = self._home / "published"
        stop.unlink(missing_ok=True)
        publisher = subprocess.Popen(
            [sys.executable, "-m", "bench.republish", str(self._home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert publisher.stdin
        assert publisher.stdout
        publisher.stdout.readline()
        load = self._start(LOOKUP, bodies, stop=str(stop))
        publisher.stdin.write("\n")
        publisher.stdin.close()
        published = json.loads(publisher.stdout.readline())
        publisher.wait()
        stop.touch()
        during = _answer(load)
        stop.unlink()
        return {
            "publish_p99_factor": round(during["p99_ms"] / before["p99_ms"], 2),
            "publish_p99_ms": round(during["p99_ms"], 2),
            "publish_seconds": published["seconds"],
        }

    def _told_apart(self, first: Sequence[str], second: Sequence[str], region: str = "") -> float:
        """Both kinds on one connection, in random order."""
        kinds = [(nik, True) for nik in first] + [(nik, False) for nik in second]
        random.Random(3).shuffle(kinds)
        bodies = [{"nik": nik, "purpose": "assistance"} for nik, _ in kinds]
        took = self._each(LOOKUP, bodies, region)
        durations: dict[bool, list[float]] = {True: [], False: []}
        for seconds, (_, kind) in zip(took, kinds, strict=True):
            durations[kind].append(seconds)
        return guessed(durations[True], durations[False])

    def _each(self, path: str, bodies: Sequence[Any], region: str = "") -> list[float]:
        answer = _answer(self._start(path, bodies, region, each=True))
        durations: list[float] = answer["durations"]
        return durations

    def _load(
        self, path: str, bodies: Sequence[Any], connections: int = CONNECTIONS
    ) -> dict[str, Any]:
        return _answer(self._start(path, bodies, connections=connections, seconds=self._seconds))

    def _start(
        self, path: str, bodies: Sequence[Any], region: str = "", **how: Any
    ) -> subprocess.Popen[str]:
        task = {
            "port": self._port,
            "token": client_token(self._home, region),
            "path": path,
            "bodies": bodies,
            "connections": CONNECTIONS if "stop" in how else 1,
            **how,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin
        json.dump(task, process.stdin)
        process.stdin.close()
        return process


@contextmanager
def serving(home: Path, port: int = PORT) -> Iterator[int]:
    """One server process, up and ready."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.served", str(home), str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(port)
        yield port
    finally:
        server.terminate()
        server.wait(60)


def _await(port: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    sys.exit("the server is not ready")


def _answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    said = process.stdout.read()
    if process.wait():
        sys.exit("the load generator failed")
    answer: dict[str, Any] = json.loads(said)
    failed = {status: n for status, n in answer["statuses"].items() if status not in ("200", "404")}
    if failed:
        sys.exit(f"requests failed: {failed}")
    return answer


def _nobody(random_: random.Random) -> str:
    """A NIK as it could be, of a district that does not exist."""
    return f"{random_.choice((11, 32, 51))}9999{random_.randrange(10**10):010d}"


if __name__ == "__main__":
    arguments = [float(text) for text in sys.argv[1:]]
    print(json.dumps(main(int(arguments[0]) if arguments else PEOPLE, *arguments[1:2])))
