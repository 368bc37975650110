"""Samples that auditors drew, what was in them, and what was found: facts, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now


class Sample(SQLModel, table=True):
    """A random sample: what it was drawn from, by which seed. Append-only."""

    __tablename__ = "sample"

    id: str = Field(primary_key=True)
    kind: str  # events, values, links
    asked: dict[str, Any] = Field(sa_type=sa.JSON)  # the filters it was drawn with
    seed: str
    size: int  # asked for; fewer were drawn when no more are there
    strata: dict[str, Any] = Field(sa_type=sa.JSON)  # stratum → how many it stands for, if known
    run_seq: int | None = None  # as of this run
    log_size: int | None = Field(default=None, sa_type=sa.BigInteger)  # among so many events
    actor: str
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class SampleItem(SQLModel, table=True):
    """One thing drawn. Append-only."""

    __tablename__ = "sample_item"

    sample_id: str = Field(primary_key=True)
    n: int = Field(primary_key=True, sa_type=sa.Integer)  # from 1, in the order drawn
    stratum: str
    ref: dict[str, Any] = Field(sa_type=sa.JSON)  # ids and numbers that say nothing of anybody


class SampleVerdict(SQLModel, table=True):
    """What an examiner found of one thing drawn. Append-only; a later word outranks an earlier."""

    __tablename__ = "sample_verdict"

    id: str = Field(primary_key=True)
    sample_id: str = Field(index=True)
    n: int
    verdict: str  # right, wrong, unclear
    note: bytes | None = None  # sealed under the sample's key
    actor: str
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class SampleKey(SQLModel, table=True):
    """A sample's data key, wrapped: it seals the examiners' notes."""

    __tablename__ = "sample_key"

    id: str = Field(primary_key=True)
    key_id: int  # version of the profile domain key that wraps it
    wrapped: bytes
