"""What is trusted: wrapped domain keys and the audit log."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now


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

    seq: int = Field(primary_key=True, sa_type=sa.BigInteger)  # gapless from 0: the leaf's index
    event: bytes  # canonical JSON
    leaf_hash: bytes  # RFC 9162: SHA-256(0x00 || event)
