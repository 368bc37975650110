"""Homes: the directory in which a hub lives is made, or opened; opened, it has forgotten whom it had to forget."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mdm.compose import Hub, composed, sessions_of
from mdm.errors import HomeError
from mdm.hub.migrate import at_head, upgrade
from mdm.hub.sessions import Sessions
from mdm.keys.keyfile import LocalKeyFile, sync_directory
from mdm.rights import shredlist
from mdm.settings import FILE, load_settings, make_settings, write_settings
from mdm.work.lock import BusyError


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
    sessions = sessions_of(settings)
    upgrade(sessions)
    if settings.key_provider == "file" and not settings.root_key.exists():
        _refuse_second_root(sessions)
        settings.root_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        LocalKeyFile.create(settings.root_key)
    hub = composed(settings, sessions)
    with sessions.begin() as session:
        sessions.dialect.exclusive(session.connection(), "domain keys")
        hub.keys.ensure(session)
    sync_directory(path)
    return hub


def open_home(path: Path) -> Hub:
    """Open a home that stands. HomeError when there is none, or it is of another version."""
    path = Path(path)
    if not (path / FILE).exists():
        raise HomeError("There is no hub in this directory.", "Run `dtsen init` first.")
    settings = load_settings(path)
    sessions = sessions_of(settings)
    if not at_head(sessions):
        raise HomeError(
            "The hub's database is of an older version.", "Run `dtsen init` to bring it up to date."
        )
    hub = composed(settings, sessions)
    try:
        _replay_shreds(hub)
    except BaseException:
        hub.close()
        raise
    return hub


def _replay_shreds(hub: Hub) -> None:
    """A database restored from a backup forgets again whom it had to forget. Where another process
    works on this home, it has done so, or is about to."""
    if shredlist.agrees(hub):
        return
    from mdm.rights.erasing import catch_up  # noqa: PLC0415 - loads much, and is rarely needed

    with suppress(BusyError), hub.lock("replay the shred list"):
        catch_up(hub)


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
