"""Rights of subjects (restriction, erasure), and the bookmarks of key work."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now


class SubjectRestriction(SQLModel, table=True):
    """Processing of one subject is restricted (UU 27/2022 art. 41) until it is lifted."""

    __tablename__ = "subject_restriction"

    id: str = Field(primary_key=True)
    entity_id: str = Field(index=True)
    basis: str  # the legal basis, as its code
    case_number: str | None = None
    actor: str
    since: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    lifted: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lifted_by: str | None = None
    lifted_basis: str | None = None


class ShredEntry(SQLModel, table=True):
    """One line of the shred list that was carried out in this database. Append-only."""

    __tablename__ = "shred_entry"

    n: int = Field(primary_key=True, sa_type=sa.Integer)  # gapless from 0
    line: bytes  # exactly as it stands in the file, with its MAC


class JudgementKey(SQLModel, table=True):
    """A judgement's data key, wrapped; without it nobody knows which records were judged."""

    __tablename__ = "judgement_key"

    id: str = Field(primary_key=True)
    key_id: int  # version of the profile domain key that wraps it
    wrapped: bytes


class Refiling(SQLModel, table=True):
    """How far the tokens of an old index key version have been filed anew."""

    __tablename__ = "refiling"

    key_id: int = Field(primary_key=True, sa_type=sa.Integer)  # the old version
    after: str  # entity ids up to this one are done
    done: int  # tokens filed anew
