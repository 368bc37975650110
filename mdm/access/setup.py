"""The first account: there is none until somebody shows the one-time set-up token.

The token is written to a file of the home that only its owner reads; the hub keeps its hash. It
works once, for as long as the settings say, and only while there is no account.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session, select

from mdm import audit
from mdm.access import roles
from mdm.access import staff as accounts
from mdm.access.errors import NotIdentifiedError
from mdm.compose import Hub
from mdm.errors import AccessError
from mdm.hub.columns import now
from mdm.hub.tables import SetupToken, Staff

FILE = "setup-token"
FIRST_ROLE = "user-administrator"


def needed(hub: Hub) -> bool:
    """Whether there is no account yet."""
    with hub.sessions.read() as session:
        return not _any(session)


def write_token(hub: Hub) -> Path:
    """A new set-up token, in a file; older ones end. AccessError when there is an account."""
    token, path = secrets.token_urlsafe(32), _path(hub)
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), "setup")
        if _any(session):
            raise AccessError(
                "There are accounts already.", "An administrator of users can add more."
            )
        session.execute(sa.delete(SetupToken))
        session.add(
            SetupToken(token_hash=_hash(token), expires=now() + hub.settings.access.setup_life)
        )
        audit.record(session, "hub", "session.setup-token")
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(token + "\n")
    return path


def first_account(hub: Hub, token: str, login: str, password: str) -> str:
    """Make the first account, administrator of users; its id. The token is used up."""
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), "setup")
        held = session.get(SetupToken, _hash(token))
        if held is None or held.expires <= now() or _any(session):
            raise NotIdentifiedError("setup")
        made = accounts.create(session, login, password, actor="set-up", until=None)
        roles.grant(session, made.id, FIRST_ROLE, "", actor="set-up", approved_by=None)
        session.execute(sa.delete(SetupToken))
        staff_id = made.id
    _path(hub).unlink(missing_ok=True)
    return staff_id


def _any(session: Session) -> bool:
    return session.exec(select(Staff.id).limit(1)).first() is not None


def _path(hub: Hub) -> Path:
    return hub.settings.home / "keys" / FILE


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.strip().encode()).digest()
