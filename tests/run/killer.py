"""A process that does work in children and kills them: `python -m tests.run.killer`, one JSON request a line.

A request names the work (`land`, `run`), its home, its delivery and the tick at which the child ends itself with
SIGKILL (none: it lives). A tick is a moment at which something may be half done: before each SQL statement of the
engine, each flush to disk, each renaming of a file, each commit. The answer says whether the child was killed, and how
many ticks it lived. Children are forked from a process that has loaded everything and started nothing, so that
one costs no start-up.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import recordlinkage  # noqa: F401 - loaded once, for all children
import splink
import splink.clustering  # noqa: F401
import sqlalchemy as sa
import sqlglot.dialects.duckdb
import sqlglot.transforms  # noqa: F401
from sqlalchemy.orm import configure_mappers

from matching.engines.duckdb import DuckDBEngine
from mdm.homes import open_home
from mdm.landing import land
from mdm.pipeline import run
from mdm.work.progress import Silent
from reference import addresses, names
from reference.codes import code_table
from reference.regions import region_tables
from tests import quick

ENGINE = ("register", "table", "run", "fetch", "scalar", "stream")


class Clock:
    """Counts ticks and ends the process at one of them."""

    def __init__(self, last: int | None) -> None:
        self.ticks, self.last = 0, last
        self.guard = threading.Lock()

    def tick(self, *_: Any) -> None:
        with self.guard:
            self.ticks += 1
            if self.ticks == self.last:
                os.kill(os.getpid(), signal.SIGKILL)

    def before(self, owner: Any, name: str) -> None:
        """Let each call of `owner.name` be a tick first."""
        real: Callable[..., Any] = getattr(owner, name)

        def ticking(*args: Any, **kwargs: Any) -> Any:
            self.tick()
            return real(*args, **kwargs)

        setattr(owner, name, ticking)


def work(request: dict[str, Any]) -> int:
    """Do what is asked in this process; the ticks it took."""
    clock = Clock(request["at"])
    for name in ENGINE:
        clock.before(DuckDBEngine, name)
    clock.before(os, "fsync")
    clock.before(pathlib.Path, "replace")
    sa.event.listen(sa.Engine, "commit", clock.tick)
    hub = open_home(Path(request["home"]))
    if request["do"] == "land":
        for source in request["sources"]:
            land(hub, source, [Path(request["delivery"]) / source], progress=Silent())
    else:
        run(hub, Silent())
    hub.close()
    return clock.ticks


def in_a_child(request: dict[str, Any]) -> dict[str, Any]:
    """Fork, work, wait."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.write(writing, str(work(request)).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    told = os.read(reading, 100)
    os.close(reading)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    return {"killed": killed, "well": status == 0, "ticks": int(told or 0)}


def main() -> None:
    """Answer each request with one line."""
    patch = pytest.MonkeyPatch()
    quick.remembered_levels(patch)
    quick.one_core_each(patch)
    for read in (region_tables, code_table, names.token_table, addresses.token_table):
        read()  # once, for all children
    configure_mappers()
    for line in sys.stdin:
        print(json.dumps(in_a_child(json.loads(line))), flush=True)  # noqa: T201 - the protocol


if __name__ == "__main__":
    main()
