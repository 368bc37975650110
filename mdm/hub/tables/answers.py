"""What answers rest on: open questions about entities, snapshots, jobs that answer many at once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now


class EntityQuestion(SQLModel, table=True):
    """Something open about an entity's identity, from the run that raised it to the one that
    settled it."""

    __tablename__ = "entity_question"

    entity_id: str = Field(primary_key=True)
    question: str = Field(
        primary_key=True
    )  # possible_duplicate, disputed_link, second_opinion, weak_link
    other: str = Field(primary_key=True)  # the other entity; empty: it lies inside this one
    run_seq: int = Field(primary_key=True, sa_type=sa.Integer, index=True)
    kind: str
    weight: float | None = None  # match weight of the pair, bits
    reason: str  # name of the guard, or how it was found
    retired_seq: int | None = Field(default=None, index=True)  # run that settled it


class RunPeriod(SQLModel, table=True):
    """How many families of a run carry a desil of which period."""

    __tablename__ = "run_period"

    run_seq: int = Field(primary_key=True, sa_type=sa.Integer)
    period: str = Field(primary_key=True)
    families: int


class Snapshot(SQLModel, table=True):
    """A name for a moment: a published run, and the programme rules of that day. Append-only."""

    __tablename__ = "snapshot"

    name: str = Field(primary_key=True)
    run_seq: int
    rules: str  # digest of the programme documents in rule_set
    on_date: date  # ages are computed on this day unless another is asked for
    periods: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)  # period → families
    actor: str
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class Job(SQLModel, table=True):
    """A piece of work that outlives its request. `asked` holds everything its answer depends on
    but the NIKs, which are sealed in a file."""

    __tablename__ = "job"

    id: str = Field(primary_key=True)
    kind: str
    owner: str = Field(index=True)  # who asked, and who alone may read
    state: str = Field(index=True)  # waiting, running, done, failed, cancelled, delivered
    asked: dict[str, Any] = Field(sa_type=sa.JSON)
    total: int
    done: int = 0
    found: int = 0
    result_bytes: int = Field(default=0, sa_type=sa.BigInteger)  # of the result file, durable
    key_version: int  # of the export domain key
    problem: str | None = None  # why it failed: a code
    worker: str | None = None
    alive_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    finished: datetime | None = Field(default=None, sa_type=UtcDateTime)
