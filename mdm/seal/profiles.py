"""Sealing a batch: golden profiles in, rows for the hub's tables out; NIKs in, tokens out.

Pure: what a batch becomes depends on the batch, the keys and fresh random bytes alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mdm.arrow import pa_schema, rows_of
from mdm.seal import (
    KEY_BYTES,
    NONCE_BYTES,
    PACK_LZ4,
    PACK_NONE,
    TOKEN_BYTES,
    Mac,
    Place,
    column_part,
    entity_part,
    header_of,
    seal_with,
    unwrap_entity_key,
    version_part,
)

#: What is to be sealed: the content, and what the hub holds of the entity (NULL: nothing).
WORK = pa_schema(
    entity_id=pa.string(),
    kind=pa.string(),
    content=pa.binary(),
    region=pa.string(),
    version=pa.int32(),
    content_mac=pa.binary(),
    wrapped=pa.binary(),
    wrapped_key_id=pa.int32(),
)
SEALED = "sealed_profile", "ciphertext"  # table and column of a golden profile
#: Numbers to be turned into tokens, persons' NIKs or families' KKs: 16 digits each.
NIKS = pa_schema(nik=pa.binary())

#: Columns of the rows that sealing gives, in the order of `Sealed.profiles` and `Sealed.keys`.
PROFILE = (
    "entity_id", "version", "kind", "run_seq", "key_id", "region", "content_mac", "ciphertext",
)  # fmt: skip
KEY = ("entity_id", "key_id", "run_seq", "wrapped")

#: Bytes from which a profile is packed. Below, it would take as long as all the sealing, and save
#: a fifth of a kilobyte.
PACK_FROM = 4096
_PLAIN, _PACKED = header_of(PACK_NONE), header_of(PACK_LZ4)
_RANDOM = KEY_BYTES + 2 * NONCE_BYTES  # one profile's: entity key, nonces of wrap and of profile


@dataclass(frozen=True)
class SealingKeys:
    """What one publishing seals with: its run's sequence number, the active key version, the MAC
    key, the index key, the domains of tokens by kind of entity, wrapping keys by version, the index key's version."""

    run_seq: int
    key_id: int
    mac: bytes = field(repr=False)
    index: bytes = field(repr=False)
    token_domains: Mapping[str, bytes]
    wrapping: tuple[tuple[int, bytes], ...] = field(repr=False)
    index_version: int = 1


class Sealed(NamedTuple):
    """What changed of a batch, in the batch's order. `keys` has the entity keys that are new;
    `digests` 32 bytes for each profile, what the audit log vouches for."""

    profiles: list[tuple[Any, ...]]
    keys: list[tuple[Any, ...]]
    digests: bytes


def seal_batch(keys: SealingKeys, work: pa.RecordBatch) -> Sealed:
    """Seal every profile of a WORK batch whose content changed."""
    run, key_id, wrapping = keys.run_seq, keys.key_id, dict(keys.wrapping)
    wrapper, wrap_after = AESGCM(wrapping[key_id]), version_part(0, key_id)
    wrap_before = column_part(_PLAIN, "entity_key", "wrapped")
    seal_before = {header: column_part(header, *SEALED) for header in (_PLAIN, _PACKED)}
    digest_before = column_part(b"digest", *SEALED)
    random, mac_of = _random_parts(work.num_rows), Mac(keys.mac)
    profiles, fresh, digests = [], [], []
    for entity_id, kind, content, region, held, held_mac, wrapped, wrapped_key_id in rows_of(work):
        mac = mac_of(content)
        if mac == held_mac:
            continue
        key, wrap_nonce, nonce = next(random)
        entity = entity_part(entity_id)
        if wrapped is None:
            place = wrap_before + entity + wrap_after
            wrap = seal_with(wrapper, wrap_nonce, _PLAIN, place, key)
            fresh.append((entity_id, key_id, run, wrap))
        else:
            key = unwrap_entity_key(wrapping[wrapped_key_id], entity_id, wrapped_key_id, wrapped)
        version = (held or 0) + 1
        place = entity + version_part(version, key_id)
        header = _PLAIN if len(content) < PACK_FROM else _PACKED
        sealed = seal_with(AESGCM(key), nonce, header, seal_before[header] + place, content)
        profiles.append((entity_id, version, kind, run, key_id, region, mac, sealed))
        digests.append(hashlib.sha256(digest_before + place + sealed).digest())
    return Sealed(profiles, fresh, b"".join(digests))


def token_batch(keys: SealingKeys, work: pa.RecordBatch, kind: str) -> bytes:
    """The tokens of a NIKS batch of one kind of entity, one after the other."""
    token = Mac(keys.index, keys.token_domains[kind])
    niks: list[Any] = work.column(0).to_pylist()
    return b"".join([token(nik)[:TOKEN_BYTES] for nik in niks])


def profile_place(entity_id: str, version: int, key_id: int) -> Place:
    """Where a golden profile is sealed."""
    return Place(*SEALED, entity_id, version, key_id)


def ciphertext_digest(place: Place, sealed: bytes) -> bytes:
    """SHA-256 over a place and what is sealed there: what the audit log vouches for."""
    return hashlib.sha256(place.associated(b"digest") + sealed).digest()


def _random_parts(profiles: int) -> Iterator[tuple[bytes, bytes, bytes]]:
    """For each profile an entity key and two nonces, cut from one draw."""
    drawn, wrap_at, seal_at = os.urandom(profiles * _RANDOM), KEY_BYTES, KEY_BYTES + NONCE_BYTES
    for start in range(0, len(drawn), _RANDOM):
        part = drawn[start : start + _RANDOM]
        yield part[:wrap_at], part[wrap_at:seal_at], part[seal_at:]
