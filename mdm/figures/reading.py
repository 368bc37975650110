"""Reading the figures that runs kept: by key, a few hundred rows at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from matching.rules import KINDS
from mdm.hub.runs import PUBLISHED, published_seq
from mdm.hub.tables import Run, RunFigure

RUNS = 20  # of a figure over time


@dataclass(frozen=True)
class Figure:
    """One number: `value` with its 95 % interval, where it has one."""

    kind: str
    part: str
    detail: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def count(self) -> int:
        """The value of a figure that counts."""
        return round(self.value)


def newest(session: Session) -> int | None:
    """The newest published run that kept figures; None where none did."""
    query = (
        select(func.max(RunFigure.run_seq))
        .join(Run, col(Run.seq) == col(RunFigure.run_seq))
        .where(col(RunFigure.run_seq) <= published_seq(session), Run.status == PUBLISHED)
    )
    return session.exec(query).one()


def read(session: Session, seq: int, figure: str, kind: str | None = None) -> list[Figure]:
    """One figure of a run, by kind, part and detail."""
    query = select(RunFigure).where(RunFigure.run_seq == seq, RunFigure.figure == figure)
    if kind is not None:
        query = query.where(RunFigure.kind == kind)
    ordered = query.order_by(col(RunFigure.kind), col(RunFigure.part), col(RunFigure.detail))
    return [
        Figure(row.kind, row.part, row.detail, row.value, row.low, row.high)
        for row in session.exec(ordered).all()
    ]


def published(session: Session, seq: int) -> dict[str, int]:
    """Kind → golden profiles that a run published. There are more entities: an id whose last record is away is kept
    for its return, and has no profile."""
    counted: dict[str, int] = dict.fromkeys(KINDS, 0)
    for one in read(session, seq, "identity"):
        counted[one.kind] += one.count
    return counted


def over_time(session: Session, figure: str, kind: str) -> list[tuple[int, datetime, list[Figure]]]:
    """A figure of the newest published runs that kept it, the oldest first: (run, when, figures)."""
    kept = (
        select(RunFigure.run_seq)
        .where(RunFigure.figure == figure, RunFigure.kind == kind)
        .distinct()
    )
    found = session.exec(
        select(Run.seq, Run.finished)
        .where(col(Run.seq).in_(kept), Run.status == PUBLISHED)
        .order_by(col(Run.seq).desc())
        .limit(RUNS)
    ).all()
    return [
        (seq, finished, read(session, seq, figure, kind))
        for seq, finished in reversed(found)
        if finished is not None
    ]
