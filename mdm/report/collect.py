"""From a home to the facts of its page: counts only, straight from the hub and the lake."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlmodel import select

from matching.engine import Engine
from matching.evaluation import Evaluation
from matching.model import Model
from matching.rules import KINDS, Kind, load_linkage
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

LARGEST = 12  # cluster sizes from here on are counted together


def collect(
    hub: Hub,
    engine: Engine,
    *,
    quality: Mapping[Kind, Evaluation] | None = None,
    synthetic: bool = False,
    example: Example | None = None,
) -> Facts:
    """All that the page of the published run says. `engine` is used for counting."""
    run = the_published_run(hub)
    models = models_of(hub, run)
    return Facts(
        made=datetime.now(UTC),
        run=f"{run.seq} ({run.id[:8]})",
        model=models["person"].name if "person" in models else "–",
        synthetic=synthetic,
        stages=tuple(_stages(hub, engine, run)),
        findings=tuple(_findings(hub, engine)),
        weights=tuple(w for kind in KINDS if kind in models for w in _weights(models[kind])),
        seconds=tuple(_seconds(run)),
        sizes=tuple(_sizes(hub, engine, run)),
        quality=dict(quality or {}),
        example=example,
    )


def models_of(hub: Hub, run: Run) -> dict[str, Model]:
    """The models that a run used, by kind."""
    names: dict[str, str] = json.loads(run.model or "{}")
    folder = hub.settings.home / "models"
    return {
        kind: Model.from_json((folder / f"{name}.json").read_text("utf-8"))
        for kind, name in names.items()
        if (folder / f"{name}.json").exists()
    }


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


def _stages(hub: Hub, engine: Engine, run: Run) -> list[StageCount]:
    landed = _landed(hub)
    golden = look(hub).published
    counts: list[StageCount] = []
    for kind in KINDS:
        linked: dict[str, int] = run.counts.get(f"link {kind}", {})
        judged = _judged(hub, engine, run, kind)
        rows = {
            **landed[kind],
            "pairs compared": linked.get("pairs"),
            "pairs linked": judged.get("link", 0),
            "pairs to review": judged.get("review", 0),
            "golden profiles": golden.get(kind, 0),
        }
        counts += [StageCount(kind, stage, n) for stage, n in rows.items() if n is not None]
    return counts


def _landed(hub: Hub) -> dict[str, dict[str, int]]:
    """Rows landed, accepted and quarantined per kind of the layouts they came in."""
    contracts = load_contracts(hub.settings.home / "contracts")
    found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    with hub.sessions.read() as session:
        for batch in session.exec(select(Batch)).all():
            kind = contract_for(contracts, batch.source).layout(batch.layout).kind
            found[kind]["landed"] += batch.landed
            found[kind]["accepted"] += batch.accepted or 0
            found[kind]["quarantined"] += batch.quarantined or 0
    steps = ("landed", "accepted", "quarantined")
    return {kind: {step: counter[step] for step in steps} for kind, counter in found.items()}


def _judged(hub: Hub, engine: Engine, run: Run, kind: Kind) -> dict[str, int]:
    reader = hub.lake.reader(f"run/{kind}_judged", owner=run.id, columns=["judgement"])
    return _counted(engine, reader, "judgement")


def _findings(hub: Hub, engine: Engine) -> list[RuleCount]:
    reader = hub.lake.reader("findings", columns=["rule", "severity"])
    if reader is None:
        return []
    engine.register("report_rows", reader)
    sql = "SELECT rule, severity, count(*) AS n FROM report_rows GROUP BY ALL ORDER BY n DESC, rule"
    rows = engine.fetch(sql).to_pylist()
    engine.drop("report_rows")
    return [RuleCount(r["rule"].replace("_", " "), r["severity"], r["n"]) for r in rows]


def _counted(engine: Engine, reader: pa.RecordBatchReader | None, column: str) -> dict[str, int]:
    """How often each value of a column occurs."""
    if reader is None:
        return {}
    engine.register("report_rows", reader)
    rows = engine.fetch(f"SELECT {column} AS v, count(*) AS n FROM report_rows GROUP BY ALL")
    engine.drop("report_rows")
    return {row["v"]: row["n"] for row in rows.to_pylist()}


def _sizes(hub: Hub, engine: Engine, run: Run) -> list[ClusterSize]:
    sizes: list[ClusterSize] = []
    for kind in KINDS:
        reader = hub.lake.reader(f"run/{kind}_links", owner=run.id, columns=["entity_id"])
        if reader is None:
            continue
        engine.register("report_rows", reader)
        sql = f"""
            SELECT least(records, {LARGEST}) AS size, count(*) AS clusters
            FROM (SELECT count(*) AS records FROM report_rows GROUP BY entity_id)
            GROUP BY size ORDER BY size
            """
        rows = engine.fetch(sql).to_pylist()
        engine.drop("report_rows")
        sizes += [ClusterSize(kind, row["size"], row["clusters"]) for row in rows]
    return sizes


def _weights(model: Model) -> list[LevelWeight]:
    """The model's levels in the order of the rule document."""
    order = [one.name for one in load_linkage(_kind(model.kind)).comparisons]
    levels = sorted(
        model.levels, key=lambda w: order.index(w.comparison) if w.comparison in order else 99
    )
    return [LevelWeight(model.kind, w.comparison, w.level, round(w.bits, 2)) for w in levels]


def _kind(name: str) -> Any:
    return name


def _seconds(run: Run) -> list[Seconds]:
    """Whole stages only: the steps inside them are named `stage: step`."""
    return [Seconds(name, float(s)) for name, s in run.seconds.items() if ": " not in name]
