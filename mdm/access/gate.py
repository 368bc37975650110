"""The gate: from a client's token or a session to a principal, many times a second.

What a token says is checked once and kept for as long as the token lives. Whether its client, its
key and its terms still stand is asked of the hub at most once a second per client, so that who is
disabled is refused within that second, in every worker.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from joserfc.jwk import OKPKey

from mdm.access import bearer
from mdm.access.clients import Standing, standing
from mdm.access.errors import NotIdentifiedError
from mdm.access.keys import verifying_keys
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.hub.columns import now

FRESH = 1.0  # seconds that a look at the hub is good for
KEPT = 4096  # tokens


@dataclass(frozen=True)
class _Seen:
    until: float
    standing: Standing | None


class Gate:
    """One per process and hub. Safe to use from many threads."""

    def __init__(self, hub: Hub, clock: Callable[[], float] = monotonic) -> None:
        self._hub = hub
        self._clock = clock
        self._lock = Lock()
        self._tokens: OrderedDict[bytes, bearer.Claims] = OrderedDict()
        self._clients: dict[str, _Seen] = {}
        self._keys: dict[str, OKPKey] = {}
        self._keys_until = 0.0

    def known(self, token: str) -> Principal | None:
        """The principal of a token without a look at the hub; None when one is needed.

        NotIdentifiedError for a token whose time is over, or whose client was seen to be gone.
        """
        with self._lock:
            claims = self._tokens.get(_digest(token))
            seen = self._clients.get(claims.client) if claims else None
            fresh = self._clock() < self._keys_until
            if claims is None or seen is None or self._clock() >= seen.until or not fresh:
                return None
            keys = self._keys
        return _stands(claims, seen.standing, claims.kid in keys)

    def client(self, token: str) -> Principal:
        """The principal of a client's access token. NotIdentifiedError when any part fails."""
        if (principal := self.known(token)) is not None:
            return principal
        keys = self._fresh_keys()
        digest = _digest(token)
        with self._lock:
            claims = self._tokens.get(digest)
        if claims is None or claims.kid not in keys:
            claims = bearer.verify(token, keys, self._hub.settings.access.issuer, now())
            self._keep(digest, claims)
        return _stands(claims, self._look(claims.client), claims.kid in keys)

    def forget(self) -> None:
        """Look at the hub again at the next request."""
        with self._lock:
            self._clients.clear()
            self._tokens.clear()
            self._keys_until = 0.0

    def _fresh_keys(self) -> dict[str, OKPKey]:
        with self._lock:
            if self._clock() < self._keys_until:
                return self._keys
        keys = verifying_keys(self._hub)
        with self._lock:
            self._keys, self._keys_until = keys, self._clock() + FRESH
        return keys

    def _look(self, client: str) -> Standing | None:
        with self._hub.sessions.read() as session:
            found = standing(session, client)
        with self._lock:
            before = self._clients.get(client)
            if before is not None and before.standing == found:
                found = before.standing  # whoever knows the principal knows it still
            self._clients[client] = _Seen(self._clock() + FRESH, found)
        return found

    def _keep(self, digest: bytes, claims: bearer.Claims) -> None:
        with self._lock:
            self._tokens[digest] = claims
            while len(self._tokens) > KEPT:
                self._tokens.popitem(last=False)


def _stands(claims: bearer.Claims, held: Standing | None, key: bool) -> Principal:
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
