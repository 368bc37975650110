"""Corrections: what officers proposed, who passed it on, what became of it. Whom and what they say stands sealed."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now

#: States in which a proposal waits for somebody's word.
WAITING = ("proposed", "verified", "endorsed")
APPROVED, REVOKED = "approved", "revoked"


class Correction(SQLModel, table=True):
    """One proposal on its way. `version` rises with every step: who acts names the version they saw."""

    __tablename__ = "correction"
    __table_args__ = (sa.Index("ix_correction_waiting", "state", "region"),)

    id: str = Field(primary_key=True)  # random
    number: int = Field(unique=True)  # people speak of it by this
    kind: str  # of corrections.yaml
    state: str  # one of WAITING, approved, sent-back, withdrawn, revoked
    version: int
    region: str  # Kemendagri digits to the kecamatan; '' where none is known
    proposer: str = Field(index=True)
    proposed: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    due: datetime = Field(sa_type=UtcDateTime)  # of the step it waits for
    decided: datetime | None = Field(default=None, sa_type=UtcDateTime)  # when it was approved
    content: bytes  # the proposal, sealed with a key of its own


class CorrectionKey(SQLModel, table=True):
    """A proposal's data key, wrapped; without it the proposal, its notes and its evidence open for nobody."""

    __tablename__ = "correction_key"

    id: str = Field(primary_key=True)
    key_id: int  # version of the profile domain key that wraps it
    wrapped: bytes


class CorrectionTarget(SQLModel, table=True):
    """Which attribute of which entity a proposal is about; `attribute` is '' where it is about the whole."""

    __tablename__ = "correction_target"

    correction: str = Field(primary_key=True)
    entity_id: str = Field(primary_key=True, index=True)
    attribute: str = Field(primary_key=True)


class CorrectionStep(SQLModel, table=True):
    """One act on a proposal. Append-only."""

    __tablename__ = "correction_step"

    correction: str = Field(primary_key=True)
    n: int = Field(primary_key=True, sa_type=sa.Integer)  # from 1
    act: str  # propose, verify, endorse, approve, send-back, withdraw; revoke: another proposal took it back
    role: str
    actor: str = Field(index=True)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    note: bytes | None = None  # the reason given, sealed with the proposal's key


class CorrectionEvidence(SQLModel, table=True):
    """A file that supports a proposal. Its content lies sealed in the home, its name with it."""

    __tablename__ = "correction_evidence"

    id: str = Field(primary_key=True)  # random, the file's name in the home
    correction: str = Field(index=True)
    media_type: str
    size: int  # bytes
    added: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class CorrectionPlace(SQLModel, table=True):
    """The entity in which a run found a correction's record; seen once the run is published."""

    __tablename__ = "correction_place"

    record_key: str = Field(primary_key=True)
    run_seq: int = Field(primary_key=True, sa_type=sa.Integer)
    entity_id: str = Field(index=True)


class CorrectionTurn(SQLModel, table=True):
    """What a run found: a source that a correction overruled has since said something else, or the same."""

    __tablename__ = "correction_turn"

    record_key: str = Field(primary_key=True)  # of the correction's record
    attribute: str = Field(primary_key=True)
    run_seq: int = Field(primary_key=True, sa_type=sa.Integer)
    correction: str = Field(index=True)
    entity_id: str
    turn: str  # overtaken, questioned, confirmed
    source: str
    on_day: str | None = None  # ISO date of the delivery that said so


class _Heard(SQLModel):
    """What a provider was told, of one attribute of a correction's record."""

    record_key: str = Field(primary_key=True)
    attribute: str = Field(primary_key=True)
    correction: str = Field(index=True)
    provider: str
    returned: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    actor: str


class CorrectionReturn(_Heard, table=True):
    """An attribute was told to the provider that owns it, in a return file."""

    __tablename__ = "correction_return"


class CorrectionRecall(_Heard, table=True):
    """That what the provider was told of an attribute was taken back was told to it, too."""

    __tablename__ = "correction_recall"
