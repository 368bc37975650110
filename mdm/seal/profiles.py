"""Sealing a batch: golden profiles in, rows for the hub's tables out; NIKs in, tokens out.

Pure: what a batch becomes depends on the batch, the keys and fresh random bytes alone.
"""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import compress, repeat
from operator import and_, ne
from typing import Any, NamedTuple

import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mdm.arrow import columns_of, pa_schema
from mdm.seal import (
    KEY_BYTES,
    MAC_BYTES,
    NONCE_BYTES,
    TOKEN_BYTES,
    WRAPPED,
    WRAPPED_BYTES,
    Mac,
    Place,
    column_part,
    entity_part,
    header_of,
    length_prefixed,
    seal_with,
    unwrap_entity_key,
    version_part,
)
from mdm.seal.packing import PACK_NONE, PACK_PROFILE

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

#: Columns of the rows that sealing gives, in their order.
PROFILE = (
    "entity_id", "version", "kind", "run_seq", "key_id", "region", "content_mac", "ciphertext",
)  # fmt: skip
KEY = ("entity_id", "key_id", "run_seq", "wrapped")

_PLAIN, _PACKED = header_of(PACK_NONE), header_of(PACK_PROFILE)
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
    """What changed of a WORK batch, in its order, one value behind the other: an object for each would take as long to
    hand over as to seal. `changed` and `fresh`: a byte for each row of the batch, 1 where it was sealed anew, and where
    its entity key is new. `sizes`: how long each ciphertext is; `digests`: what the audit log vouches for."""

    changed: bytearray
    fresh: bytearray
    sizes: bytearray
    macs: bytearray
    ciphertexts: bytearray
    wrapped: bytearray
    digests: bytearray


def seal_batch(keys: SealingKeys, work: pa.RecordBatch) -> Sealed:
    """Seal every profile of a WORK batch whose content changed."""
    key_id, wrapping = keys.key_id, dict(keys.wrapping)
    wrapper, wrap_after = AESGCM(wrapping[key_id]), version_part(0, key_id)
    wrap_before = column_part(_PLAIN, *WRAPPED)
    seal_before = column_part(_PACKED, *SEALED)
    digest_before = column_part(b"digest", *SEALED)
    ids, kinds, contents, regions, versions, held_macs, held_keys, held_ids = columns_of(work)
    macs = list(map(Mac(keys.mac), contents))
    changed = bytearray(map(ne, macs, held_macs))
    fresh = bytearray(map(and_, changed, (held is None for held in held_keys)))
    random = _random_parts(changed.count(1))
    ciphertexts, wrapped, digests = [], [], []
    rows = zip(ids, kinds, contents, regions, versions, held_keys, held_ids, strict=True)
    for entity_id, kind, content, region, version, held_key, held_id in compress(rows, changed):
        key, wrap_nonce, nonce = next(random)
        entity = entity_part(entity_id)
        if held_key is None:
            place = wrap_before + entity + wrap_after
            wrapped.append(seal_with(wrapper, wrap_nonce, _PLAIN, place, key))
        else:
            key = unwrap_entity_key(wrapping[held_id], entity_id, held_id, held_key)
        place = entity + version_part((version or 0) + 1, key_id)
        sealed = seal_with(AESGCM(key), nonce, _PACKED, seal_before + place, content)
        ciphertexts.append(sealed)
        lies = _lying(kind, region)
        digests.append(hashlib.sha256(digest_before + place + lies + sealed).digest())
    sizes = bytearray(array("I", map(len, ciphertexts)))
    values = (compress(macs, changed), ciphertexts, wrapped, digests)
    return Sealed(changed, fresh, sizes, *map(bytearray().join, values))


def profile_rows(
    keys: SealingKeys, work: pa.RecordBatch, sealed: Sealed
) -> Iterator[tuple[Any, ...]]:
    """What became of a WORK batch, as rows of PROFILE: made as they are written, while they are in the core's cache."""
    named = work.select(["entity_id", "version", "kind", "region"])
    ids, versions, kinds, regions = (
        compress(column, sealed.changed) for column in columns_of(named)
    )
    return zip(
        ids,
        ((version or 0) + 1 for version in versions),
        kinds,
        repeat(keys.run_seq),
        repeat(keys.key_id),
        regions,
        _cut(sealed.macs, repeat(MAC_BYTES)),
        _cut(sealed.ciphertexts, array("I", sealed.sizes)),
    )


def key_rows(keys: SealingKeys, work: pa.RecordBatch, sealed: Sealed) -> Iterator[tuple[Any, ...]]:
    """The entity keys that are new with it, as rows of KEY."""
    ids = compress(work.column("entity_id").to_pylist(), sealed.fresh)
    wrapped = _cut(sealed.wrapped, repeat(WRAPPED_BYTES))
    return zip(ids, repeat(keys.key_id), repeat(keys.run_seq), wrapped)


def _cut(values: bytearray, sizes: Iterable[int]) -> Iterator[bytearray]:
    """Values that stand one behind the other. SQLite's driver takes a bytearray as it is; for bytes it looks for a
    way to adapt them first, which takes longer than to bind them."""
    at = 0
    for size in sizes:
        yield values[at : at + size]
        at += size


def token_batch(keys: SealingKeys, work: pa.RecordBatch, kind: str) -> bytearray:
    """The tokens of a NIKS batch of one kind of entity, one after the other."""
    token = Mac(keys.index, keys.token_domains[kind])
    niks: list[Any] = work.column(0).to_pylist()
    return bytearray().join([token(nik)[:TOKEN_BYTES] for nik in niks])


def profile_place(entity_id: str, version: int, key_id: int) -> Place:
    """Where a golden profile is sealed."""
    return Place(*SEALED, entity_id, version, key_id)


def ciphertext_digest(place: Place, sealed: bytes) -> bytes:
    """SHA-256 over a place and what is sealed there: what the audit log vouched for before `profile_digest`."""
    return hashlib.sha256(place.associated(b"digest") + sealed).digest()


def profile_digest(place: Place, kind: str, region: str | None, sealed: bytes | None) -> bytes:
    """SHA-256 over a place, whose profile it is, in which region, and what is sealed there (nothing: it ends): what the
    audit log vouches for."""
    lies = _lying(kind, region)
    return hashlib.sha256(place.associated(b"digest") + lies + (sealed or b"")).digest()


@lru_cache(maxsize=65_536)
def _lying(kind: str, region: str | None) -> bytes:
    return length_prefixed(kind.encode(), (region or "").encode())


def _random_parts(profiles: int) -> Iterator[tuple[bytes, bytes, bytes]]:
    """For each profile an entity key and two nonces, cut from one draw."""
    drawn, wrap_at, seal_at = os.urandom(profiles * _RANDOM), KEY_BYTES, KEY_BYTES + NONCE_BYTES
    for start in range(0, len(drawn), _RANDOM):
        part = drawn[start : start + _RANDOM]
        yield part[:wrap_at], part[wrap_at:seal_at], part[seal_at:]
