"""Keys of the façade: the hub's own, derived from a domain key, and those that clients registered."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc.jwk import ECKey, OKPKey

from api.dci.signature import PublicKey
from mdm.access.clients import public_keys
from mdm.access.keys import published_keys
from mdm.compose import Hub
from mdm.hub.tables import Client

DOMAIN, LABEL = "export", "sign dci messages"


def hub_id(hub: Hub) -> str:
    """What the hub calls itself in messages: the host of its address."""
    return urlsplit(hub.settings.access.issuer).netloc


def signing_key(hub: Hub, version: int | None = None) -> tuple[str, Ed25519PrivateKey]:
    """Key id and private key: the active one, or that of a version."""
    key = hub.keys.domain(DOMAIN, version)
    return f"dci-{key.version}", Ed25519PrivateKey.from_private_bytes(key.subkey(LABEL))


def jwks(hub: Hub) -> dict[str, Any]:
    """Every public key of the hub that a client may need: of messages, and of access tokens."""
    own = (signing_key(hub, version) for version in hub.keys.versions(DOMAIN))
    return {"keys": [*(_published(kid, key) for kid, key in own), *published_keys(hub)["keys"]]}


class ClientKeys:
    """The registered keys of one client, which may call itself by its id or its name."""

    def __init__(self, names: frozenset[str], keys: Mapping[str, Mapping[str, Any]]) -> None:
        self.names = names
        self._keys = keys

    @classmethod
    def of(cls, hub: Hub, client_id: str) -> ClientKeys:
        """The keys that stand for a client now."""
        with hub.sessions.read() as session:
            client = session.get(Client, client_id)
            names = frozenset({client.id, client.name}) if client else frozenset()
            return cls(names, public_keys(session, client_id))

    def find(self, sender_id: str, key_id: str) -> PublicKey | None:
        """The key of that id; None when the client has none, or calls itself something else."""
        jwk = self._keys.get(key_id)
        if jwk is None or sender_id not in self.names:
            return None
        kind = OKPKey if jwk["kty"] == "OKP" else ECKey
        key = kind.import_key(dict(jwk)).public_key
        assert isinstance(key, Ed25519PublicKey | ec.EllipticCurvePublicKey)
        return key


def _published(kid: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    """A public key as RFC 7517 and the specification have it."""
    x = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode().rstrip("=")
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "Ed25519"}
