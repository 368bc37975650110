"""Runs: the published one, the one under way, those before, and where their time went."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get
from litestar.di import NamedDependency
from sqlmodel import Session, col, func, select

from api.actions import declares
from api.web.operations.named import chart_address, count_name, stage_name
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.wording import IN, Wording
from mdm import figures
from mdm.compose import Hub
from mdm.hub.runs import PUBLISHED, RUNNING
from mdm.hub.tables import Run, RunStage
from mdm.looks import INTERRUPTED, status_of
from mdm.pipeline import PATH

SHOWN = 15
RUN, TRAIN = "run", "train"
WHOLE = (RUN, TRAIN)  # kinds of runs over all records


@dataclass(frozen=True)
class RunLine:
    """One run. `records`: source records it worked on."""

    seq: int
    status: str
    started: datetime
    seconds: float
    records: int | None
    models: str


@dataclass(frozen=True)
class StageLine:
    """One stage of the newest finished run, with the part it has of the whole time."""

    name: str
    seconds: float
    share: float
    counts: str


@dataclass(frozen=True)
class Under:
    """A run under way: how many of its kept stages are done. `interrupted`: nobody goes on with it."""

    seq: int
    interrupted: bool
    started: datetime
    done: int
    of: int


@dataclass(frozen=True)
class RunsPage:
    """The page. `entities`: kind → how many the published run has; `decisions`: those of people that
    were applied at once since."""

    published: RunLine | None
    entities: dict[str, int]
    under: Under | None
    decisions: int
    runs: list[RunLine]
    stages: list[StageLine]
    chart: str | None


@declares("operations.read")
@get("/operasi", sync_to_thread=True)
def runs(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """How runs went."""
    words = IN[visitor_of(request).language]
    with hub.sessions.read() as session:
        whole = select(Run).where(col(Run.kind).in_(WHOLE)).order_by(col(Run.seq).desc())
        newest = session.exec(whole.limit(SHOWN)).all()
        shown = session.exec(whole.where(Run.status == PUBLISHED, Run.kind == RUN).limit(1)).first()
        seq = figures.newest(session)
        context = RunsPage(
            published=_line(hub, shown) if shown else None,
            entities=figures.published(session, seq) if seq is not None else {},
            under=_under(hub, session, newest[0]) if _unfinished(newest) else None,
            decisions=_decisions(session, shown.seq) if shown else 0,
            runs=[_line(hub, run) for run in newest],
            stages=_stages(words, shown) if shown else [],
            chart=chart_address("stages", shown.seq, words.language) if shown else None,
        )
    return page(request, "operations/runs.html", context)


def seconds_by_stage(run: Run) -> dict[str, float]:
    """Seconds of every stage of the path; its own steps are inside them."""
    return {name: float(of) for name, of in run.seconds.items() if ":" not in name}


def _line(hub: Hub, run: Run) -> RunLine:
    counts = run.counts.get("validate", {})
    models = ", ".join(sorted(json.loads(run.model).values())) if run.model else ""
    taken = sum(seconds_by_stage(run).values())
    return RunLine(run.seq, status_of(hub, run), run.started, taken, counts.get("accepted"), models)


def _stages(words: Wording, run: Run) -> list[StageLine]:
    taken = seconds_by_stage(run)
    whole = sum(taken.values()) or 1.0
    return [
        StageLine(stage_name(words, name), of, of / whole, _counts(words, run.counts.get(name, {})))
        for name, of in taken.items()
    ]


def _counts(words: Wording, counts: dict[str, int]) -> str:
    return " · ".join(
        f"{count_name(words, name)} {words.number(of)}" for name, of in counts.items() if of
    )


def _unfinished(newest: Sequence[Run]) -> bool:
    return bool(newest) and newest[0].status == RUNNING


def _under(hub: Hub, session: Session, run: Run) -> Under:
    done = session.exec(select(RunStage.stage).where(RunStage.run == run.id)).all()
    kept = [stage.name for stage in PATH]
    return Under(
        run.seq,
        status_of(hub, run) == INTERRUPTED,
        run.started,
        len(set(done) & set(kept)),
        len(kept),
    )


def _decisions(session: Session, since: int) -> int:
    """Runs after that one that a human's word began, on the records it touched."""
    query = select(func.count()).where(
        Run.seq > since, col(Run.kind).not_in(WHOLE), Run.status == PUBLISHED
    )
    return session.exec(query).one()
