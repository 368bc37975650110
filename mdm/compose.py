"""The composition root: the only place that chooses engine, database and key provider."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

import mdm.hub.postgresql
import mdm.hub.sqlite  # noqa: F401 - both make themselves known to the port
from matching.engine import Engine
from mdm.errors import HomeError, HubError, IntegrityError
from mdm.folders import private_folder
from mdm.hub.dialect import Dialect, full
from mdm.hub.sessions import Sessions
from mdm.keys import KeyProvider, Keys
from mdm.keys.keyfile import LocalKeyFile
from mdm.lake import Lake
from mdm.settings import Settings
from mdm.work.background import in_background
from mdm.work.lock import held, work_lock

LEAST_FREE = 1 << 20  # bytes; with less no database opens


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
                spill=settings.spill and private_folder(settings.spill),
            )
        )

    @contextmanager
    def lock(self, what: str = "work") -> Iterator[None]:
        """The exclusive right to land or run here, and on the database. BusyError when another process has it."""
        with work_lock(self.settings.home / "work.lock", what), self.sessions.alone(what):
            yield

    def at_work(self) -> bool:
        """Whether a process lands or runs here now, or in another home of the same database."""
        return held(self.settings.home / "work.lock") or bool(self.sessions.worker())

    def close(self) -> None:
        """Let go of the database."""
        self.sessions.close()


def composed(settings: Settings, sessions: Sessions) -> Hub:
    """The hub of a home whose database is open."""
    keys = Keys(_provider(settings), sessions)
    return Hub(settings, sessions, keys, Lake(settings.lake, keys, sessions))


def sessions_of(settings: Settings) -> Sessions:
    """The home's database, open. HomeError where it is not to be reached, CapacityError on a full disk."""
    try:
        sessions = Sessions(settings.database, settings.pool)
        with sessions.read():
            return sessions
    except (sa.exc.SQLAlchemyError, OSError, IntegrityError):
        raise _unopened(settings) from None


def _unopened(settings: Settings) -> HubError:
    """Why the database does not open, as far as its folder tells: to read, it writes beside itself."""
    if not settings.database_url:
        if shutil.disk_usage(settings.home).free < LEAST_FREE:
            return full()
        if not os.access(settings.home, os.W_OK):
            return HomeError(
                "The home may not be written to; that is needed to read it, too.",
                "Check the rights of its folder, and that its disk is not mounted read-only.",
            )
        hint = "Check the rights of hub.db and its folder; a damaged one is put back from its newest copy."
    else:
        hint = "Check database_url (host, port, name, user, password), and that the server runs."
    return HomeError("The hub's database cannot be opened.", hint)


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
