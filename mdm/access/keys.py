"""Keys of access, all derived from the `access` domain key, each for one use.

Tokens are signed with Ed25519; the key id names the version of the domain key, so that a rotation
needs no new file: older versions still verify until they are destroyed.
"""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import OKPKey

from mdm.compose import Hub
from mdm.keys import DomainKey
from mdm.seal import Mac, Place, length_prefixed, seal, unseal
from mdm.seal.packing import PACK_NONE

PURPOSE = "access"
ALGORITHM = "Ed25519"  # RFC 9864


def signing_key(hub: Hub, version: int | None = None) -> tuple[str, OKPKey]:
    """Key id and private key of access tokens: the active one, or that of a version."""
    key = hub.keys.domain(PURPOSE, version)
    private = Ed25519PrivateKey.from_private_bytes(key.subkey("sign access tokens"))
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key_id(key.version), OKPKey.import_key(pem)


def verifying_keys(hub: Hub) -> dict[str, OKPKey]:
    """Key id → public key, of every version that still stands."""
    keys = (signing_key(hub, version) for version in hub.keys.versions(PURPOSE))
    return {kid: OKPKey.import_key(key.as_dict(private=False)) for kid, key in keys}


def published_keys(hub: Hub) -> dict[str, Any]:
    """The public keys of access tokens as a JWK Set."""
    extra = {"use": "sig", "alg": ALGORITHM}
    return {
        "keys": [
            {**key.as_dict(private=False), "kid": kid, **extra}
            for kid, key in verifying_keys(hub).items()
        ]
    }


def key_id(version: int) -> str:
    """How tokens name the key that signed them."""
    return f"access-{version}"


def seal_secret(hub: Hub, column: str, row: str, plain: bytes) -> tuple[int, bytes]:
    """A secret sealed for its row, with the version of the key; `column` is `table.column`."""
    key = hub.keys.domain(PURPOSE)
    return key.version, seal(
        _sealing(key, column), _place(column, row, key.version), plain, PACK_NONE
    )


def open_secret(hub: Hub, column: str, row: str, version: int, sealed: bytes) -> bytes:
    """The secret again. IntegrityError when it was altered or moved."""
    key = hub.keys.domain(PURPOSE, version)
    return unseal(_sealing(key, column), _place(column, row, version), sealed)


def mac(hub: Hub, use: str, version: int | None = None) -> Mac:
    """A keyed digest for one use."""
    key = hub.keys.domain(PURPOSE, version)
    return Mac(key.subkey(f"mac {use}"), length_prefixed(use.encode()))


def _sealing(key: DomainKey, column: str) -> bytes:
    return key.subkey(f"seal {column}")


def _place(column: str, row: str, version: int) -> Place:
    table, name = column.split(".")
    return Place(table, name, row, 0, version)
