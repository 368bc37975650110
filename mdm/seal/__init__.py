"""Sealing: one value, one place. AES-256-GCM with the place as associated data; keyed NIK tokens.

A sealed value is `algorithm (1 byte) | packing (1 byte) | nonce (12) | ciphertext and tag`. Its
place (format, table, column, entity id, version, key id, each with its length before it) is
authenticated with it, so that a value moved to another row, column or version does not open.
"""

from __future__ import annotations

import os
import re
import struct
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from mdm.errors import InputError, IntegrityError
from mdm.seal.packing import PACK_LZ4, PACK_NONE, UNPACKABLE, pack, unpack

ALG_AES_256_GCM = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
MAC_BYTES = 32
TOKEN_BYTES = 16
HEADER_BYTES = 2
_BODY = HEADER_BYTES + NONCE_BYTES  # where ciphertext and tag begin
WRAPPED = "entity_key", "wrapped"  # table and column of an entity's data key
WRAPPED_BYTES = _BODY + KEY_BYTES + TAG_BYTES
_LENGTH = struct.Struct(">I")


class Place(NamedTuple):
    """Where a sealed value lives. It opens nowhere else."""

    table: str
    column: str
    entity_id: str
    version: int
    key_id: int

    def associated(self, header: bytes) -> bytes:
        """The associated data: header and place, every field behind its length."""
        before = column_part(header, self.table, self.column)
        return before + entity_part(self.entity_id) + version_part(self.version, self.key_id)


@lru_cache(maxsize=256)
def column_part(header: bytes, table: str, column: str) -> bytes:
    """The first part of associated data: the same for every entity."""
    return length_prefixed(header, table.encode(), column.encode())


def entity_part(entity_id: str) -> bytes:
    """The middle part of associated data: whose value it is."""
    entity = entity_id.encode()
    return _LENGTH.pack(len(entity)) + entity


@lru_cache(maxsize=4096)
def version_part(version: int, key_id: int) -> bytes:
    """The last part of associated data: the same for all of one version."""
    return length_prefixed(b"%d" % version, b"%d" % key_id)


def length_prefixed(*fields: bytes) -> bytes:
    """Fields one after the other, each behind its length, so that no two lists look the same."""
    return b"".join(_LENGTH.pack(len(field)) + field for field in fields)


def new_key() -> bytes:
    """A random 256-bit key."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, place: Place, plain: bytes, packing: int = PACK_LZ4) -> bytes:
    """Pack and seal a value for its place."""
    header, nonce = header_of(packing), os.urandom(NONCE_BYTES)
    return seal_with(AESGCM(key), nonce, header, place.associated(header), plain)


def seal_with(
    cipher: AESGCM, nonce: bytes, header: bytes, associated: bytes, plain: bytes
) -> bytes:
    """The same with the parts that a bulk prepares once. A nonce serves a key only once."""
    return header + nonce + cipher.encrypt(nonce, pack(plain, header[1]), associated)


def header_of(packing: int) -> bytes:
    """The first bytes of a sealed value: algorithm and packing."""
    return bytes((ALG_AES_256_GCM, packing))


def unseal(key: bytes, place: Place, sealed: bytes) -> bytes:
    """The plain value; IntegrityError when it was altered, moved, or sealed under another key."""
    column, version = place[:2], version_part(place.version, place.key_id)
    return unseal_with(AESGCM(key), column, entity_part(place.entity_id), version, sealed)


def unseal_with(
    cipher: AESGCM, column: tuple[str, str], entity: bytes, version: bytes, sealed: bytes
) -> bytes:
    """The same with the parts that a bulk prepares once: table and column, `entity_part`,
    `version_part`."""
    header = sealed[:HEADER_BYTES]
    if len(sealed) < _BODY or header[0] != ALG_AES_256_GCM:
        raise _not_open()
    try:
        associated = column_part(header, *column) + entity + version
        packed = cipher.decrypt(sealed[HEADER_BYTES:_BODY], sealed[_BODY:], associated)
        return unpack(packed, header[1])
    except (InvalidTag, *UNPACKABLE):
        raise _not_open() from None


def wrap_entity_key(wrapping: bytes, entity_id: str, key_id: int, key: bytes) -> bytes:
    """An entity's data key, sealed by the profile domain's wrapping key."""
    return seal(wrapping, Place(*WRAPPED, entity_id, 0, key_id), key, PACK_NONE)


def unwrap_entity_key(wrapping: bytes, entity_id: str, key_id: int, wrapped: bytes) -> bytes:
    """An entity's data key again; IntegrityError when it does not open."""
    return unseal(wrapping, Place(*WRAPPED, entity_id, 0, key_id), wrapped)


class Mac:
    """HMAC-SHA256 under one key and prefix, prepared once for many messages."""

    def __init__(self, key: bytes, prefix: bytes = b"") -> None:
        self._begun = HMAC(key, SHA256())
        self._begun.update(prefix)

    def __call__(self, message: bytes) -> bytes:
        mac = self._begun.copy()
        mac.update(message)
        return mac.finalize()


def normal_nik(text: str) -> str:
    """A NIK as 16 digits, without blanks, dots and dashes; InputError when it is none."""
    nik = re.sub(r"[\s.\-]", "", text)
    if not re.fullmatch(r"[0-9]{16}", nik):
        raise InputError("A NIK has 16 digits.", "Check the number and ask again.")
    return nik


def nik_token(index_key: bytes, nik: str, table: str, purpose: str) -> bytes:
    """The blind-index token of a NIK: 128 bits of HMAC-SHA256 under the index key.

    Table and purpose are part of the input: the same NIK has unrelated tokens elsewhere.
    """
    return Mac(index_key, token_domain(table, purpose))(normal_nik(nik).encode())[:TOKEN_BYTES]


def token_domain(table: str, purpose: str) -> bytes:
    """The part of a token's input that says where it is used."""
    return length_prefixed(b"nik", table.encode(), purpose.encode())


def _not_open() -> IntegrityError:
    return IntegrityError(
        "A sealed value does not open: it was altered or moved, or its key is another one.",
        "Restore it from a backup, and find out who could write to the hub.",
    )
