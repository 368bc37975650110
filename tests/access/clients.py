"""Clients for tests: made, proven, with tokens in hand."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from mdm.access.agreements import Agreement
from mdm.access.assertions import exchange
from mdm.access.clients import register
from mdm.access.keyfiles import make_key, public_of
from mdm.access.terms import Limits
from mdm.compose import Hub
from mdm.hub.columns import now


@dataclass
class TestClient:
    """A registered client and its private key."""

    __test__ = False

    hub: Hub
    id: str
    name: str
    key: dict[str, Any] = field(repr=False)

    def assertion(self, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A client assertion; `claims` replace its own, None takes one away."""
        moment = int(time.time())
        said = {
            "iss": self.id,
            "sub": self.id,
            "aud": self.hub.settings.access.issuer,
            "iat": moment,
            "exp": moment + 60,
            "jti": secrets.token_hex(16),
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        okp = self.key["kty"] == "OKP"
        key = OKPKey.import_key(self.key) if okp else ECKey.import_key(self.key)
        algorithm = "Ed25519" if okp else "ES256"
        top = {"alg": algorithm, "kid": self.key["kid"], **(header or {})}
        return jwt.encode(top, said, key, algorithms=[algorithm])

    def token(self) -> str:
        """An access token, as `POST /v1/token` would give it."""
        return exchange(self.hub, self.assertion())[0]

    @property
    def headers(self) -> dict[str, str]:
        """What a request of this client carries."""
        return {"Authorization": f"Bearer {self.token()}"}

    def form(self, **claims: Any) -> dict[str, str]:
        """The form of `POST /v1/token`."""
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.assertion(**claims),
        }


def make_client(
    hub: Hub,
    name: str | None = None,
    *,
    regions: Sequence[str] = ("",),
    purposes: Sequence[str] = ("assistance", "verification", "grievance"),
    programmes: Sequence[str] = ("PKH", "SEMBAKO", "PBI-JK", "PIP", "BLT-DD"),
    fields: dict[str, tuple[str, ...]] | None = None,
    limits: Limits | None = None,
    key: dict[str, Any] | None = None,
    from_days: float = -1,
    to_days: float = 365,
) -> TestClient:
    """Register a client with a key of its own."""
    private = key or make_key()
    name = name or f"client-{secrets.token_hex(4)}"
    agreement = Agreement(
        number="PKS/2026/001",
        valid_from=now() + timedelta(days=from_days),
        valid_to=now() + timedelta(days=to_days),
        programmes=tuple(programmes),
        purposes=tuple(purposes),
        regions=tuple(regions),
        fields=fields,
        limits=limits,
    )
    with hub.sessions.begin() as session:
        made = register(session, name, agreement, public_of(private), actor="test")
    return TestClient(hub, made.id, name, private)


def ec_key() -> dict[str, Any]:
    """A new P-256 key pair."""
    key = ECKey.generate_key("P-256", private=True)
    return {**key.as_dict(private=True), "kid": key.thumbprint()}
