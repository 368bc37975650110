"""From a home to the facts of its page: counts only, as the run kept them (mdm/figures)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import Session, select

from matching.evaluation import Evaluation
from matching.model import Model
from matching.rules import KINDS, Kind, load_linkage
from mdm import figures
from mdm.compose import Hub
from mdm.contracts import contract_for, load_contracts
from mdm.export import the_published_run
from mdm.hub.tables import Batch, Run
from mdm.looks import look
from mdm.report import charts
from mdm.report.facts import (
    ClusterSize,
    Example,
    Facts,
    LevelWeight,
    RuleCount,
    Seconds,
    StageCount,
)
from mdm.tracing.moments import model_of


def collect(
    hub: Hub,
    *,
    quality: Mapping[Kind, Evaluation] | None = None,
    synthetic: bool = False,
    example: Example | None = None,
) -> Facts:
    """All that the page of the published run says."""
    run = the_published_run(hub)
    found = {kind: model_of(hub, run, kind) for kind in KINDS}
    models = {kind: model for kind, model in found.items() if model is not None}
    landed, golden = _landed(hub), look(hub).published
    with hub.sessions.read() as session:
        seq = figures.newest(session) or run.seq
        judged = {kind: _judged(session, seq, kind) for kind in KINDS}
        findings, sizes = _findings(session, seq), _sizes(session, seq)
    return Facts(
        made=datetime.now(UTC),
        run=f"{run.seq} ({run.id[:8]})",
        model=models["person"].name if "person" in models else "–",
        synthetic=synthetic,
        stages=tuple(
            StageCount(kind, stage, rows)
            for kind in KINDS
            for stage, rows in {
                **landed[kind],
                **_pairs(run, judged[kind], kind),
                "golden profiles": golden.get(kind, 0),
            }.items()
        ),
        findings=tuple(findings),
        weights=tuple(w for model in models.values() for w in _weights(model)),
        seconds=tuple(_seconds(run)),
        sizes=tuple(sizes),
        quality=dict(quality or {}),
        example=example,
    )


def draw_models(hub: Hub) -> list[Path]:
    """Write the chart of weights beside every model that has none yet; return the new charts."""
    drawn = []
    for path in sorted((hub.settings.home / "models").glob("*.json")):
        chart = path.with_suffix(".svg")
        if not chart.exists():
            model = Model.from_json(path.read_text("utf-8"))
            chart.write_text(charts.weights(_weights(model)), "utf-8")
            drawn.append(chart)
    return drawn


def _pairs(run: Run, judged: Mapping[str, int], kind: Kind) -> dict[str, int]:
    compared = run.counts.get(f"link {kind}", {}).get("pairs")
    return {
        **({} if compared is None else {"pairs compared": compared}),
        "pairs linked": judged.get("link", 0),
        "pairs to review": judged.get("review", 0),
    }


def _landed(hub: Hub) -> dict[str, dict[str, int]]:
    """Rows landed, accepted and quarantined per kind of the layouts they came in, of batches that a run has validated:
    what landed since is no part of the page."""
    contracts = load_contracts(hub.settings.home / "contracts")
    found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    with hub.sessions.read() as session:
        for batch in session.exec(select(Batch)).all():
            if batch.accepted is None:
                continue
            kind = contract_for(contracts, batch.source).layout(batch.layout).kind
            found[kind]["landed"] += batch.landed
            found[kind]["accepted"] += batch.accepted
            found[kind]["quarantined"] += batch.quarantined or 0
    steps = ("landed", "accepted", "quarantined")
    return {kind: {step: counter[step] for step in steps} for kind, counter in found.items()}


def _judged(session: Session, seq: int, kind: Kind) -> Counter[str]:
    """Pairs by judgement."""
    judged: Counter[str] = Counter()
    for one in figures.read(session, seq, "weight", kind):
        judged[one.detail.partition("/")[0]] += one.count
    return judged


def _findings(session: Session, seq: int) -> list[RuleCount]:
    """How often the rules spoke, all sources together; the most frequent first."""
    found: Counter[tuple[str, str]] = Counter()
    for one in figures.read(session, seq, "finding"):
        found[one.part, one.detail] += one.count
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [RuleCount(rule.replace("_", " "), severity, n) for (rule, severity), n in ranked]


def _sizes(session: Session, seq: int) -> list[ClusterSize]:
    return [
        ClusterSize(kind, int(one.part), one.count)
        for kind in KINDS
        for one in sorted(
            figures.read(session, seq, "cluster_size", kind), key=lambda f: int(f.part)
        )
    ]


def _weights(model: Model) -> list[LevelWeight]:
    """The model's levels in the order of the rule document."""
    order = [one.name for one in load_linkage(model.kind).comparisons]
    levels = sorted(
        model.levels, key=lambda w: order.index(w.comparison) if w.comparison in order else 99
    )
    return [LevelWeight(model.kind, w.comparison, w.level, round(w.bits, 2)) for w in levels]


def _seconds(run: Run) -> list[Seconds]:
    """Whole stages only: the steps inside them are named `stage: step`."""
    return [Seconds(name, float(s)) for name, s in run.seconds.items() if ": " not in name]
