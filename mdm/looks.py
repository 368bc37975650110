"""What there is to see of a home with nothing unsealed: batches, runs, stages, counts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from mdm.compose import Hub
from mdm.eligibility.doubts import advice
from mdm.errors import UnknownError, UsageError
from mdm.hub.runs import ABANDONED, RUNNING
from mdm.hub.tables import Batch, Run, RunStage
from reference.text import quote

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class BatchLine:
    """One delivered file and what became of its rows."""

    batch: str
    source: str
    layout: str
    file: str
    landed: int
    accepted: int | None
    quarantined: int | None
    delivered_on: date | None
    declared: int | None


@dataclass(frozen=True)
class RunLine:
    """One run, newest first."""

    run: str
    seq: int
    status: str
    started: datetime
    seconds: float
    model: str | None


@dataclass(frozen=True)
class StageLine:
    """One stage of the newest run."""

    stage: str
    status: str
    rows: int | None
    seconds: float | None


@dataclass(frozen=True)
class Status:
    """The home at one moment. `published`: golden profiles per kind of the last whole run; `notes`: what its own
    documents do without."""

    batches: tuple[BatchLine, ...]
    runs: tuple[RunLine, ...]
    stages: tuple[StageLine, ...]
    published: dict[str, int]
    notes: tuple[str, ...]


def look(hub: Hub, runs: int = 5) -> Status:
    """Everything in one reading unit of work, so that the parts belong together."""
    with hub.sessions.read() as session:
        newest = session.exec(select(Run).order_by(col(Run.seq).desc()).limit(runs)).all()
        return Status(
            batches=_batches(session),
            runs=tuple(_run(run, status_of(hub, run)) for run in newest),
            stages=_stages(session, newest[0].id) if newest else (),
            published=_published(session),
            notes=tuple(advice(hub.settings.home)),
        )


def status_of(hub: Hub, run: Run) -> str:
    """A run's status. One that says running while nobody works here was interrupted: the next takes it up."""
    return INTERRUPTED if run.status == RUNNING and not hub.at_work() else run.status


def require_landed(hub: Hub) -> None:
    """UsageError where there is nothing to work on."""
    with hub.sessions.read() as session:
        if session.exec(select(Batch.id).limit(1)).first() is None:
            raise UsageError("Nothing has landed yet.", "First: dtsen land SOURCE FILE…")


def _batches(session: Session) -> tuple[BatchLine, ...]:
    found = session.exec(select(Batch).order_by(col(Batch.created), col(Batch.id))).all()
    return tuple(
        BatchLine(
            batch=b.id,
            source=b.source,
            layout=b.layout,
            file=b.file,
            landed=b.landed,
            accepted=b.accepted,
            quarantined=b.quarantined,
            delivered_on=b.delivered_on,
            declared=b.declared_rows,
        )
        for b in found
    )


def _run(run: Run, status: str) -> RunLine:
    # A stage's own steps ("link person: block") are inside the stage's seconds already.
    seconds = round(sum(float(v) for name, v in run.seconds.items() if ":" not in name), 1)
    models = ", ".join(json.loads(run.model).values()) if run.model else None
    # A run that only learned publishes nothing and gives up what it staged: it has done its work all the same.
    trained = run.kind == "train" and run.status == ABANDONED and models is not None
    return RunLine(run.id, run.seq, "trained" if trained else status, run.started, seconds, models)


def _stages(session: Session, run: str) -> tuple[StageLine, ...]:
    from mdm.pipeline import PATH  # noqa: PLC0415 - loads the whole hub

    order = [stage.name for stage in PATH]
    found = session.exec(select(RunStage).where(RunStage.run == run)).all()
    found = sorted(
        found, key=lambda s: (s.stage not in order, order.index(s.stage) if s.stage in order else 0)
    )
    return tuple(StageLine(s.stage, s.status, s.rows, s.seconds) for s in found)


def _published(session: Session) -> dict[str, int]:
    from mdm import figures  # noqa: PLC0415 - loads the whole hub

    seq = figures.newest(session)
    return figures.published(session, seq) if seq is not None else {}


def unchecked(hub: Hub, source: str | None = None, batch: str | None = None) -> int:
    """Batches that no run has validated yet: no finding about them is no praise."""
    with hub.sessions.read() as session:
        asked = select(func.count()).select_from(Batch).where(*_of(source, batch))
        return int(session.exec(asked.where(col(Batch.accepted).is_(None))).one())


def _of(source: str | None, batch: str | None) -> list[ColumnElement[bool]]:
    """Which batches are meant: all, or those of a source or of one name."""
    named = ((Batch.source, source), (Batch.id, batch))
    return [col(column) == value for column, value in named if value]


@dataclass(frozen=True)
class FindingCount:
    """How often one rule spoke in one layout."""

    source: str
    layout: str
    rule: str
    severity: str
    findings: int


def count_findings(
    hub: Hub, source: str | None = None, batch: str | None = None
) -> tuple[FindingCount, ...]:
    """Findings that stand, by rule, the most frequent first. Findings are made when a run validates. UnknownError for
    a source or a batch of which nothing has landed.
    """
    from mdm.validation.standing import hold_standing  # noqa: PLC0415 - loads the whole hub

    with hub.sessions.read() as session:
        named = select(Batch.id).where(*_of(source, batch)).limit(1)
        if (source or batch) and session.exec(named).first() is None:
            raise UnknownError(
                "Nothing has landed under this source or batch.", "See them: dtsen status --json."
            )
    columns = ["source", "layout", "rule", "severity"]
    engine = hub.engine()
    try:
        if not hold_standing(hub, engine, "found"):
            return ()
        asked = {"source": source, "batch": batch}
        only = [f"{name} = {quote(value)}" for name, value in asked.items() if value]
        rows = engine.fetch(
            f"SELECT {', '.join(columns)}, count(*) AS findings FROM found "
            f"WHERE {' AND '.join(only) or 'TRUE'} GROUP BY ALL "
            f"ORDER BY findings DESC, {', '.join(columns)}"
        ).to_pylist()
    finally:
        engine.close()
    return tuple(FindingCount(**row) for row in rows)
