"""Left forms: what somebody had typed into a form that was sent when their session had ended.

It is kept for a quarter of an hour, for the same person in the same browser, and is only ever shown again, never sent.
It is sealed under a key made of the access key and of a secret that this browser alone has: what stands in the hub,
or in a backup of it, opens for nobody else. Of each account there is one: the last.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import sqlalchemy as sa
from sqlmodel import Session, col

from mdm.access.keys import PURPOSE, mac
from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.hub.columns import now
from mdm.hub.tables import LeftForm
from mdm.seal import Place, seal, unseal

LIFE = timedelta(minutes=15)
MOST = 64 * 1024  # characters of names and values
_LONGEST = 128  # of a secret, and of an owner's token


@dataclass(frozen=True)
class Left:
    """A form as it was sent: where to, the fields, and whether files came with it, which are not kept."""

    path: str
    fields: Sequence[tuple[str, str]]
    files: bool


def owner_token(hub: Hub, staff_id: str, csrf: str) -> str:
    """What a form says of whom it was drawn for, so that it can be told when that session is gone. It fits the CSRF
    token beside it and no other."""
    return f"{staff_id}.{_owned(hub, staff_id, csrf, None)}"


def owner_of(hub: Hub, token: str, csrf: str) -> str | None:
    """Whose form it is; None when the hub drew no such form."""
    if not token or max(len(token), len(csrf)) > _LONGEST or not (token + csrf).isascii():
        return None
    staff_id, _, sealed = token.rpartition(".")
    fits = (
        hmac.compare_digest(_owned(hub, staff_id, csrf, version), sealed)
        for version in hub.keys.versions(PURPOSE)
    )
    return staff_id if any(fits) else None


def keep(hub: Hub, staff_id: str, left: Left) -> str:
    """Keep it; the secret that opens it, for the browser alone."""
    secret, version = secrets.token_urlsafe(32), hub.keys.domain(PURPOSE).version
    plain = msgspec.json.encode(left)
    sealed = seal(_key(hub, secret, version), _place(staff_id, version), plain)
    with hub.sessions.begin() as session:
        forget(session)
        _drop(session, staff_id)
        until = now() + LIFE
        session.add(LeftForm(staff_id=staff_id, key_id=version, sealed=sealed, until=until))
    return secret


def find(hub: Hub, staff_id: str, secret: str) -> Left | None:
    """What this person left in this browser; None for nothing, or nothing any more."""
    if not secret or len(secret) > _LONGEST:
        return None
    with hub.sessions.read() as session:
        held = session.get(LeftForm, staff_id)
    if held is None or now() >= held.until:
        return None
    try:
        key, place = _key(hub, secret, held.key_id), _place(staff_id, held.key_id)
        return msgspec.json.decode(unseal(key, place, held.sealed), type=Left)
    except IntegrityError:  # left in another browser, or its key is gone
        return None


def drop(hub: Hub, staff_id: str) -> None:
    """It is needed no more."""
    with hub.sessions.begin() as session:
        _drop(session, staff_id)


def forget(session: Session) -> None:
    """Those whose time is over."""
    session.execute(sa.delete(LeftForm).where(col(LeftForm.until) < now()))


def _drop(session: Session, staff_id: str) -> None:
    session.execute(sa.delete(LeftForm).where(col(LeftForm.staff_id) == staff_id))


def _key(hub: Hub, secret: str, version: int) -> bytes:
    return mac(hub, "left form", version)(secret.encode())


def _place(staff_id: str, version: int) -> Place:
    return Place("left_form", "sealed", staff_id, 0, version)


def _owned(hub: Hub, staff_id: str, csrf: str, version: int | None) -> str:
    sealed = mac(hub, "form owner", version)(f"{staff_id}\n{csrf}".encode())
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()
