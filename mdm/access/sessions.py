"""Sessions of staff: a random id per login, known to the browser; the hub keeps its hash.

The CSRF token is derived from the session id, so that it fits this session and no other. A session carries a MAC under
the access key: who may write to the database, but has no keys, can make none, nor make one another's.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col

from mdm.access.document import load_rules
from mdm.access.errors import NotIdentifiedError
from mdm.access.keys import PURPOSE, mac
from mdm.access.left import forget
from mdm.access.roles import Held, counted, held, regions_of
from mdm.access.staff import ACTIVE
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import Staff, StaffSession

COOKIE = "__Host-dtsen"
TOUCH = timedelta(seconds=60)  # `seen` is written at most this often
_LONGEST = 64


@dataclass(frozen=True)
class Entered:
    """Somebody logged in. `missing`: what must be done before the roles count: `password` (choose
    one's own), `second-factor` (set it up)."""

    principal: Principal
    login: str
    second_factor: bool
    missing: tuple[str, ...]
    expires: datetime


def open_session(
    hub: Hub,
    session: Session,
    staff_id: str,
    *,
    second_factor: bool,
    roles: Sequence[Held] | None = None,
) -> str:
    """A new session; its id, for the browser alone. `roles`: from the issuer that vouches."""
    secret, at = secrets.token_urlsafe(32), now()
    session.execute(sa.delete(StaffSession).where(col(StaffSession.expires) < at))
    forget(session)
    made = StaffSession(
        id_hash=_hash(secret),
        staff_id=staff_id,
        second_factor=second_factor,
        roles=None if roles is None else [list(one) for one in roles],
        started=at,
        seen=at,
        expires=at + hub.settings.access.session_life,
    )
    made.mac = _mac(hub, made)
    session.add(made)
    session.execute(sa.update(Staff).where(col(Staff.id) == staff_id).values(entered=at))
    session.flush()
    return secret


def enter(hub: Hub, secret: str) -> Entered:
    """Who a session belongs to. NotIdentifiedError when it ended, or never was."""
    if not secret or len(secret) > _LONGEST:
        raise NotIdentifiedError("session")
    at = now()
    with hub.sessions.read() as session:
        running = session.get(StaffSession, _hash(secret))
        staff = session.get(Staff, running.staff_id) if running else None
        if running is None or staff is None or staff.state != ACTIVE or not _made(hub, running):
            raise NotIdentifiedError("session")
        # Seen in the future: a clock set back lengthens no session.
        idle = abs(at - running.seen) >= hub.settings.access.session_idle
        if at >= running.expires or idle:
            raise NotIdentifiedError("session-over")
        entered = _entered(session, staff, running)
    if at >= running.seen + TOUCH:
        _touch(hub, running.id_hash, at)
    return entered


def end_session(session: Session, secret: str) -> None:
    """End one session."""
    session.execute(sa.delete(StaffSession).where(col(StaffSession.id_hash) == _hash(secret)))


def csrf_of(secret: str) -> str:
    """The token that must come with every change made in this session."""
    mac = hmac.digest(secret.encode(), b"dtsen csrf", hashlib.sha256)
    return urlsafe_b64encode(mac).rstrip(b"=").decode()


def csrf_fits(secret: str, token: str | None) -> bool:
    """Whether a CSRF token belongs to the session."""
    return token is not None and hmac.compare_digest(csrf_of(secret).encode(), token.encode())


def _entered(session: Session, staff: Staff, running: StaffSession) -> Entered:
    vouched = running.roles  # by the issuer the session comes from
    said = held(session, staff.id) if vouched is None else [(r, region) for r, region in vouched]
    holding = counted(said)
    if vouched is not None and holding != said:
        # A role has left the rules: the issuer is asked anew.
        raise NotIdentifiedError("session-over")
    rules = load_rules()
    guarded = {role for role, _ in holding if rules.roles[role].second_factor}
    missing = []
    if staff.must_change:
        missing.append("password")
    if guarded and not running.second_factor:
        missing.append("second-factor")
    if staff.must_change:
        waiting = dict.fromkeys((role for role, _ in holding), "password-first")
    else:
        waiting = dict.fromkeys(guarded if missing else (), "second-factor-first")
    standing = [(role, region) for role, region in holding if role not in waiting]
    principal = Principal(
        id=staff.id,
        kind="staff",
        roles=frozenset(role for role, _ in standing),
        regions=regions_of(standing),
        waiting=waiting,
    )
    return Entered(principal, staff.login, running.second_factor, tuple(missing), running.expires)


def _touch(hub: Hub, id_hash: bytes, at: datetime) -> None:
    with hub.sessions.begin() as session:
        session.execute(
            sa.update(StaffSession).where(col(StaffSession.id_hash) == id_hash).values(seen=at)
        )


def _made(hub: Hub, running: StaffSession) -> bool:
    """Whether the hub made a session, as it stands there."""
    sealed = running.mac or b""

    def fits() -> bool:
        versions = hub.keys.versions(PURPOSE)
        return any(hmac.compare_digest(_mac(hub, running, one), sealed) for one in versions)

    if not sealed or fits():
        return bool(sealed)
    hub.keys.refresh()  # another process may have made it under a key of a moment ago
    return fits()


def _mac(hub: Hub, one: StaffSession, version: int | None = None) -> bytes:
    said = [one.staff_id, one.second_factor, one.roles, *map(str, (one.started, one.expires))]
    return mac(hub, "session", version)(one.id_hash + json.dumps(said).encode())


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
