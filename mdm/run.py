"""One run along the path: its facts, its stages, what is kept, and how a killed one is taken up again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, func, select

from matching.engine import Engine
from mdm import audit, rulebook
from mdm.audit import changes, vouched
from mdm.compose import Hub
from mdm.fitting import require_room
from mdm.hub.columns import now
from mdm.hub.runs import abandon_run, published_run, published_seq, start_run, unfinished_runs
from mdm.hub.tables import Batch, Correction, Judgement, LinkageModel, Run, RunStage
from mdm.lake import kept
from mdm.rights import shredlist
from mdm.work.beside import Beside
from mdm.work.progress import Progress

_CORRECTED = select(Correction.id).where(Correction.state == "approved")
RUN, TRAINING = "run", "train"  # kinds of runs along the path
_BY_KIND = ("person", "family", "household", "records", "sealed")


@dataclass(frozen=True)
class Facts:
    """The recorded facts that a run works on, as they stood when it began. What comes while it works is the next one's,
    which must find that something is new."""

    at: datetime
    rules: str
    software: str
    publishes: bool
    batches: list[str]
    judgements: list[str]
    judged: int  # number of the last judgement; 0 before there is any, for a run knows none of those to come
    erased: int
    corrections: list[str]  # approved

    @classmethod
    def of(cls, hub: Hub, rules: str, *, publishes: bool) -> Facts:
        """All there are now."""
        with hub.sessions.read() as session:
            return cls(
                now(),
                rules,
                rulebook.software(),
                publishes,
                batches=sorted(session.exec(select(Batch.id)).all()),
                judgements=sorted(session.exec(select(Judgement.id)).all()),
                judged=session.exec(select(func.max(Judgement.seq))).one() or 0,
                erased=shredlist.count(session),
                corrections=sorted(session.exec(_CORRECTED).all()),
            )

    def digest(self, session: Session, *, train: bool) -> str:
        """A digest of these and of the models now current. Order does not matter."""
        facts: dict[str, object] = {
            "batches": self.batches,
            "judgements": self.judgements,
            "rules": self.rules,
            "software": self.software,
            "publishes": self.publishes,
        }
        facts |= {"erased": self.erased} if self.erased else {}
        facts |= {"corrections": self.corrections} if self.corrections else {}
        current = select(LinkageModel.name).where(col(LinkageModel.current))
        models = sorted(session.exec(current).all())
        facts |= {"models": "learned in this run"} if train else {"models": models}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass
class Work:
    """What a stage works with. `beside` writes what a stage made while the next one works already."""

    hub: Hub
    engine: Engine
    beside: Beside
    progress: Progress
    run: Run
    facts: Facts
    train: bool
    models: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def seq(self) -> int:
        """The run's place in the order of runs."""
        return self.run.seq

    def learned(self, session: Session) -> None:
        """A model was learned, and is current with this unit of work: killed from now on, the run is taken up by one
        that finds that model."""
        if not self.train:
            held = session.get_one(Run, self.run.id)
            held.fingerprint = self.facts.digest(session, train=False)

    def timed(self, name: str) -> Callable[[str], None]:
        """A function to be told each step of stage `name` as it begins; it keeps the seconds of each."""
        begun: list[tuple[str, float]] = []

        def step(what: str) -> None:
            now = time.perf_counter()
            if begun:
                last, since = begun.pop()
                self.seconds[f"{name}: {last}"] = round(now - since, 3)
            if what:
                begun.append((what, now))

        return step


@dataclass(frozen=True)
class Stage:
    """One step of the path.

    `keeps` names the engine tables that go to the lake when `work` is done: what a resumed run takes up again, and a
    trace reads years later. `writes` names what goes to the lake with them and is never taken up: what is looked up
    there one by one (mdm/lake/kept.py). `before` and `after` are done in any case, also when the kept tables are taken
    up. `share` is the stage's usual part of the whole time, for the time that remains.
    """

    name: str
    sentence: str
    work: Callable[[Work], dict[str, int]]
    keeps: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    before: Callable[[Work], None] | None = None
    after: Callable[[Work], None] | None = None
    share: int = 1


@dataclass(frozen=True)
class StageResult:
    """What one stage came to. `taken_up`: its result was kept from before the run was killed."""

    stage: str
    seconds: float
    counts: dict[str, int]
    taken_up: bool = False


@dataclass(frozen=True)
class RunResult:
    """What a run came to. `unchanged`: nothing had come since the published run, and nothing was done."""

    run: str
    seq: int
    stages: tuple[StageResult, ...]
    models: dict[str, str]
    seconds: dict[str, float]
    unchanged: bool = False


def carry_out(
    hub: Hub, path: Sequence[Stage], progress: Progress, *, train: bool, publishes: bool = True
) -> RunResult:
    """Do the stages of `path` in order under the work lock."""
    with hub.lock("run"):
        hub.lake.sweep()
        rules = rulebook.record(hub)
        facts = Facts.of(hub, rules, publishes=publishes)
        with hub.sessions.read() as session:
            fingerprint = facts.digest(session, train=train)
        standing = _standing(hub, fingerprint)
        if standing is not None:
            return RunResult(standing.id, standing.seq, (), {}, {}, unchanged=True)
        engine = hub.engine()
        try:
            require_room(hub, engine)
            run = _begin(hub, facts, fingerprint)
            with Beside(engine, at_once=1) as beside:
                work = Work(hub, engine, beside, progress, run, facts, train)
                try:
                    results = _walk(work, path)
                except Exception:
                    beside.wait()  # what a stage made is kept also when the next one fails
                    raise
                beside.wait()
            _finish(work, results)
        finally:
            engine.close()
        return RunResult(run.id, run.seq, results, work.models, work.seconds)


def _walk(work: Work, path: Sequence[Stage]) -> tuple[StageResult, ...]:
    results = []
    with work.progress.task("path", total=sum(stage.share for stage in path)) as advance:
        for stage in path:
            results.append(_do(work, stage))
            advance(stage.share)
    return tuple(results)


def _do(work: Work, stage: Stage) -> StageResult:
    begun = time.perf_counter()
    with work.progress.task(stage.name):
        if stage.before:
            stage.before(work)
        held = _take_up(work, stage)
        counts = stage.work(work) if held is None else {}
        if stage.after:
            stage.after(work)
        work.beside.wait()  # what the stage before kept: stages are done in their order
        # A stage taken up tells the seconds that its work took, not those of loading it.
        took = round(time.perf_counter() - begun, 3)
        seconds = took if held is None or held.seconds is None else held.seconds
        if held is None:
            work.beside.later(lambda engine: _keep(work, engine, stage, counts, seconds))
    work.seconds[stage.name] = seconds
    return StageResult(stage.name, seconds, counts, taken_up=held is not None)


def _take_up(work: Work, stage: Stage) -> RunStage | None:
    """Load what a killed run kept of this stage; None when there is nothing to take up."""
    if not stage.keeps:
        return None
    with work.hub.sessions.read() as session:
        done = session.get(RunStage, (work.run.id, stage.name))
    if done is None or done.status != "done":
        return None
    for name in stage.keeps:
        reader = work.hub.lake.reader(f"run/{name}", owner=work.run.id)
        if reader is None:
            return None
        work.engine.register(name, reader)
    return done


def _keep(work: Work, engine: Engine, stage: Stage, counts: dict[str, int], seconds: float) -> None:
    """Write the stage's tables to the lake and say that it is done, in one unit of work. The stages
    after it read these tables, and change none."""
    files = [
        work.hub.lake.write(
            f"run/{name}",
            kept.stream(engine, name),
            owner=work.run.id,
            order=kept.ORDER.get(name, ()),
        )
        for name in (*stage.keeps, *stage.writes)
    ]
    with work.hub.sessions.begin() as session:
        work.hub.lake.adopt(session, files)
        session.merge(
            RunStage(
                run=work.run.id,
                stage=stage.name,
                status="done",
                seconds=seconds,
                rows=_rows(counts),
            )
        )


def _rows(counts: dict[str, int]) -> int | None:
    """How many records a stage worked on, where it says so by that name or by kind."""
    named = next((counts[name] for name in ("landed", "records") if name in counts), None)
    by_kind = [number for name, number in counts.items() if name.split(" ")[-1] in _BY_KIND]
    return named if named is not None else sum(by_kind) if by_kind else None


def _standing(hub: Hub, fingerprint: str) -> Run | None:
    """The published run, if it was made from the very same facts."""
    with hub.sessions.read() as session:
        run = published_run(session)
    return run if run is not None and run.fingerprint == fingerprint else None


def _begin(hub: Hub, facts: Facts, fingerprint: str) -> Run:
    """Take up the killed run that worked on the same facts, or start a new one and give up all others: those too that a
    decision was published after, for runs are seen in their order."""
    kind = RUN if facts.publishes else TRAINING
    with hub.sessions.begin() as session:
        resumed, seen = None, published_seq(session)
        for run in unfinished_runs(session):
            if run.fingerprint == fingerprint and run.kind == kind and run.seq > seen:
                resumed = run
            else:
                abandon_run(session, run)
                hub.lake.forget(session, owner=run.id)
        return resumed or start_run(
            session, kind, fingerprint, facts.rules, judged=facts.judged, started=facts.at
        )


def _finish(work: Work, results: tuple[StageResult, ...]) -> None:
    """Keep what the run came to. Its fingerprint becomes that of its facts with the models it ended with: a run that
    learned models and a later one that uses them work on the same facts."""
    with work.hub.sessions.begin() as session:
        held = session.get_one(Run, work.run.id)
        if work.facts.publishes:
            changes.note(session, vouched.RUN, held.id)
        held.fingerprint = work.facts.digest(session, train=False)
        held.seconds = dict(work.seconds)
        held.counts = {result.stage: result.counts for result in results}
        held.model = json.dumps(work.models, sort_keys=True)
        if not work.facts.publishes:
            abandon_run(session, held)
            work.hub.lake.forget(session, owner=held.id)
            return
        told = vouched.standing(session, (vouched.STAGES, held.id), (vouched.FILES, held.id))
        audit.record(session, "system", "finish", run=held.id, run_seq=held.seq, holds=told)
