"""A home: made once, finished if half made, never over something else, one worker at a time."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import select

from mdm import audit
from mdm.compose import Hub, sessions_of
from mdm.errors import CapacityError, HomeError, IntegrityError, RuleError
from mdm.homes import create_home, open_home
from mdm.hub.tables import AuditEvent
from mdm.settings import load_settings
from tests.postgres import database


def test_making_a_home_twice_keeps_its_keys(home: Path, hub_url: str) -> None:
    first = create_home(home, database_url=hub_url)
    secret = first.keys.domain("profile").secret
    again = create_home(home)
    assert again.keys.domain("profile").secret == secret
    assert open_home(home).keys.domain("profile").secret == secret


def test_only_the_owner_can_read_a_home(home: Path) -> None:
    create_home(home).close()
    for path in [home, *home.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_a_directory_with_something_else_is_refused(home: Path) -> None:
    home.mkdir()
    (home / "holiday.txt").write_text("photos")
    with pytest.raises(HomeError, match="not a hub"):
        create_home(home)
    assert [path.name for path in home.iterdir()] == ["holiday.txt"]


def test_what_an_init_that_was_killed_left_is_finished(home: Path) -> None:
    home.mkdir()
    (home / "dtsen.new").write_text("# Set")  # half a settings file, as a full disk leaves it
    create_home(home).close()
    open_home(home).close()
    assert not (home / "dtsen.new").exists()


def test_a_database_that_does_not_open_says_what_is_in_its_way(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_home(home).close()
    (home / "hub.db").write_bytes(b"no database" * 100)
    with pytest.raises(HomeError, match="cannot be opened"):
        open_home(home)
    monkeypatch.setattr("os.access", lambda *_: False)  # as of a disk mounted read-only
    with pytest.raises(HomeError, match="may not be written"):
        open_home(home)
    usage = shutil.disk_usage(home)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=0))
    with pytest.raises(CapacityError, match="full"):
        open_home(home)


def test_a_home_that_is_not_there_says_what_to_do(home: Path) -> None:
    with pytest.raises(HomeError) as error:
        open_home(home)
    assert "dtsen init" in error.value.hint


def test_a_key_file_that_others_can_read_is_refused(home: Path) -> None:
    create_home(home).close()
    (home / "keys" / "root.key").chmod(0o644)
    with pytest.raises(HomeError, match="read by others"):
        open_home(home)


def test_a_lost_root_key_is_never_replaced_by_a_new_one(home: Path) -> None:
    create_home(home).close()
    (home / "keys" / "root.key").unlink()
    for act in (open_home, create_home):
        with pytest.raises(HomeError, match="root key file"):
            act(home)


def test_a_home_half_made_by_a_killed_init_is_finished(home: Path) -> None:
    create_home(home).close()
    (home / "keys" / "root.key").unlink()
    for path in home.glob("hub.db*"):
        path.unlink()
    assert create_home(home).keys.domain("lake").version == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_lost_database_is_never_replaced_by_an_empty_one(home: Path, database: str) -> None:
    hub = create_home(home)
    for path in home.glob("hub.db*"):
        path.unlink()
    # Nor does what is open go on writing to a file that nobody will find again.
    with pytest.raises(HomeError, match="gone"), hub.sessions.begin() as session:
        audit.record(session, "system", "land")
    hub.close()
    for act in (open_home, create_home):
        with pytest.raises(HomeError, match="not there") as lost:
            act(home)
        assert "copy" in lost.value.hint
    assert not (home / "hub.db").exists()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("database")
def test_a_damaged_database_is_named_where_it_is_read(home: Path) -> None:
    """It opens, for what is read then holds."""
    with closing(create_home(home)) as hub, hub.sessions.begin() as session:
        for n in range(200):
            audit.record(session, "system", "land", batch=f"marker{n}")
    file = home / "hub.db"
    held = file.read_bytes()
    pages = [held[at : at + 16384] for at in range(0, len(held), 16384)]
    file.write_bytes(b"".join(b"\xff" * 16384 if b"marker" in page else page for page in pages))
    with (
        closing(open_home(home)) as hub,
        pytest.raises(IntegrityError, match="file is damaged"),
        hub.sessions.read() as session,
    ):
        session.exec(select(AuditEvent.event)).all()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_whose_disk_takes_no_more_of_this_account_is_named(hub: Hub) -> None:
    """A quota, or a limit on files, is no full disk to SQLite: it calls it an error of the disk."""

    def act() -> None:
        with hub.sessions.begin() as session:
            for n in range(2_000):
                audit.record(session, "system", "land", batch=f"b{n}")

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        with pytest.raises(CapacityError, match="takes no more"):
            act()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with hub.sessions.read() as session:
        assert audit.size(session) == 0


def test_a_database_that_takes_no_changes_is_named(hub: Hub) -> None:
    only_read = {
        True: "PRAGMA query_only=ON",
        False: "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    }
    with hub.sessions.engine.connect() as connection:
        connection.exec_driver_sql(only_read[hub.dialect.embedded])
        connection.commit()
    with (
        pytest.raises(HomeError, match=r"not written|takes no changes"),
        hub.sessions.begin() as session,
    ):
        audit.record(session, "system", "land")
    with hub.sessions.read() as session:
        assert audit.size(session) >= 0


def test_a_wrong_setting_is_named(home: Path) -> None:
    create_home(home).close()
    (home / "dtsen.yaml").write_text("memory_limt: 2GB\n")
    with pytest.raises(RuleError, match="memory_limt: there is nothing of this name"):
        open_home(home)
    (home / "dtsen.yaml").write_text("threads: 2\naccess: {\n")
    with pytest.raises(RuleError, match=r"is not YAML \(line 3\)"):
        open_home(home)
    (home / "dtsen.yaml").write_text("- threads\n")
    with pytest.raises(RuleError, match="each as `name: value`"):
        open_home(home)
    (home / "dtsen.yaml").write_text("key_provider: vault\n")
    with pytest.raises(RuleError, match="cannot be read: key_provider vault needs vault_address"):
        open_home(home)


def test_another_database_for_a_home_that_stands_is_refused(home: Path, tmp_path: Path) -> None:
    create_home(home, memory_limit="2GB").close()
    create_home(home, memory_limit="2GB").close()
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    with pytest.raises(HomeError, match="say otherwise: database_url"):
        create_home(home, database_url=elsewhere, memory_limit="2GB")
    assert load_settings(home, {}).database_url == ""


def test_a_home_that_held_a_hub_makes_no_new_one_in_an_empty_database(
    home: Path, hub_url: str
) -> None:
    create_home(home).close()
    (home / "dtsen.yaml").write_text(f"database_url: {hub_url}\n")
    sessions_of(load_settings(home, {})).close()  # there, and empty
    with pytest.raises(HomeError, match="nothing in the hub's database"):
        open_home(home)
    with pytest.raises(HomeError, match="has held a hub"):
        create_home(home)


def test_the_environment_overrides_the_document(home: Path) -> None:
    create_home(home, memory_limit="2GB").close()
    assert load_settings(home, {}).memory_limit == "2GB"
    assert load_settings(home, {"DTSEN_MEMORY_LIMIT": "1GB"}).memory_limit == "1GB"


@pytest.mark.parametrize("name", ["spill", "key_file", "shred_list"])
def test_a_path_means_the_same_wherever_a_command_is_called(home: Path, name: str) -> None:
    where = load_settings(home, {f"DTSEN_{name.upper()}": "~/there"})
    assert getattr(where, name) == Path.home() / "there"
    for begins_here in ("there", "../there", "./there", "~nobody-of-this-name/there"):
        with pytest.raises(RuleError, match="whole path"):
            load_settings(home, {f"DTSEN_{name.upper()}": begins_here})


def test_a_wrong_database_password_is_not_shown(home: Path) -> None:
    with pytest.raises(HomeError) as error:
        create_home(home, database_url="postgresql://u:hunter2@localhost:1/x")
    assert "hunter2" not in error.value.message + error.value.hint
    assert error.value.__suppress_context__


def test_a_database_that_cannot_hold_every_name_is_refused(home: Path, postgres: str) -> None:
    latin = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    with (
        database(postgres, set_up=latin) as url,
        pytest.raises(HomeError, match="LATIN1") as refused,
    ):
        create_home(home, database_url=url)
    assert "ENCODING 'UTF8'" in refused.value.hint


HOLDER = """
import sys
from contextlib import closing
from pathlib import Path
from mdm.homes import open_home
with open_home(Path(sys.argv[1])).lock("land"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_worker_at_a_time_and_a_dead_one_does_not_count(home: Path) -> None:
    hub = create_home(home)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(HomeError, match=f"land, process {holder.pid}"), hub.lock("run"):
        pass
    holder.kill()
    holder.wait()
    with hub.lock("run"):
        pass


def test_the_engine_is_new_each_time(hub: Hub) -> None:
    one, other = hub.engine(), hub.engine()
    one.table("t", "SELECT 1 AS x")
    assert not other.exists("t")
    one.close()
    other.close()


def test_the_home_carries_no_umask_surprise(home: Path) -> None:
    before = os.umask(0o000)
    try:
        create_home(home).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / "hub.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "dtsen.yaml").stat().st_mode) == 0o600
