"""The key chain: a root key behind a port, and one domain key per purpose, wrapped by it.

```
root key     KeyProvider: wrap, unwrap, mac, version, rotate
domain key   one per purpose, versioned: active | decrypt-only | destroyed
```
No key leaves memory unwrapped. Subkeys come out of a domain key by HKDF with a label, so that no
key serves two purposes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlmodel import Session, col, select

from mdm.errors import IntegrityError
from mdm.hub.sessions import Sessions
from mdm.hub.tables import DomainKeyRow

PURPOSES = ("profile", "identifier", "lake", "audit", "export", "access")
KEY_BYTES = 32


class KeyProvider(Protocol):
    """Who holds the root key. What was wrapped in one `context` opens in no other."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a key under the newest root version."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Give the key back; IntegrityError when it was altered or its root version is gone."""

    def mac(self, data: bytes, context: bytes) -> bytes:
        """A 32-byte keyed digest of data."""

    @property
    def version(self) -> int:
        """The newest root version."""

    def rotate(self) -> int:
        """Make a new root version; older ones still unwrap. Return the new one."""


@dataclass(frozen=True)
class DomainKey:
    """One version of one purpose's key, in memory. Its secret is never shown."""

    purpose: str
    version: int
    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """Name of this key: `purpose:version`."""
        return f"{self.purpose}:{self.version}"

    def subkey(self, label: str) -> bytes:
        """A 256-bit key for one use, derived with HKDF-SHA256."""
        info = f"dtsen/{self.purpose}/{label}".encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self.secret)


class Keys:
    """The domain keys of one hub, unwrapped on first use and kept in memory."""

    def __init__(self, provider: KeyProvider, sessions: Sessions) -> None:
        self._provider = provider
        self._sessions = sessions
        self._cache: dict[tuple[str, int], DomainKey] = {}
        self._active: dict[str, int] = {}

    def domain(self, purpose: str, version: int | None = None) -> DomainKey:
        """The active key of a purpose, or the version asked for; IntegrityError when it is gone."""
        if version is None:
            if purpose not in self._active:
                self._active[purpose] = self._active_version(purpose)
            version = self._active[purpose]
        if (purpose, version) not in self._cache:
            self._cache[purpose, version] = self._open(purpose, version)
        return self._cache[purpose, version]

    def versions(self, purpose: str) -> list[int]:
        """Versions of a purpose's key that still open, oldest first."""
        with self._sessions.read() as session:
            query = select(DomainKeyRow.version).where(
                DomainKeyRow.purpose == purpose, col(DomainKeyRow.state) != "destroyed"
            )
            return sorted(session.exec(query).all())

    def rotate(self, session: Session, purpose: str) -> int:
        """Make a new active version of a purpose's key; the old ones only open."""
        rows = session.exec(select(DomainKeyRow).where(DomainKeyRow.purpose == purpose)).all()
        for row in rows:
            if row.state == "active":
                row.state = "decrypt-only"
        version = max((row.version for row in rows), default=0) + 1
        session.add(self._new_row(purpose, version))
        self._active.pop(purpose, None)
        return version

    def destroy(self, session: Session, purpose: str, version: int) -> None:
        """Forget a decrypt-only version for ever: what it sealed opens for nobody."""
        row = session.get(DomainKeyRow, (purpose, version))
        if row is None or row.state == "active":
            raise IntegrityError(
                "Only a decrypt-only key version can be destroyed.", "Rotate first."
            )
        row.state, row.wrapped = "destroyed", None
        self._cache.pop((purpose, version), None)

    def rewrap(self, session: Session) -> int:
        """After a rotation of the root key: wrap every domain key anew; return how many."""
        rows = session.exec(select(DomainKeyRow).where(DomainKeyRow.state != "destroyed")).all()
        for row in rows:
            context = _context(row.purpose, row.version)
            row.wrapped = self._provider.wrap(
                self._provider.unwrap(row.wrapped or b"", context), context
            )
        return len(rows)

    def ensure(self, session: Session) -> None:
        """Make the first version of every purpose's key that has none yet."""
        held = set(session.exec(select(DomainKeyRow.purpose)).all())
        session.add_all(self._new_row(purpose, 1) for purpose in PURPOSES if purpose not in held)

    @cached_property
    def root_version(self) -> int:
        """The newest root version."""
        return self._provider.version

    def _new_row(self, purpose: str, version: int) -> DomainKeyRow:
        wrapped = self._provider.wrap(os.urandom(KEY_BYTES), _context(purpose, version))
        return DomainKeyRow(purpose=purpose, version=version, state="active", wrapped=wrapped)

    def _active_version(self, purpose: str) -> int:
        with self._sessions.read() as session:
            query = select(DomainKeyRow.version).where(
                DomainKeyRow.purpose == purpose, col(DomainKeyRow.state) == "active"
            )
            version = session.exec(query).one_or_none()
        if version is None:
            raise IntegrityError(f"There is no active key for '{purpose}'.", "Run `dtsen init`.")
        return version

    def _open(self, purpose: str, version: int) -> DomainKey:
        with self._sessions.read() as session:
            row = session.get(DomainKeyRow, (purpose, version))
        if row is None or row.wrapped is None:
            raise IntegrityError(f"Version {version} of the '{purpose}' key is gone.")
        secret = self._provider.unwrap(row.wrapped, _context(purpose, version))
        return DomainKey(purpose, version, secret)


def _context(purpose: str, version: int) -> bytes:
    return f"dtsen/domain-key/{purpose}/{version}".encode()
