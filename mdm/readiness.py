"""Readiness: whether a hub has all it needs to answer, each thing tried on its own."""

from __future__ import annotations

from collections.abc import Callable

from mdm import audit
from mdm.compose import Hub
from mdm.errors import HubError
from mdm.hub.runs import published_seq


def readiness(hub: Hub) -> dict[str, str]:
    """What is needed → `ok`, or what is wrong with it in a word. Never raises, changes nothing."""
    tries: dict[str, Callable[[Hub], None]] = {
        "database": _database,
        "keys": _keys,
        "published": _published,
        "audit": _audit,
    }
    return {name: _tried(check, hub) for name, check in tries.items()}


def _tried(check: Callable[[Hub], None], hub: Hub) -> str:
    try:
        check(hub)
    except _MissingError as missing:
        return str(missing)
    except HubError as error:
        return type(error).__name__
    except Exception:  # a database that is away fails in many ways
        return "failed"
    return "ok"


class _MissingError(Exception):
    """There is nothing where something should be."""


def _database(hub: Hub) -> None:
    with hub.sessions.read():
        pass


def _keys(hub: Hub) -> None:
    hub.keys.domain("profile")
    hub.keys.domain("identifier")


def _published(hub: Hub) -> None:
    with hub.sessions.read() as session:
        if not published_seq(session):
            raise _MissingError("nothing published yet")


def _audit(hub: Hub) -> None:
    """Whether an event could be written: it is, and taken back."""
    with hub.sessions.begin() as session:
        audit.record(session, "system", "readiness")
        session.rollback()
