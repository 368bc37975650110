"""Which runs there are, and which one readers see."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.tables import Run

#: The kind of a small run: a decision applied at once (mdm/touched).
DECISION = "decision"
RUNNING, PUBLISHED, ABANDONED = "running", "published", "abandoned"


def published_seq(session: Session) -> int:
    """The sequence number that readers see up to; 0 before the first publishing."""
    return session.exec(select(func.max(Run.seq)).where(Run.status == PUBLISHED)).one() or 0


def of_published(run_seq: Any) -> sa.ColumnElement[bool]:
    """Whether the run of a row was published: what given up runs wrote of merges and splits stays, for it may only
    grow, and never happened."""
    return col(run_seq).in_(select(Run.seq).where(Run.status == PUBLISHED))


def published_run(session: Session) -> Run | None:
    """The run that readers see."""
    query = select(Run).where(Run.status == PUBLISHED).order_by(col(Run.seq).desc())
    return session.exec(query.limit(1)).first()


def whole_run(session: Session) -> Run | None:
    """The newest published run over all records: its kept tables are in the lake."""
    query = select(Run).where(Run.status == PUBLISHED, Run.kind != DECISION)
    return session.exec(query.order_by(col(Run.seq).desc()).limit(1)).first()


def whole_seq(session: Session) -> int:
    """The number of the newest published run over all records; 0 before the first."""
    run = whole_run(session)
    return run.seq if run is not None else 0


def kept_by(run: Run) -> str:
    """The id of the run under which the lake keeps what a run stands on."""
    return run.base or run.id


def start_run(
    session: Session,
    kind: str,
    fingerprint: str,
    rules: str | None = None,
    model: str | None = None,
    *,
    base: str | None = None,
    judged: int | None = None,
    started: datetime | None = None,
) -> Run:
    """A new running run, next in order. `judged`: the number of the last judgement that it will know; `started`: of
    which moment the facts are that it works on, if not of now."""
    connection = session.connection()
    dialect_of(connection).exclusive(connection, "run")
    last = session.exec(select(func.max(Run.seq))).one() or 0
    run = Run(
        id=secrets.token_hex(16),
        seq=last + 1,
        kind=kind,
        fingerprint=fingerprint,
        status=RUNNING,
        rules=rules,
        model=model,
        base=base,
        judged=judged,
        started=started or now(),
    )
    session.add(run)
    session.flush()
    return run


def abandon_run(session: Session, run: Run) -> None:
    """Give a run up: nothing it staged will ever be seen."""
    held = session.get_one(Run, run.id)
    held.status, held.finished = ABANDONED, now()


def unfinished_runs(session: Session) -> list[Run]:
    """Runs that say running. Under the work lock their processes are dead."""
    query = select(Run).where(Run.status == RUNNING).order_by(col(Run.seq))
    return list(session.exec(query).all())
