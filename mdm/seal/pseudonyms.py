"""What a client calls an entity: a pseudonym of its own, so that two clients cannot join their lists.

The entity id under AES-SIV with a key of that client: the same every time, and only the hub leads
it back. It names the version of the key it was made under, so that it still leads back after a
rotation; answers then give the new one.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from mdm.errors import IntegrityError
from mdm.keys import DomainKey, Keys
from mdm.seal import length_prefixed

DOMAIN = "export"  # what leaves the hub
_DOMAIN = [length_prefixed(b"pseudonym")]


class Pseudonyms:
    """The pseudonyms of one client."""

    def __init__(self, keys: Keys, client_id: str) -> None:
        self._keys = keys
        self._client = client_id

    def of(self, entity_id: str) -> str:
        """The client's name for an entity."""
        key = self._keys.domain(DOMAIN)
        sealed = _cipher(key, self._client).encrypt(_packed(entity_id), _DOMAIN)
        return f"{key.version}-{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def entity(self, pseudonym: str) -> str | None:
        """The entity so named; None for what this client was never given."""
        version, _, text = pseudonym.partition("-")
        if not (version.isascii() and version.isdigit() and len(version) < 6):
            return None
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            key = self._keys.domain(DOMAIN, int(version))
            return _unpacked(_cipher(key, self._client).decrypt(sealed, _DOMAIN))
        except (binascii.Error, ValueError, InvalidTag, IntegrityError):
            return None


def _cipher(key: DomainKey, client_id: str) -> AESSIV:
    return _cached(key.purpose, key.version, key.secret, client_id)


@lru_cache(maxsize=256)
def _cached(purpose: str, version: int, secret: bytes, client_id: str) -> AESSIV:
    key = DomainKey(purpose, version, secret)
    halves = (key.subkey(f"pseudonym/{half}/{client_id}") for half in ("mac", "cipher"))
    return AESSIV(b"".join(halves))


def _packed(entity_id: str) -> bytes:
    """Random ids are 32 hexadecimal digits: half as long as bytes."""
    try:
        packed = bytes.fromhex(entity_id)
    except ValueError:
        packed = b""
    return b"\x00" + packed if packed.hex() == entity_id else b"\x01" + entity_id.encode()


def _unpacked(packed: bytes) -> str:
    return packed[1:].hex() if packed[:1] == b"\x00" else packed[1:].decode()
