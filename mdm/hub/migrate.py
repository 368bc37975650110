"""Bring a hub's database to the newest revision, one process at a time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from mdm.errors import HomeError
from mdm.hub.sessions import Sessions


@dataclass(frozen=True)
class Revision:
    """A step of the database's tables, and what it is for."""

    name: str
    sentence: str


def upgrade(sessions: Sessions) -> tuple[Revision, ...]:
    """Run every revision that is missing, in one transaction; those, in their order. All of them for a
    database with nothing in it."""
    config = _config()
    try:
        with sessions.connect() as connection:
            sessions.dialect.begin_migration(connection)
            config.attributes["connection"] = connection
            before = MigrationContext.configure(connection).get_current_revision()
            command.upgrade(config, "head")
            return _since(config, before)
    except CommandError:
        raise HomeError(
            "The hub's database is of a newer version than this program.",
            "Install the newer program.",
        ) from None
    except sa.exc.OperationalError:
        raise HomeError(
            "The hub's database is busy, so that it cannot be brought up to date now.",
            "Try again when no run and no other `dtsen init` works on it.",
        ) from None


def _since(config: Config, before: str | None) -> tuple[Revision, ...]:
    found = ScriptDirectory.from_config(config).iterate_revisions("head", before or "base")
    said = [Revision(one.revision, (one.doc or "").partition("\n")[0]) for one in found]
    return tuple(reversed(said))


def at_head(sessions: Sessions) -> bool:
    """Whether the database stands at the newest revision."""
    with sessions.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _head()


@cache
def _head() -> str | None:
    """The newest revision: every one is loaded to find it."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    return config
