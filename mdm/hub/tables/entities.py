"""Who there is: entities, what happened to them, their sealed profiles, human judgements."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, index_of_some, now


class Entity(SQLModel, table=True):
    """One person, family or household. The id never dies and says nothing."""

    __tablename__ = "entity"
    __table_args__ = (
        # Few are merged: the index holds those only.
        index_of_some("ix_entity_merged_into", "merged_into", where="merged_into IS NOT NULL"),
    )

    entity_id: str = Field(primary_key=True)
    kind: str  # person, family, household
    created_run: int  # run seq; invisible until that run is published
    status: str  # active, merged, retired
    merged_into: str | None = None


class EntityEvent(SQLModel, table=True):
    """What a published run did to an entity. Append-only."""

    __tablename__ = "entity_event"
    __table_args__ = (index_of_some("ix_entity_event_other", "other", where="other IS NOT NULL"),)

    id: int | None = Field(default=None, primary_key=True)
    run_seq: int = Field(index=True)
    entity_id: str = Field(index=True)
    kind: str
    event: str  # create, keep, merge, split
    other: str | None = None  # the entity merged into, or split from
    records: int | None = None  # source records that moved


class Relinked(SQLModel, table=True):
    """A record that a small run gave to another entity than the whole run before it. `rid` is its
    number in that whole run; a correction, which that run did not know, has a negative one."""

    __tablename__ = "relinked"

    kind: str = Field(primary_key=True)
    rid: int = Field(primary_key=True, sa_type=sa.Integer)
    run_seq: int = Field(primary_key=True, sa_type=sa.Integer)
    entity_id: str = Field(index=True)
    since_run: int
    record_key: str | None = None  # of a correction: random, says nothing


class SealedProfile(SQLModel, table=True):
    """One version of a golden profile, sealed. No ciphertext: a tombstone."""

    __tablename__ = "sealed_profile"
    __table_args__ = (
        # Who lives in a kecamatan is asked of persons only, when one is looked for by name.
        index_of_some(
            "ix_sealed_profile_person_region", "region", "entity_id", where="kind = 'person'"
        ),
    )

    entity_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_type=sa.Integer)
    kind: str
    run_seq: int
    key_id: int  # version of the profile domain key behind the entity key and the content MAC
    region: str | None = None  # Kemendagri code to the kecamatan, digits; for the wall of regions
    ciphertext: bytes | None = None
    content_mac: bytes | None = None  # keyed digest of the content: tells unchanged from changed


class EntityKey(SQLModel, table=True):
    """An entity's data key, wrapped. Kept apart from the profiles so that it can be shredded."""

    __tablename__ = "entity_key"

    entity_id: str = Field(primary_key=True)
    key_id: int  # version of the profile domain key that wraps it
    run_seq: int
    wrapped: bytes


class NikToken(SQLModel, table=True):
    """A blind index entry: from the keyed token of a NIK to the entity that carries it."""

    __tablename__ = "nik_token"

    token: bytes = Field(primary_key=True, sa_type=sa.LargeBinary)
    entity_id: str = Field(primary_key=True)
    run_seq: int = Field(primary_key=True, sa_type=sa.Integer)
    rank: int  # 0: the entity's golden NIK; 1 and on: another NIK its records carry
    retired_seq: int | None = None  # run that took it away
    key_id: int = Field(default=1, sa_column_kwargs={"server_default": "1"})  # index key version


class Judgement(SQLModel, table=True):
    """A human's word on two source records. Append-only; a later one outranks an earlier."""

    __tablename__ = "judgement"

    id: str = Field(primary_key=True)
    seq: int = Field(unique=True)
    kind: str
    records: bytes  # the two record references, sealed
    judgement: str  # link, non-link, review
    actor: str
    reason: str
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
