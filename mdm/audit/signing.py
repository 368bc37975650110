"""Signing states of the log: C2SP signed notes (tlog-checkpoint), with Ed25519 by a key derived from the `audit` domain
key. Its public half is the verifier key."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mdm.audit.verifier import VerifierKey, key_id

if TYPE_CHECKING:
    from mdm.keys import DomainKey


class Signer:
    """One key, for the log of one name; made once by who signs often."""

    def __init__(self, name: str, key: DomainKey) -> None:
        self.name, self.version = name, key.version
        self._private = _private(key)
        public = self._private.public_key().public_bytes_raw()
        self.verifier = VerifierKey(name, key_id(name, public), public)

    def line(self, text: str) -> str:
        """The signature of a text, as a line of a note."""
        signature = self.verifier.id + self._private.sign(text.encode())
        return f"— {self.name} {base64.b64encode(signature).decode()}\n"


def note(size: int, root: bytes, signers: Sequence[Signer]) -> str:
    """The signed note over a log of so many events; by several signers where a key is new."""
    text = f"{signers[0].name}\n{size}\n{base64.b64encode(root).decode()}\n"
    return f"{text}\n{''.join(one.line(text) for one in signers)}"


def public_half(key: DomainKey) -> bytes:
    """The public half of what an `audit` domain key signs with."""
    return _private(key).public_key().public_bytes_raw()


def _private(key: DomainKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key.subkey("checkpoint signature"))
