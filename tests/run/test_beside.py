"""Work beside work: done when it is asked for, ended when its maker gives up."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress

import pytest

from matching.engine import Engine
from matching.engines.duckdb import DuckDBEngine
from mdm.work.beside import Beside

ENDLESS = (
    "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE (a.range + b.range) % 7 = 8"
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = DuckDBEngine()
    yield made
    made.close()


def test_both_see_the_tables_of_each_other(engine: Engine) -> None:
    engine.table("given", "SELECT 1 AS n")
    with Beside(engine) as beside:
        made = beside.do(lambda own: own.table("found", "SELECT n + 1 AS n FROM given"))
        assert made.result() == 1
    assert engine.scalar("SELECT n FROM found") == 2


def test_who_waits_is_told_what_went_wrong(engine: Engine) -> None:
    def fail(_: Engine) -> None:
        raise OSError("no room")

    with Beside(engine) as beside:
        beside.later(fail)
        with pytest.raises(OSError, match="no room"):
            beside.wait()


def test_all_is_done_when_nothing_goes_wrong(engine: Engine) -> None:
    with Beside(engine, at_once=1) as beside:
        for number in range(5):
            beside.later(lambda own, n=number: own.run(f"CREATE TABLE t{n} AS SELECT {n} AS n"))
    assert {f"t{number}" for number in range(5)} <= set(engine.tables())


def test_a_key_pressed_ends_what_runs_beside_at_once(engine: Engine) -> None:
    begun = threading.Event()

    def endless(own: Engine) -> None:
        begun.set()
        own.scalar(ENDLESS)

    def pressed() -> tuple[Future[None], Future[int]]:
        with suppress(KeyboardInterrupt), Beside(engine, at_once=1) as beside:
            running = beside.do(endless)
            waiting = beside.do(lambda own: own.table("never", "SELECT 1 AS n"))
            begun.wait()  # the statement comes next
            raise KeyboardInterrupt
        return running, waiting

    started = time.monotonic()
    running, waiting = pressed()
    assert time.monotonic() - started < 30  # the statement alone would take days
    assert running.exception() is not None
    assert waiting.cancelled()
    assert not engine.exists("never")
