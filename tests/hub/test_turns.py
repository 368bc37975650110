"""Who writes much does not keep others from writing; a turn ends with its holder, whatever ends it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, func, select

import mdm.hub.postgresql
from mdm.compose import Hub
from mdm.errors import DiskFullError, HomeError
from mdm.hub.dialect import Pool
from mdm.hub.migrate import upgrade
from mdm.hub.sessions import Sessions
from mdm.hub.tables import EntityKey, LinkageModel, NikToken
from mdm.hub.turns import Files, turn_at

KEY = ("entity_id", "key_id", "run_seq", "wrapped")
MANY = 400_000  # rows, far more than are written before the other has had its turn


def keys(hub: Hub) -> int:
    with hub.sessions.read() as session:
        return session.exec(select(func.count()).select_from(EntityKey)).one()


def test_who_writes_much_lets_another_write_in_between(hub: Hub) -> None:
    begun, done = threading.Event(), threading.Event()

    def other() -> None:
        begun.wait()
        with hub.sessions.begin() as session:
            session.add(LinkageModel(name="m", fingerprint="f"))
        done.set()

    def rows() -> Iterator[tuple[object, ...]]:
        for number in range(MANY):
            if done.is_set():
                return
            if number == hub.dialect.grain:
                begun.set()
            yield (f"e{number:06}", 1, 1, b"w")

    thread = threading.Thread(target=other)
    thread.start()
    with hub.sessions.bulk() as bulk:
        written = bulk.load(EntityKey, KEY, rows())
    thread.join()
    assert written < MANY
    assert keys(hub) == written


def test_a_bulk_that_fails_leaves_its_last_unit_undone_and_the_turn_free(hub: Hub) -> None:
    def failing() -> None:
        with hub.sessions.bulk() as bulk:
            bulk.load(EntityKey, KEY, [("e1", 1, 1, b"w")])
            bulk.rest()
            bulk.load(EntityKey, KEY, [("e2", 1, 1, b"w")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert keys(hub) == 1
    with hub.sessions.begin() as session:
        session.add(LinkageModel(name="m", fingerprint="f"))


def test_a_bulk_changes_row_by_row_what_it_is_told(hub: Hub) -> None:
    columns = ("token", "entity_id", "run_seq", "rank")
    change = (
        sa.update(NikToken)
        .where(col(NikToken.entity_id) == sa.bindparam("e"))
        .values(retired_seq=2)
    )
    with hub.sessions.bulk() as bulk:
        bulk.load(NikToken, columns, ((b"%d" % n, f"e{n}", 1, 0) for n in range(1_000)))
        bulk.execute(change, ({"e": f"e{n}"} for n in range(0, 1_000, 2)))
        bulk.execute(change, [])
    with hub.sessions.read() as session:
        retired = select(func.count()).where(NikToken.retired_seq == 2)
        assert session.exec(retired).one() == 500


HOLDER = """
import sys
from pathlib import Path
from mdm.hub.turns import Files, turn_at
with turn_at(Files(Path(sys.argv[1])), 5, bulk=False):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_turn_is_one_process_s_and_ends_when_it_dies(tmp_path: Path) -> None:
    database = tmp_path / "hub.db"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(HomeError, match="busy"), turn_at(Files(database), 0.05, bulk=False):
        pass
    holder.kill()
    holder.wait()
    with turn_at(Files(database), 0.05, bulk=False) as turn:
        assert not turn.waited_for()
    with turn_at(Files(database), 0.05, bulk=True):
        pass


def test_a_full_disk_under_the_database_is_said_in_words(hub: Hub) -> None:
    sqlite = hub.settings.database.startswith("sqlite")
    full = "PRAGMA max_page_count = 1" if sqlite else "SELECT 1"
    disk = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$"

    def fill() -> None:
        with hub.sessions.connect() as connection:
            connection.exec_driver_sql(full)
            if not sqlite:
                connection.exec_driver_sql(disk)
            rows = ((f"e{number}", 1, 1, bytes(500)) for number in range(5_000))
            hub.dialect.load(connection, EntityKey, KEY, rows)

    with pytest.raises(DiskFullError, match="disk under the database is full"):
        fill()


only_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@only_postgresql
def test_the_server_keeps_the_limits_that_are_set(hub_url: str) -> None:
    sessions = Sessions(hub_url, Pool(size=1, overflow=0, statement=7, lock=2.5, idle=0))
    with sessions.connect() as connection:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        shown = [connection.execute(sa.text(f"SHOW {name}")).scalar() for name in names]
        assert shown == ["7s", "2500ms", "0"]
        sessions.dialect.unhurried(connection)
        assert connection.execute(sa.text("SHOW statement_timeout")).scalar() == "0"
    sessions.close()


@only_postgresql
def test_a_second_migration_waits_and_then_says_so(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mdm.hub.postgresql, "MIGRATIONS_WAIT", "50ms")
    with hub.sessions.connect() as connection:
        hub.dialect.begin_migration(connection)
        with pytest.raises(HomeError, match="busy"):
            upgrade(hub.sessions)
    upgrade(hub.sessions)
