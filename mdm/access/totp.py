"""The second factor: time-based one-time codes (RFC 6238), each taken once."""

from __future__ import annotations

import hmac
import re
from datetime import datetime

import pyotp

from mdm.access.keys import open_secret, seal_secret
from mdm.compose import Hub
from mdm.hub.tables import Staff

STEP = 30  # seconds
ISSUER = "DTSEN Hub"
COLUMN = "staff.totp"
_CODE = re.compile(r"[0-9]{6}")


def new_secret() -> str:
    """A random secret, as authenticators take it."""
    return pyotp.random_base32()


def address(secret: str, login: str) -> str:
    """The address that an authenticator reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def set_up(staff: Staff) -> bool:
    """Whether a code was ever shown: before that, the secret does not count."""
    return staff.totp is not None and staff.totp_step > 0


def keep(hub: Hub, staff: Staff, secret: str) -> None:
    """Seal a secret into its row; no code was used yet."""
    staff.totp_key, staff.totp = seal_secret(hub, COLUMN, staff.id, secret.encode())
    staff.totp_step = 0


def matches(hub: Hub, staff: Staff, code: str | None, at: datetime) -> int | None:
    """The step of a code that fits now or one step before or after, and is newer than the last one
    used; None otherwise."""
    if staff.totp is None or staff.totp_key is None:
        return None
    secret = open_secret(hub, COLUMN, staff.id, staff.totp_key, staff.totp).decode()
    return step_of(secret, code, at, after=staff.totp_step)


def step_of(secret: str, code: str | None, at: datetime, after: int = 0) -> int | None:
    """The step of a code of a secret."""
    if code is None or not _CODE.fullmatch(code):
        return None
    here = int(at.timestamp()) // STEP
    codes = pyotp.TOTP(secret)
    fitting = [
        step
        for step in (here - 1, here, here + 1)
        if hmac.compare_digest(codes.at(step * STEP), code)
    ]
    return next((step for step in fitting if step > after), None)
