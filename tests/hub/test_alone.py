"""Two homes of one database: one of both works at a time, whatever becomes of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from mdm.compose import Hub
from mdm.errors import HomeError, IntegrityError
from mdm.homes import open_home
from mdm.hub.runs import abandon_run, published_seq, start_run
from mdm.lake import LakeFile
from mdm.publishing import publish
from mdm.work.lock import BRIEF, BusyError
from mdm.work.progress import Silent
from tests.publish.golden import SITI, Golden, content, publish_golden

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

_HOLDS = """
import sys, time
from pathlib import Path
from mdm.homes import open_home
with open_home(Path(sys.argv[1])).lock("run"):
    print("works", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(hub: Hub, tmp_path: Path) -> Iterator[Hub]:
    """Another home of the hub's database, with a copy of its lake."""
    shutil.copytree(hub.settings.home, tmp_path / "other")
    other = open_home(tmp_path / "other")
    try:
        yield other
    finally:
        other.close()


def landed(hub: Hub) -> LakeFile:
    """A landed file that belongs to nothing yet."""
    return hub.lake.write("landed/pemda/warga", pa.table({"row": [1]}), owner="batch")


def test_who_works_in_one_home_is_told_in_the_other(hub: Hub, other: Hub) -> None:
    with hub.lock("land"):
        assert other.at_work()
        with pytest.raises(BusyError, match=r"database is busy: land, process \d+ on .*, since"):
            other.lock("run").__enter__()
    assert not other.at_work()
    with other.lock("run"), pytest.raises(BusyError, match="database is busy: run"):
        hub.lock("land").__enter__()


def test_a_decision_of_the_other_home_is_waited_for(hub: Hub, other: Hub) -> None:
    deciding = threading.Event()

    def decide() -> None:
        with other.lock(BRIEF):
            deciding.set()
            time.sleep(0.5)

    thread = threading.Thread(target=decide)
    thread.start()
    assert deciding.wait(10)
    with hub.lock("run"):
        assert not other.sessions.worker().startswith(BRIEF)
    thread.join()


def test_who_is_killed_leaves_no_lock(hub: Hub, other: Hub) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(other.settings.home)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"works\n"
        assert hub.at_work()
        process.kill()
    until = time.monotonic() + 10
    while hub.at_work() and time.monotonic() < until:  # the server hears of it by itself
        time.sleep(0.01)
    with hub.lock("run"), pytest.raises(BusyError):
        other.lock("run").__enter__()


def test_who_lost_the_right_to_work_makes_nothing_part_of_the_hub(hub: Hub) -> None:
    with hub.lock("land"):
        file = landed(hub)
        with hub.sessions.begin() as session:
            end = sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'land, %'"
            )
            assert session.connection().execute(end).scalars().all() == [True]
        with pytest.raises(HomeError, match="was lost"), hub.sessions.begin() as session:
            hub.lake.adopt(session, [file])
    assert hub.lake.files() == []


def test_a_run_that_was_given_up_meanwhile_is_not_published(hub: Hub) -> None:
    person = content(name="SITI")
    publish_golden(hub, Golden(persons={"e1": (person, [SITI])}))
    with hub.sessions.begin() as session:
        before, run = published_seq(session), start_run(session, "run", "facts")

    def give_up(_: object) -> None:
        with hub.sessions.begin() as session:
            abandon_run(session, run)

    engine = hub.engine()
    try:
        Golden(persons={"e2": (person, [SITI])}).register(engine)
        with pytest.raises(IntegrityError, match="given up"):
            publish(hub, engine, run, Silent(), ("person", "family"), meanwhile=give_up)
    finally:
        engine.close()
    with hub.sessions.read() as session:
        assert published_seq(session) == before


def test_what_the_other_home_landed_in_a_lake_of_its_own_is_missed_before_any_work(
    hub: Hub, other: Hub
) -> None:
    with other.sessions.begin() as session:
        other.lake.adopt(session, [landed(other)])
    assert other.lake.sweep() == 0
    with pytest.raises(IntegrityError, match="1 of 1 landed files of this hub are not in the lake"):
        hub.lake.sweep()
