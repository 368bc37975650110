"""The key chain: a root key behind a port, and one domain key per purpose, wrapped by it.

```
root key     KeyProvider: wrap, unwrap, mac, version, rotate
domain key   one per purpose, versioned: active | decrypt-only | destroyed
```
No key leaves memory unwrapped, and a process that holds keys leaves no core file if it breaks.
Subkeys come out of a domain key by HKDF with a label, so that no key serves two purposes.

A process that lives long looks at the list of versions again every second, so that a rotation made
elsewhere is known to it. An index key (`identifier`) leaves no version in what is looked up with
it: a new version is therefore announced first, and used for filing only when every process knows it.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlmodel import Session, col, select

from mdm.errors import AccessError, IntegrityError
from mdm.hub.columns import now
from mdm.hub.sessions import Sessions
from mdm.hub.tables import DomainKeyRow

PURPOSES = ("profile", "identifier", "lake", "audit", "export", "access")
ANNOUNCED = ("identifier",)  # purposes whose new versions are announced before they are used
KEY_BYTES = 32
FRESH = 1.0  # seconds for which a process trusts the versions it read
KNOWN_SECONDS = (
    2.0  # seconds after which every process knows a version: FRESH, and clocks that differ
)


class KeyProvider(Protocol):
    """Who holds the root key. What was wrapped in one `context` opens in no other."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a key under the newest root version."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Give the key back; IntegrityError when it was altered or its root version is gone."""

    def rewrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The same key under the newest root version."""

    def version_of(self, wrapped: bytes) -> int:
        """The root version that a wrapped key needs."""

    def mac(self, data: bytes, context: bytes) -> bytes:
        """A 32-byte keyed digest of data."""

    @property
    def version(self) -> int:
        """The newest root version."""

    def versions(self) -> dict[int, str]:
        """Root version → its state, of all there were."""

    def rotate(self) -> int:
        """Make a new root version; older ones still unwrap. Return the new one."""

    def destroy(self, version: int) -> None:
        """Forget an older root version for ever."""


@dataclass(frozen=True)
class DomainKey:
    """One version of one purpose's key, in memory. Its secret is never shown."""

    purpose: str
    version: int
    secret: bytes = field(repr=False)
    _subkeys: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def key_id(self) -> str:
        """Name of this key: `purpose:version`."""
        return f"{self.purpose}:{self.version}"

    def subkey(self, label: str) -> bytes:
        """A 256-bit key for one use, derived with HKDF-SHA256: once, and kept as long as this key."""
        known = self._subkeys.get(label)
        if known is None:
            info = f"dtsen/{self.purpose}/{label}".encode()
            known = HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self.secret)
            self._subkeys[label] = known
        return known


@dataclass(frozen=True)
class KeyVersion:
    """What may be said of one version of a domain key."""

    purpose: str
    version: int
    state: str  # active, decrypt-only, destroyed
    created: datetime

    @property
    def opens(self) -> bool:
        """Whether what was sealed under it still opens."""
        return self.state != "destroyed"


def _leave_no_core() -> None:
    """From now on, and for the processes that this one starts: what is in memory is not written to disk by a crash."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))


class Keys:
    """The domain keys of one hub, unwrapped on first use and kept in memory."""

    def __init__(self, provider: KeyProvider, sessions: Sessions) -> None:
        _leave_no_core()
        self.provider = provider
        self._sessions = sessions
        self._own: Sessions | None = None
        self._cache: dict[tuple[str, int], DomainKey] = {}
        self._listed: tuple[float, Sequence[KeyVersion]] | None = None
        self._using: tuple[Sequence[KeyVersion], dict[str, int]] = (), {}  # of a list: versions
        self._reading, self._making = Lock(), Lock()

    def domain(self, purpose: str, version: int | None = None) -> DomainKey:
        """The active key of a purpose, or the version asked for; IntegrityError when it is gone."""
        version = self._in_use(purpose) if version is None else version
        key = self._cache.get((purpose, version))
        if key is None:
            key = self._cache[purpose, version] = self._open(purpose, version)
        return key

    def live(self, purpose: str) -> list[DomainKey]:
        """Every key of a purpose that still opens, newest first: what a lookup has to try."""
        try:
            return [self.domain(purpose, version) for version in self.versions(purpose)[::-1]]
        except IntegrityError:
            # A version was destroyed a moment ago, when nothing needed it any more.
            self.refresh()
            return [self.domain(purpose, version) for version in self.versions(purpose)[::-1]]

    def versions(self, purpose: str) -> list[int]:
        """Versions of a purpose's key that still open, oldest first."""
        return [one.version for one in self.listing() if one.purpose == purpose and one.opens]

    def listing(self) -> Sequence[KeyVersion]:
        """Every version there was, by purpose and version; at most a second old."""
        listed = self._listed
        if listed is not None and time.monotonic() - listed[0] <= FRESH:
            return listed[1]
        # One thread at a time asks: many could not all have a second connection.
        if not self._reading.acquire(blocking=listed is None):
            return listed[1] if listed else self._read()
        try:
            asked = time.monotonic()
            found = self._read()
            self._listed = (asked, found)
        finally:
            self._reading.release()
        gone = {(one.purpose, one.version) for one in found if not one.opens}
        for name in gone & self._cache.keys():
            self._cache.pop(name, None)
        return found

    def refresh(self) -> None:
        """Read the versions again at the next question."""
        self._listed = None

    def rotate(self, session: Session, purpose: str) -> int:
        """Make a new active version of a purpose's key; the old ones only open."""
        rows = session.exec(select(DomainKeyRow).where(DomainKeyRow.purpose == purpose)).all()
        for row in rows:
            if row.state == "active":
                row.state = "decrypt-only"
        version = max((row.version for row in rows), default=0) + 1
        session.add(self._new_row(purpose, version))
        self.refresh()
        return version

    def destroy(self, session: Session, purpose: str, version: int) -> None:
        """Forget a decrypt-only version for ever: what it sealed opens for nobody."""
        row = session.get(DomainKeyRow, (purpose, version))
        if row is None or row.state != "decrypt-only":
            raise AccessError("Only a decrypt-only key version can be destroyed.", "Rotate first.")
        row.state, row.wrapped = "destroyed", None
        self._cache.pop((purpose, version), None)
        self.refresh()

    def rewrap(self, session: Session) -> int:
        """After a rotation of the root key: wrap every domain key anew; return how many."""
        rows = session.exec(select(DomainKeyRow).where(DomainKeyRow.state != "destroyed")).all()
        for row in rows:
            context = _context(row.purpose, row.version)
            row.wrapped = self.provider.rewrap(row.wrapped or b"", context)
        return len(rows)

    def ensure(self, session: Session) -> None:
        """Make the first version of every purpose's key that has none yet."""
        held = set(session.exec(select(DomainKeyRow.purpose)).all())
        session.add_all(self._new_row(purpose, 1) for purpose in PURPOSES if purpose not in held)
        self.refresh()

    def check(self) -> None:
        """Open every key in use: IntegrityError early where the root key is another hub's."""
        for purpose in PURPOSES:
            self.domain(purpose)

    def _new_row(self, purpose: str, version: int) -> DomainKeyRow:
        wrapped = self.provider.wrap(os.urandom(KEY_BYTES), _context(purpose, version))
        return DomainKeyRow(purpose=purpose, version=version, state="active", wrapped=wrapped)

    def _in_use(self, purpose: str) -> int:
        """The version that new things are sealed with."""
        listing, using = self.listing(), self._using
        if using[0] is not listing:
            using = self._using = listing, {}
        known = using[1].get(purpose)
        if known is None:
            known = self._newest(purpose, listing)
            if purpose not in ANNOUNCED:  # where it is a matter of the list alone
                using[1][purpose] = known
        return known

    def _newest(self, purpose: str, listing: Sequence[KeyVersion]) -> int:
        mine = [one for one in listing if one.purpose == purpose and one.opens]
        if not any(one.state == "active" for one in mine):
            raise IntegrityError(f"There is no active key for '{purpose}'.", "Run `dtsen init`.")
        if purpose in ANNOUNCED:
            # What a clock since set back calls the future was announced long ago.
            at, lately = now(), timedelta(seconds=KNOWN_SECONDS)
            mine = [one for one in mine if abs(at - one.created) >= lately] or mine[:1]
        return mine[-1].version

    def _own_sessions(self) -> Sessions:
        """A connection of its own: whoever asks may have one already, and if all who have one waited here for another,
        there would be none left."""
        with self._making:
            if self._own is None:
                self._own = self._sessions.own_connection()
            return self._own

    def _read(self) -> Sequence[KeyVersion]:
        with self._own_sessions().read() as session:
            rows = session.exec(
                select(
                    DomainKeyRow.purpose,
                    DomainKeyRow.version,
                    DomainKeyRow.state,
                    DomainKeyRow.created,
                ).order_by(col(DomainKeyRow.purpose), col(DomainKeyRow.version))
            ).all()
        return [KeyVersion(*row) for row in rows]

    def _open(self, purpose: str, version: int) -> DomainKey:
        with self._own_sessions().read() as session:
            row = session.get(DomainKeyRow, (purpose, version))
        if row is None or row.wrapped is None:
            raise IntegrityError(
                f"Version {version} of the '{purpose}' key is gone.",
                "Restore the hub from its newest backup, unless the key was destroyed on purpose.",
            )
        secret = self.provider.unwrap(row.wrapped, _context(purpose, version))
        return DomainKey(purpose, version, secret)


def _context(purpose: str, version: int) -> bytes:
    return f"dtsen/domain-key/{purpose}/{version}".encode()
