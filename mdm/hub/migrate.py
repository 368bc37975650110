"""Bring a hub's database to the newest revision, one process at a time."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mdm.errors import HomeError
from mdm.hub.sessions import Sessions

if TYPE_CHECKING:
    from alembic.config import Config


@dataclass(frozen=True)
class Revision:
    """A step of the database's tables, and what it is for."""

    name: str
    sentence: str


def upgrade(sessions: Sessions) -> tuple[Revision, ...]:
    """Run every revision that is missing, in one transaction; those, in their order. All of them for a
    database with nothing in it."""
    from alembic import command  # noqa: PLC0415 - slow to import; most who open a hub migrate nothing
    from alembic.util.exc import CommandError  # noqa: PLC0415

    config = _config()
    try:
        with sessions.connect() as connection:
            sessions.dialect.begin_migration(connection)
            config.attributes["connection"] = connection
            before = _stands_at(connection)
            command.upgrade(config, "head")
            return _since(config, before)
    except CommandError:
        raise _newer() from None
    except sa.exc.OperationalError:
        raise HomeError(
            "The hub's database is busy, so that it cannot be brought up to date now.",
            "Try again when no run and no other `dtsen init` works on it.",
        ) from None


def _since(config: Config, before: str | None) -> tuple[Revision, ...]:
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    found = ScriptDirectory.from_config(config).iterate_revisions("head", before or "base")
    said = [Revision(one.revision, (one.doc or "").partition("\n")[0]) for one in found]
    return tuple(reversed(said))


def stands_at(sessions: Sessions) -> str | None:
    """The revision a database stands at; None for one with nothing in it."""
    with sessions.engine.connect() as connection:
        return _stands_at(connection)


def refuse_other_version(sessions: Sessions) -> None:
    """HomeError where the database does not stand at the newest revision, or holds nothing."""
    stands = stands_at(sessions)
    if stands is None:
        raise HomeError(
            "There is nothing in the hub's database.",
            "Check database_url. If `dtsen init` never ended, run it again; if the database is lost, "
            "put it back from its newest copy.",
        )
    if stands > _head():
        raise _newer()
    if stands < _head():
        raise HomeError(
            "The hub's database is of an older version.",
            "Run `dtsen init` on this home to bring it up to date.",
        )


def _newer() -> HomeError:
    return HomeError(
        "The hub's database is of a newer version than this program.",
        "Install the newer program.",
    )


def _stands_at(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


@cache
def _head() -> str:
    """The newest revision: its file's name begins with it. To have Alembic find it, every one would be loaded."""
    names = (one.name for one in files("migrations").joinpath("versions").iterdir())
    return max(name[:4] for name in names if re.match(r"[0-9]{4}_", name))


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    return config
