"""What administrators of keys send and read. No key is ever among it."""

from __future__ import annotations

from typing import Literal

import msgspec

Which = Literal["root", "profile", "identifier", "lake", "audit", "export", "access"]


class KeyVersion(msgspec.Struct):
    """One version of one key: its state, since when, and how much still needs it."""

    purpose: str
    version: int
    state: Literal["active", "decrypt-only", "destroyed"]
    since: str | None
    needed_by: int


class KeyVersions(msgspec.Struct):
    """Every version of every key, the root key first."""

    keys: list[KeyVersion]


class KeyQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Which key."""

    purpose: Which


class Rotated(msgspec.Struct):
    """The version in use from now on, and what to do next on the hub's machine."""

    purpose: str
    version: int
    next: str
