"""What is trusted: wrapped domain keys, and the audit log with its tree, index and checkpoints."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now
from mdm.hub.dialect import Number


class DomainKeyRow(SQLModel, table=True):
    """One version of a domain key, wrapped by the root key."""

    __tablename__ = "domain_key"

    purpose: str = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_type=sa.Integer)
    state: str  # active, decrypt-only, destroyed
    wrapped: bytes | None = None  # nothing once destroyed
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class AuditEvent(SQLModel, table=True):
    """One act, as the exact bytes that were hashed. Append-only."""

    __tablename__ = "audit_event"

    seq: int = Field(primary_key=True, sa_type=Number)  # gapless from 0: the leaf's index
    event: bytes  # canonical JSON
    leaf_hash: bytes  # RFC 9162: SHA-256(0x00 || event)


class AuditPart(SQLModel, table=True):
    """Index: a part of the log that its index covers, or the first events of it."""

    __tablename__ = "audit_part"

    n: int = Field(primary_key=True, sa_type=sa.BigInteger)  # from 0
    events: int  # covered, from the part's first


class AuditSubject(SQLModel, table=True):
    """Index: which events are about an entity, batch, run or job. Made from the events."""

    __tablename__ = "audit_subject"

    part: int = Field(primary_key=True, sa_type=sa.BigInteger)  # of the log, that seq lies in
    subject: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)


class AuditActor(SQLModel, table=True):
    """Index: which events are somebody's acts. Made from the events."""

    __tablename__ = "audit_actor"

    part: int = Field(primary_key=True, sa_type=sa.BigInteger)
    actor: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)


class AuditTile(SQLModel, table=True):
    """256 neighbouring hashes of the tree: of leaves (level 0) or of tiles one level below.

    Full ones only; made when the log is checkpointed, so that a proof reads a few rows.
    """

    __tablename__ = "audit_tile"

    level: int = Field(primary_key=True, sa_type=sa.Integer)
    n: int = Field(primary_key=True, sa_type=sa.BigInteger)
    root: bytes  # hash over the tile
    earliest: str | None = None  # moments of its events, ISO 8601 in UTC; level 0 only
    latest: str | None = None
    hashes: bytes  # 256 x 32 bytes


class AuditCheckpoint(SQLModel, table=True):
    """A signed statement of the log's size and root hash. Append-only."""

    __tablename__ = "audit_checkpoint"

    size: int = Field(primary_key=True, sa_type=sa.BigInteger)
    root: bytes
    key_version: int  # of the audit domain key that signed it
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    note: str  # C2SP signed note


class AuditKey(SQLModel, table=True):
    """A verifier key: the public half of what signed checkpoints, for ever. Append-only."""

    __tablename__ = "audit_key"

    version: int = Field(primary_key=True, sa_type=sa.Integer)
    verifier: str  # C2SP verifier key: name+id+key
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class SealedDigest(SQLModel, table=True):
    """Digests of the ciphertexts that a run published, 32 bytes each, in the order of writing.

    One digest over all parts stands in the run's `publish` event: so each ciphertext can be traced
    to the log, and one that differs can be named.
    """

    __tablename__ = "sealed_digest"

    run_seq: int = Field(primary_key=True, sa_type=sa.Integer)
    part: int = Field(primary_key=True, sa_type=sa.Integer)
    digests: bytes
