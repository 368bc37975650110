"""The composition root: the only place that chooses engine, database and key provider."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import mdm.hub.postgresql
import mdm.hub.sqlite  # noqa: F401 - both make themselves known to the port
from matching.engine import Engine
from mdm.errors import HomeError
from mdm.hub.dialect import Dialect
from mdm.hub.migrate import at_head, upgrade
from mdm.hub.sessions import Sessions
from mdm.keys import KeyProvider, Keys
from mdm.keys.keyfile import LocalKeyFile, sync_directory
from mdm.lake import Lake
from mdm.settings import FILE, Settings, load_settings, make_settings, write_settings
from mdm.work.background import in_background
from mdm.work.lock import BusyError, work_lock


@dataclass(frozen=True)
class Hub:
    """Everything a stage may need, chosen once."""

    settings: Settings
    sessions: Sessions
    keys: Keys
    lake: Lake

    @property
    def dialect(self) -> Dialect:
        """The database port."""
        return self.sessions.dialect

    def engine(self, threads: int | None = None) -> Engine:
        """A new, empty, disposable engine; close it after use. `threads`: how many, where not as set."""
        from matching.engines.duckdb import DuckDBEngine  # noqa: PLC0415 - slow to import

        settings = self.settings
        return in_background(
            lambda: DuckDBEngine(
                memory_limit=settings.memory_limit,
                threads=threads or settings.threads,
                spill=settings.spill,
            )
        )

    def lock(self, what: str = "work") -> AbstractContextManager[None]:
        """The exclusive right to land or run here. HomeError when another process has it."""
        return work_lock(self.settings.home / "work.lock", what)

    def close(self) -> None:
        """Let go of the database."""
        self.sessions.close()


def create_home(path: Path, **overrides: Any) -> Hub:
    """Make a home, or finish a half-made one: directories, settings, keys, database.

    Doing it again changes nothing. A directory that holds something else is refused.
    """
    path = Path(path)
    _refuse_foreign(path)
    for directory in (path, path / "lake", path / "keys"):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (path / FILE).exists():
        write_settings(make_settings(path, {k: v for k, v in overrides.items() if v is not None}))
    settings = load_settings(path)
    sessions = _sessions(settings)
    upgrade(sessions)
    if settings.key_provider == "file" and not settings.root_key.exists():
        _refuse_second_root(sessions)
        settings.root_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        LocalKeyFile.create(settings.root_key)
    keys = Keys(_provider(settings), sessions)
    with sessions.begin() as session:
        sessions.dialect.exclusive(session.connection(), "domain keys")
        keys.ensure(session)
    sync_directory(path)
    return Hub(settings, sessions, keys, Lake(settings.lake, keys, sessions))


def open_home(path: Path) -> Hub:
    """Open a home that stands. HomeError when there is none, or it is of another version."""
    path = Path(path)
    if not (path / FILE).exists():
        raise HomeError("There is no hub in this directory.", "Run `dtsen init` first.")
    settings = load_settings(path)
    sessions = _sessions(settings)
    if not at_head(sessions):
        raise HomeError(
            "The hub's database is of an older version.", "Run `dtsen init` to bring it up to date."
        )
    keys = Keys(_provider(settings), sessions)
    hub = Hub(settings, sessions, keys, Lake(settings.lake, keys, sessions))
    try:
        _replay_shreds(hub)
    except BaseException:
        hub.close()
        raise
    return hub


def _provider(settings: Settings) -> KeyProvider:
    """Who holds the root key, by the settings."""
    if settings.key_provider == "file":
        return LocalKeyFile(settings.root_key)
    from mdm.keys.vault import Place, Vault  # noqa: PLC0415 - needs an HTTP client

    assert settings.vault_token_file is not None  # settings are checked whole
    place = Place(
        settings.vault_address, settings.vault_key, settings.vault_token_file,
        settings.vault_mount, settings.vault_namespace, settings.vault_ca_file,
    )  # fmt: skip
    vault = Vault(place)
    vault.check()
    return vault


def _replay_shreds(hub: Hub) -> None:
    """A database restored from a backup forgets again whom it had to forget. Where another process
    works on this home, it has done so, or is about to."""
    from mdm.rights import shredlist  # noqa: PLC0415 - stands on this module

    if shredlist.agrees(hub):
        return
    from mdm.rights.erasing import catch_up  # noqa: PLC0415 - loads much, and is rarely needed

    with suppress(BusyError), hub.lock("replay the shred list"):
        catch_up(hub)


def _sessions(settings: Settings) -> Sessions:
    try:
        sessions = Sessions(settings.database, settings.pool)
        with sessions.read():
            return sessions
    except sa.exc.SQLAlchemyError:
        raise HomeError(
            "The hub's database cannot be opened.", "Check database_url, and that it is running."
        ) from None


def _refuse_foreign(path: Path) -> None:
    if path.is_file() or (path.is_dir() and any(path.iterdir()) and not (path / FILE).exists()):
        raise HomeError(
            "This directory holds something that is not a hub.", "Name an empty or new directory."
        )


def _refuse_second_root(sessions: Sessions) -> None:
    with sessions.read() as session:
        held = session.connection().execute(sa.text("SELECT count(*) FROM domain_key")).scalar()
    if held:
        raise HomeError(
            "The root key file of this hub is missing.", "Put it back from its safe copy."
        )
