"""What waits for stewards, and what they answered. Ids, codes and figures only; what was said of
whom stands sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now


class ReviewTask(SQLModel, table=True):
    """A connected group of entities about which something is open: one task, one answer."""

    __tablename__ = "review_task"
    __table_args__ = (
        sa.Index("ix_review_task_queue", "status", "rank", "id"),
        sa.Index("ix_review_task_region", "status", "region"),
    )

    id: str = Field(primary_key=True)  # random
    kind: str
    status: str  # open, parked, decided, closed
    version: int  # raised by every change of what the task is about, or of its state
    opened_run: int
    opened: datetime = Field(sa_type=UtcDateTime)
    run_seq: int  # the run that last said what it is about
    region: str  # Kemendagri digits that all its entities share; '' when they share none
    reasons: str  # |names of guards or how found|
    questions: str  # |possible_duplicate|disputed_link|second_opinion|weak_link|
    sources: str  # |kemendagri|kemensos|
    weight: float | None = None  # of its pairs' match weights the one nearest to doubt, bits
    entities: int
    records: int
    benefit: bool
    boundary: bool
    correction: bool
    rank: float = 0  # human cost, with the day it was opened in it: see mdm/review/cost.py
    parts: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)  # part → points
    needed: int = 1  # answers that must agree
    parked: str | None = None  # why it waits for a supervisor: unsure, disagreement
    claimed_by: str | None = None
    claimed: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended: datetime | None = Field(default=None, sa_type=UtcDateTime)
    followed_by: str | None = None  # the task that took its entities over


class ReviewTaskEntity(SQLModel, table=True):
    """An entity in a task that has not ended, with what the order of tasks rests on."""

    __tablename__ = "review_task_entity"

    task_id: str = Field(primary_key=True)
    entity_id: str = Field(primary_key=True, index=True)
    records: int
    region: str | None = None
    sources: str = ""
    benefit: bool = False
    boundary: bool = False


class ReviewAnswer(SQLModel, table=True):
    """One reviewer's answer to one task, as it stood then. `sealed` holds groups, note, evidence."""

    __tablename__ = "review_answer"
    __table_args__ = (sa.Index("ix_review_answer_actor", "actor", "at"),)

    id: str = Field(primary_key=True)
    task_id: str = Field(index=True)
    version: int  # of the task
    actor: str
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    seconds: float | None = None  # since the claim
    outcome: str  # same, different, split, unsure
    reason: str  # code
    state: str  # waiting (for another's), decided, outvoted, undone
    judgements: list[Any] = Field(default_factory=list, sa_type=sa.JSON)  # ids it wrote
    overruled: int = 0  # standing judgements it took the place of
    overruled_by: str | None = None  # answer or person that took it back
    sealed: bytes | None = None  # opens while its key stands in judgement_key
