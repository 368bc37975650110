"""The signature of an envelope: written, read and verified.

```
Signature: namespace="spdci", kidId="{sender_id}|{key id}|ed25519", algorithm="ed25519",
    created="1606970629", expires="1606970929", headers="(created) (expires) digest", signature="…"
```
What is signed, line by line: `(created): …`, `(expires): …` and `digest: SHA-256=…`, the digest
being that of `{"header":…,"message":…}` in canonical JSON (RFC 8785). DCI leaves the form of the
signing string and the algorithms open; docs/dci.md states this choice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from api.dci.canonical import canonical
from api.dci.refusals import ErrorCode, MessageError

NAMESPACE, HEADERS = "spdci", "(created) (expires) digest"
ED25519, ES256 = "ed25519", "es256"
SKEW = 60  # seconds a clock may be ahead
LIFE = 86_400  # seconds a signature may be valid: message ids are remembered as long
OWN_LIFE = 300
_PART = re.compile(r'\s*([A-Za-z]+)="([^"]*)"\s*(?:,|$)')
_PARTS = {"namespace", "kidId", "algorithm", "created", "expires", "headers", "signature"}

PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey


class Keyring(Protocol):
    """The public keys that a client registered."""

    def find(self, sender_id: str, key_id: str) -> PublicKey | None:
        """The key of that id, None when the client has none."""


@dataclass(frozen=True)
class Signature:
    """A signature, read but not yet believed."""

    sender_id: str
    key_id: str
    algorithm: str
    created: int
    expires: int
    value: bytes


def signing_string(created: int, expires: int, header: Any, message: Any) -> bytes:
    """What is signed for a header and a message."""
    body: dict[str, Any] = {"header": header}
    if message is not None:
        body["message"] = message
    digest = base64.b64encode(hashlib.sha256(canonical(body)).digest()).decode()
    return f"(created): {created}\n(expires): {expires}\ndigest: SHA-256={digest}".encode()


def sign(
    key: Ed25519PrivateKey, sender_id: str, key_id: str, envelope: Mapping[str, Any], now: int
) -> str:
    """The signature text of an envelope (its header and message), valid for five minutes."""
    expires = now + OWN_LIFE
    signed = signing_string(now, expires, envelope["header"], envelope.get("message"))
    value = base64.b64encode(key.sign(signed)).decode()
    return (
        f'Signature: namespace="{NAMESPACE}", kidId="{sender_id}|{key_id}|{ED25519}", '
        f'algorithm="{ED25519}", created="{now}", expires="{expires}", '
        f'headers="{HEADERS}", signature="{value}"'
    )


def parse(text: str | None) -> Signature:
    """Read a signature text; MessageError when it is missing or not of the form."""
    if text is None or not text.strip():
        raise MessageError(ErrorCode.SIGNATURE_MISSING, "The envelope is not signed.")
    parts = _parts(text.strip())
    if parts["namespace"] != NAMESPACE or parts["headers"] != HEADERS:
        raise _wrong(f'It needs namespace="{NAMESPACE}" and headers="{HEADERS}".')
    ids = parts["kidId"].split("|")
    if len(ids) != 3 or not all(ids) or ids[2].lower() != parts["algorithm"].lower():
        raise _wrong('kidId is "{sender_id}|{key id}|{algorithm}", with the algorithm given.')
    times = parts["created"], parts["expires"]
    if not all(re.fullmatch(r"[0-9]{1,11}", time) for time in times):
        raise _wrong("created and expires are seconds since 1970.")
    try:
        value = base64.b64decode(parts["signature"], validate=True)
    except (binascii.Error, ValueError):
        raise _wrong("Its value is not Base64.") from None
    created, expires = map(int, times)
    return Signature(ids[0], ids[1], ids[2].lower(), created, expires, value)


def verify(envelope: Mapping[str, Any], keyring: Keyring, now: int) -> Signature:
    """The envelope's signature, verified; MessageError says what is wrong with it."""
    signature = parse(envelope.get("signature"))
    if signature.created > now + SKEW or signature.expires <= now:
        raise _wrong("It is not valid at this time.")
    if not 0 < signature.expires - signature.created <= LIFE:
        raise _wrong("It may be valid for one day at most.")
    key = keyring.find(signature.sender_id, signature.key_id)
    signed = signing_string(
        signature.created, signature.expires, envelope["header"], envelope.get("message")
    )
    if key is None or not _holds(key, signature, signed):
        raise _wrong("No key that the sender registered made it for this header and message.")
    return signature


def _holds(key: PublicKey, signature: Signature, signed: bytes) -> bool:
    try:
        if isinstance(key, Ed25519PublicKey) and signature.algorithm == ED25519:
            key.verify(signature.value, signed)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey) and signature.algorithm == ES256:
            key.verify(_der(signature.value), signed, ec.ECDSA(SHA256()))
            return True
    except InvalidSignature:
        return False
    return False


def _der(value: bytes) -> bytes:
    """The raw pair (r, s) of JOSE, in the form the library reads."""
    if len(value) != 64:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(value[:32]), int.from_bytes(value[32:]))


def _parts(text: str) -> dict[str, str]:
    """Name → value; every part once and nothing else."""
    text = re.sub(r"^Signature\s*:?\s*", "", text)
    found: dict[str, str] = {}
    at = 0
    while at < len(text) and (part := _PART.match(text, at)):
        if part[1] in found:
            raise _wrong("A part of it stands twice.")
        found[part[1]] = part[2]
        at = part.end()
    if at != len(text) or found.keys() != _PARTS:
        raise _wrong(f"It has the parts {', '.join(sorted(_PARTS))}.")
    return found


def _wrong(why: str) -> MessageError:
    return MessageError(ErrorCode.SIGNATURE_INVALID, f"The signature does not hold. {why}")
