"""Flash: one sentence from an act to the page that follows it, in a cookie read once.

It holds a key of the texts and values that say nothing of anybody: counts, names of states.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from litestar.datastructures import Cookie

from api.auth.cookies import cookie
from api.context import Connection
from api.web.texts import texts

NAME = "__Host-dtsen-flash"
SECONDS = 60
_LONGEST = 1024


@dataclass(frozen=True)
class Flash:
    """What happened: `good`, `bad` or `plain`, and the sentence that says so."""

    tone: Literal["good", "bad", "plain"]
    key: str
    values: dict[str, str | int] = field(default_factory=dict)


def to_cookie(flash: Flash) -> Cookie:
    """The cookie that carries it."""
    text = urlsafe_b64encode(msgspec.json.encode(flash)).decode()
    return cookie(NAME, text, seconds=SECONDS)


def gone() -> Cookie:
    """The cookie that takes it away."""
    return cookie(NAME, "", seconds=0)


def flash_of(connection: Connection) -> Flash | None:
    """What the page before left; None for nothing, or for what no page of ours wrote."""
    text = connection.cookies.get(NAME)
    if not text or len(text) > _LONGEST:
        return None
    try:
        flash = msgspec.json.decode(urlsafe_b64decode(text.encode()), type=Flash)
    except (ValueError, msgspec.MsgspecError):
        return None
    return flash if flash.key in texts() else None
