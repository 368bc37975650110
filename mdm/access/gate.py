"""The gate: from a client's token or a session to a principal, many times a second.

What a token says is checked once and kept for as long as the token lives. Whether its client, its
key and its terms still stand is asked of the hub about once a second per client, so that who is
disabled is refused within that second, in every worker. One request asks; those that come meanwhile
go by what was known, for a moment more.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from joserfc.jwk import OKPKey

from mdm.access import bearer
from mdm.access.clients import ClientNow, standing
from mdm.access.errors import NotIdentifiedError
from mdm.access.keys import PURPOSE, verifying_keys
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.hub.columns import now

FRESH = 0.8  # seconds that a look at the hub is good for,
GRACE = 0.2  # and while somebody looks again: so much longer
KEPT = 4096  # tokens


@dataclass(frozen=True)
class _Seen:
    at: float  # when the hub was asked
    standing: ClientNow | None


class Gate:
    """One per process and hub. Safe to use from many threads."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock, self._asking = Lock(), Lock()
        self._looking: set[str] = set()  # clients that somebody looks for again
        self._tokens: OrderedDict[bytes, bearer.Claims] = OrderedDict()
        self._clients: dict[str, _Seen] = {}
        self._keys: dict[str, OKPKey] = {}
        self._versions: list[int] = []
        self._keys_until = 0.0

    def known(self, token: str) -> Principal | None:
        """The principal of a token without a look at the hub; None when one is needed.

        NotIdentifiedError for a token whose time is over, or whose client was seen to be gone.
        """
        with self._lock:
            claims = self._tokens.get(_digest(token))
            seen = self._clients.get(claims.client) if claims else None
            if claims is None or seen is None:
                return None
            late = monotonic() - min(seen.at + FRESH, self._keys_until)
            if late >= 0 and (late >= GRACE or claims.client not in self._looking):
                self._looking.add(claims.client)  # whoever is told None looks
                return None
            keys = self._keys
        return _stands(claims, seen.standing, claims.kid in keys)

    def client(self, token: str) -> Principal:
        """The principal of a client's access token. NotIdentifiedError when any part fails."""
        digest, begun = _digest(token), monotonic()
        with self._lock:
            claims = self._tokens.get(digest)
        try:
            keys = self._fresh_keys()
            if claims is None or claims.kid not in keys:
                claims = bearer.verify(token, keys, self._hub.settings.access.issuer, now())
                self._keep(digest, claims)
            return _stands(claims, self._look(claims.client, begun), claims.kid in keys)
        finally:
            if claims is not None:
                with self._lock:
                    self._looking.discard(claims.client)

    def _fresh_keys(self) -> dict[str, OKPKey]:
        with self._lock:
            if monotonic() < self._keys_until:
                return self._keys
        # Making them takes milliseconds; what versions there are is known.
        versions = self._hub.keys.versions(PURPOSE)
        keys = self._keys if versions == self._versions else verifying_keys(self._hub)
        with self._lock:
            self._keys, self._versions = keys, versions
            self._keys_until = monotonic() + FRESH
        return keys

    def _look(self, client: str, since: float) -> ClientNow | None:
        """How a client stands, as the hub has it now, or had it for another request `since` then."""
        with self._asking:  # one looks, the others wait for what it finds
            with self._lock:
                before = self._clients.get(client)
            if before is not None and before.at >= since:
                return before.standing
            at = monotonic()
            with self._hub.sessions.read() as session:
                found = standing(session, client)
            if before is not None and before.standing == found:
                found = before.standing  # whoever knows the principal knows it still
            with self._lock:
                self._clients[client] = _Seen(at, found)
        return found

    def _keep(self, digest: bytes, claims: bearer.Claims) -> None:
        with self._lock:
            self._tokens[digest] = claims
            while len(self._tokens) > KEPT:
                self._tokens.popitem(last=False)


def _stands(claims: bearer.Claims, held: ClientNow | None, key: bool) -> Principal:
    """The principal, if the token still agrees with the client as the hub has it."""
    at = now()
    bearer.in_time(claims, at)
    if not key:
        raise NotIdentifiedError("key")
    if held is None or not held.holds(at):
        raise NotIdentifiedError("client")
    if (held.epoch, held.terms) != (claims.epoch, claims.terms):
        raise NotIdentifiedError("outdated")
    return held.principal


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
