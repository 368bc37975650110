"""Known devices: so that who guesses passwords cannot lock the owner out.

A browser that logged in once holds a token of that account. Attempts that come with it are counted
for the device, not for the account, and are taken while the account waits because of others.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime

from sqlmodel import Session

from mdm.access import tally
from mdm.access.keys import PURPOSE, mac
from mdm.access.tally import Used
from mdm.compose import Hub
from mdm.ids import short

PER_MINUTE, PER_DAY = 5, 30  # attempts of one device
_LONGEST = 128


def new_device(hub: Hub, staff_id: str) -> str:
    """A token for the browser that just logged in."""
    random = secrets.token_urlsafe(16)
    return f"{random}.{_seal(hub, staff_id, random, None)}"


def known(hub: Hub, staff_id: str, device: str | None) -> bool:
    """Whether a device logged in to this account before."""
    if not device or len(device) > _LONGEST or not device.isascii():
        return False
    random, _, sealed = device.partition(".")
    versions = hub.keys.versions(PURPOSE)
    return any(
        hmac.compare_digest(_seal(hub, staff_id, random, version), sealed) for version in versions
    )


def may_try(session: Session, device: str, at: datetime) -> bool:
    """Count one attempt of a known device; whether it has any left."""
    who = f"device-{short(hashlib.sha256(device.encode()).hexdigest())}"
    minute, day = int(at.timestamp()) // 60, int(at.timestamp()) // 86_400
    used = tally.add(session, minute, day, {who: Used(requests=1, asked=1)})[who]
    return used.requests <= PER_MINUTE and used.asked <= PER_DAY


def _seal(hub: Hub, staff_id: str, random: str, version: int | None) -> str:
    sealed = mac(hub, "device", version)(f"{staff_id}\n{random}".encode())
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()
