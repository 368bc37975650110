"""What was done: runs, their stages, the rules and models they used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now


class Run(SQLModel, table=True):
    """One pass over the path. `published` is the one word that makes its results visible."""

    __tablename__ = "run"

    id: str = Field(primary_key=True)
    seq: int = Field(unique=True)  # order of runs; everything a run writes carries it
    kind: str
    fingerprint: str  # digest of the facts it worked on
    status: str = Field(index=True)  # running, published, abandoned
    rules: str | None = None  # digest of the rule set
    model: str | None = None  # name of the linkage model
    base: str | None = None  # of a small run: the whole run whose kept tables it stands on
    judged: int | None = None  # number of the last judgement it knows
    started: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    finished: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seconds: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)  # by stage
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)


class RunStage(SQLModel, table=True):
    """One finished or running stage of a run."""

    __tablename__ = "run_stage"

    run: str = Field(primary_key=True, foreign_key="run.id")
    stage: str = Field(primary_key=True)
    status: str  # running, done
    seconds: float | None = None
    rows: int | None = None


#: The figures that are many: kept for the published run and the one being made only.
BY_REGION = ("region", "desil")


class RunFigure(SQLModel, table=True):
    """One number that a run came to, for pages: counts and shares, of no single person.

    What the parts mean is said in mdm/figures; an empty text stands for "all".
    """

    __tablename__ = "run_figure"

    run_seq: int = Field(primary_key=True, sa_type=sa.Integer)
    figure: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    detail: str = Field(primary_key=True)
    value: float
    low: float | None = None  # of its 95 % interval, where it has one
    high: float | None = None


class StagingMark(SQLModel, table=True):
    """A run whose publishing has begun: unseen rows of it may stand in the bulk tables.

    It spares those tables an index on the run: without a mark there is nothing to clear away.
    """

    __tablename__ = "staging"

    run_seq: int = Field(primary_key=True, sa_type=sa.Integer)


class RuleSet(SQLModel, table=True):
    """The exact rule documents of a run, by digest: an answer of the past can be replayed."""

    __tablename__ = "rule_set"

    digest: str = Field(primary_key=True)
    documents: dict[str, Any] = Field(sa_type=sa.JSON)  # file name → text
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class LinkageModel(SQLModel, table=True):
    """A trained model that this hub knows; its document is a dated file."""

    __tablename__ = "linkage_model"

    name: str = Field(primary_key=True)
    kind: str | None = Field(default=None, index=True)
    fingerprint: str  # of its training data
    current: bool = False
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)
