"""Homes: the directory in which a hub lives is made, or opened; opened, it has forgotten whom it had to forget."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import select

from mdm.compose import Hub, composed, sessions_of
from mdm.errors import HomeError
from mdm.folders import make_folder
from mdm.hub.dialect import dialect_for
from mdm.hub.migrate import Revision, refuse_other_version, stands_at, upgrade
from mdm.hub.sessions import Sessions
from mdm.hub.tables import DomainKeyRow
from mdm.keys.keyfile import LocalKeyFile, sync_to_disk
from mdm.rights import shredlist
from mdm.settings import FILE, UNFINISHED, Settings, load_settings, make_settings, write_settings
from mdm.work.lock import BusyError


@dataclass(frozen=True)
class Prepared:
    """A home that is ready. `made`: it was not there, or not finished, before; `upgraded`: the steps that
    brought the database of one that stood up to date."""

    hub: Hub
    made: bool
    upgraded: tuple[Revision, ...]


def create_home(path: Path, **overrides: Any) -> Hub:
    """The hub of a home that `prepare_home` made ready."""
    return prepare_home(path, **overrides).hub


def prepare_home(path: Path, **overrides: Any) -> Prepared:
    """Make a home, finish a half-made one, or bring one up to date: directories, settings, keys, database.

    Doing it again changes nothing. A directory that holds something else is refused, and so is a home
    that has lost its database: a new one would know nothing of what the lake holds.
    """
    path = Path(path)
    _refuse_foreign(path)
    make_folder(path, 0o700)
    given = {name: value for name, value in overrides.items() if value is not None}
    if (path / FILE).exists():
        _refuse_other_settings(path, given)
    else:  # written first: by it a half-made home is known as one
        write_settings(_sound(make_settings(path, given)))
    for directory in (path / "lake", path / "keys"):
        directory.mkdir(mode=0o700, exist_ok=True)
    settings = _sound(load_settings(path))
    if _stood(settings):
        _refuse_without_database(settings, "Put hub.db back from its newest copy.")
    sessions = sessions_of(settings)
    if _stood(settings) and stands_at(sessions) is None:
        raise HomeError(
            "This home has held a hub, and there is nothing in the database that its settings name.",
            "Check database_url, or put the database back from its newest copy.",
        )
    revisions = upgrade(sessions)
    with sessions.read() as session:
        made = session.exec(select(DomainKeyRow).limit(1)).first() is None
    if settings.key_provider == "file" and not settings.root_key.exists():
        _refuse_second_root(sessions)
        settings.root_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        LocalKeyFile.create(settings.root_key)
    hub = composed(settings, sessions)
    with sessions.begin() as session:
        sessions.dialect.exclusive(session.connection(), "domain keys")
        hub.keys.ensure(session)
    hub.keys.check()
    sync_to_disk(path)
    return Prepared(hub, made, () if made else revisions)


def open_home(path: Path) -> Hub:
    """Open a home that stands. HomeError when there is none, or it is of another version."""
    path = Path(path)
    if not (path / FILE).exists():
        raise HomeError(
            f"There is no hub in {path}.",
            "Name the folder of one with --home or DTSEN_HOME, or make one there: `dtsen init`.",
        )
    settings = _sound(load_settings(path))
    _refuse_without_database(
        settings, "Put hub.db back from its newest copy; if `dtsen init` never ended, run it again."
    )
    sessions = sessions_of(settings)
    refuse_other_version(sessions)
    hub = composed(settings, sessions)
    try:
        _replay_shreds(hub)
    except BaseException:
        hub.close()
        raise
    return hub


def _sound(settings: Settings) -> Settings:
    """The settings, where they give nothing that there is not. RuleError says what."""
    if settings.access.oidc is not None:
        from mdm.access.groups import check_groups  # noqa: PLC0415 - reads all roles and regions

        check_groups(settings.access.oidc)
    return settings


def _replay_shreds(hub: Hub) -> None:
    """A database restored from a backup forgets again whom it had to forget. Where another process
    works on this home, it has done so, or is about to."""
    if shredlist.agrees(hub):
        return
    from mdm.rights.erasing import catch_up  # noqa: PLC0415 - loads much, and is rarely needed

    with suppress(BusyError), hub.lock("replay the shred list"):
        catch_up(hub)


def _stood(settings: Settings) -> bool:
    """Whether a home holds what only a hub that was finished leaves."""
    own_key = settings.home / "keys" / "root.key"
    return own_key.exists() or any(settings.lake.iterdir())


def _refuse_without_database(settings: Settings, hint: str) -> None:
    if dialect_for(settings.database).absent(settings.database):
        raise HomeError(f"The hub's database is not there: {settings.home} has lost it.", hint)


def _refuse_foreign(path: Path) -> None:
    held = {one.name for one in path.iterdir()} - {UNFINISHED} if path.is_dir() else set()
    if path.is_file() or (held and FILE not in held):
        raise HomeError(
            "This directory holds something that is not a hub.", "Name an empty or new directory."
        )


def _refuse_other_settings(path: Path, given: Mapping[str, Any]) -> None:
    """What is given for a home that has its settings already must be what they say."""
    held, asked = load_settings(path, {}), make_settings(path, given)
    if other := sorted(name for name in given if getattr(held, name) != getattr(asked, name)):
        raise HomeError(
            f"This home has its settings already, and they say otherwise: {', '.join(other)}.",
            f"Change them in {FILE} of the home. Nothing moves by that: a hub's database holds what it "
            "held.",
        )


def _refuse_second_root(sessions: Sessions) -> None:
    with sessions.read() as session:
        held = session.connection().execute(sa.text("SELECT count(*) FROM domain_key")).scalar()
    if held:
        raise HomeError(
            "The root key file of this hub is missing.", "Put it back from its safe copy."
        )
