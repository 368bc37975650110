"""Drawing: the figures of a run as charts, Altair's, in the words of a language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import altair as alt
from sqlmodel import Session, select

from api.web.operations.linkage import MatchLine, matches
from api.web.operations.named import kind_name, rule_sentence, source_name, stage_name
from api.web.operations.quality import groups
from api.web.operations.runs import seconds_by_stage
from api.web.operations.thresholds import JUDGEMENTS
from api.web.wording import Wording
from matching.rules import KINDS, Kind, load_linkage
from mdm import figures
from mdm.hub.tables import Run
from mdm.report.charts import (
    AMBER,
    BLUE,
    GREEN,
    GRID,
    INK,
    RED,
    SOFT,
    side_by_side,
    size_panel,
    svg,
)

Rows = list[dict[str, Any]]
Drawer = Callable[[Session, int, str, Wording], str | None]

WIDTH, LABELS = 620, 230  # pixels: of the plot, of the names side_by_side it
RULES_SHOWN = 14
ROUND_THRESHOLD = 15  # bits: heavier pairs are so many that nothing else would be seen
OF_JUDGEMENT = {"link": BLUE, "review": AMBER, "non-link": RED}
OF_SOURCE = (BLUE, GREEN, AMBER, RED, INK)


def _counts(ticks: int) -> alt.Axis:
    """An axis of counts."""
    return alt.Axis(tickCount=ticks, format=",d")


def _data(rows: Rows) -> Any:
    make: Any = alt.Data  # Altair leaves it without types
    return make(values=rows)


def _bars(rows: Rows, colour: Any) -> Any:
    """Bars with their numbers at the end; rows have `name`, `n` and `text`."""
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y(
            "name:N",
            sort=[row["name"] for row in rows],
            title=None,
            axis=alt.Axis(labelLimit=LABELS + 60, minExtent=LABELS, grid=False),
        ),
        x=alt.X("n:Q", axis=None),
    )
    text = base.mark_text(align="left", dx=6).encode(text="text:N")
    return (base.mark_bar(height=15, cornerRadiusEnd=3).encode(color=colour) + text).properties(
        width=WIDTH, height=alt.Step(24)
    )


def stages(session: Session, seq: int, _kind: str, words: Wording) -> str | None:
    """Seconds of every stage."""
    run = session.exec(select(Run).where(Run.seq == seq)).one()
    rows = [
        {"name": stage_name(words, name), "n": of, "text": words.duration(of)}
        for name, of in seconds_by_stage(run).items()
    ]
    return (
        svg(_bars(rows, alt.value(BLUE)), words.t("operations.chart.stages"), words.language)
        if rows
        else None
    )


def findings(session: Session, seq: int, _kind: str, words: Wording) -> str | None:
    """The rules that spoke most."""
    counted: dict[tuple[str, str], int] = {}
    for one in figures.read(session, seq, "finding"):
        key = (one.part, one.detail)
        counted[key] = counted.get(key, 0) + one.count
    most = sorted(counted.items(), key=lambda item: -item[1])[:RULES_SHOWN]
    rows = [
        {
            "name": rule_sentence(words, rule),
            "n": n,
            "text": words.number(n),
            "severity": words.t(f"operations.severity.{severity}"),
        }
        for (rule, severity), n in most
    ]
    scale = alt.Scale(
        domain=[words.t(f"operations.severity.{one}") for one in ("warning", "quarantine")],
        range=[AMBER, RED],
    )
    colour = alt.Color("severity:N", scale=scale, legend=alt.Legend(orient="top", title=None))
    return (
        svg(_bars(rows, colour), words.t("operations.chart.findings"), words.language)
        if rows
        else None
    )


def freshness(session: Session, seq: int, _kind: str, words: Wording) -> str | None:
    """Records by the quarter in which they last changed, one panel a source."""
    counted: dict[tuple[str, str], int] = {}
    for one in figures.read(session, seq, "freshness"):
        if one.part:
            key = (source_name(words, one.kind), one.part)
            counted[key] = counted.get(key, 0) + one.count
    if not counted:
        return None
    year = max(part for _, part in counted)[:4]
    first = f"{int(year) - 7}Q1"
    rows: Rows = [
        {"source": s, "quarter": q, "n": n} for (s, q), n in counted.items() if q >= first
    ]
    quarters = sorted({row["quarter"] for row in rows})
    base = alt.Chart(_data(rows)).encode(
        x=alt.X(
            "quarter:O",
            sort=quarters,
            title=None,
            axis=alt.Axis(
                labelExpr="substring(datum.label,4)=='Q1'?substring(datum.label,0,4):''",
                labelAngle=0,
            ),
        ),
        y=alt.Y("n:Q", title=None, axis=_counts(3)),
    )
    drawn = base.mark_bar(color=BLUE).properties(width=WIDTH + 150, height=70)
    faceted = drawn.facet(row=alt.Row("source:N", title=None), spacing=8)
    return svg(
        faceted.resolve_scale(y="independent"),
        words.t("operations.chart.freshness"),
        words.language,
    )


def matched(session: Session, seq: int, _kind: str, words: Wording) -> str | None:
    """The share of each source's persons that the civil registry knows, run by run."""
    rows: Rows = []
    for number, _, found in figures.over_time(session, "match", "person"):
        lines: list[MatchLine] = matches(words, found) if number <= seq else []
        rows += [{"run": number, "source": line.source, "share": line.registry} for line in lines]
    if not rows:
        return None
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("run:O", title=words.t("operations.run"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "share:Q",
            title=None,
            axis=alt.Axis(format="%", tickCount=4),
            scale=alt.Scale(zero=False, domainMax=1.0, nice=True),
        ),
        color=alt.Color(
            "source:N",
            scale=alt.Scale(range=list(OF_SOURCE)),
            legend=alt.Legend(title=None, orient="top"),
        ),
    )
    drawn = base.mark_line() + base.mark_point(filled=True, size=60, opacity=1)
    return svg(
        drawn.properties(width=WIDTH, height=180),
        words.t("operations.chart.matches"),
        words.language,
    )


def sizes(session: Session, seq: int, _kind: str, words: Wording) -> str | None:
    """Clusters by how many source records they hold, one panel a kind."""
    found = figures.read(session, seq, "cluster_size")
    panels = []
    for kind in KINDS:
        own = {int(one.part): one.count for one in found if one.kind == kind}
        if own:
            heading, counted = kind_name(words, kind), words.t("operations.records-each")
            panels.append(size_panel(own, heading, BLUE, counted, (WIDTH + LABELS) // 4))
    return (
        svg(side_by_side(panels), words.t("operations.chart.sizes"), words.language)
        if panels
        else None
    )


def weights(session: Session, seq: int, kind: str, words: Wording) -> str | None:
    """Pairs by match weight and judgement, with the threshold in force."""
    found = figures.read(session, seq, "weight", kind)
    if kind not in KINDS or not found:
        return None
    known: Kind = next(one for one in KINDS if one == kind)
    named = {one: words.t(f"operations.judgement.{one}") for one in JUDGEMENTS}
    rows = [
        {
            "weight": float(one.part),
            "end": float(one.part) + 0.5,
            "n": one.count,
            "judgement": named[one.detail.partition("/")[0]],
        }
        for one in found
        if float(one.part) < ROUND_THRESHOLD
    ]
    colour = alt.Color(
        "judgement:N",
        scale=alt.Scale(domain=list(named.values()), range=[OF_JUDGEMENT[o] for o in named]),
        legend=alt.Legend(title=None, orient="top"),
    )
    bars = (
        alt.Chart(_data(rows))
        .mark_bar()
        .encode(
            x=alt.X("weight:Q", title=words.t("operations.bits"), bin="binned"),
            x2="end:Q",
            y=alt.Y("n:Q", title=words.t("operations.pairs"), axis=_counts(4)),
            color=colour,
        )
    )
    at = [{"at": load_linkage(known).thresholds.link}]
    line = alt.Chart(_data(at)).mark_rule(color=INK, strokeDash=[4, 3]).encode(x="at:Q")
    drawn = (bars + line).properties(width=WIDTH + 150, height=200)
    return svg(drawn, words.t("operations.chart.weights"), words.language)


def recall(session: Session, seq: int, kind: str, words: Wording) -> str | None:
    """Recall by group with its interval; the dashed line is that of all records."""
    found = {name: figures.read(session, seq, name, kind) for name in ("precision", "recall", "f1")}
    whole = next((one.value for one in found["recall"] if not one.part), None)
    rows: Rows = [
        {
            "column": line.column,
            "value": line.value,
            "share": line.shares["recall"].value,
            "low": line.shares["recall"].low,
            "high": line.shares["recall"].high,
            "whole": whole,
        }
        for line in groups(words, found)
    ]
    if whole is None or not rows:
        return None
    low = max(0.0, min(row["low"] or row["share"] for row in rows) - 0.005)
    scale = alt.Scale(domain=[low, 1.0], nice=False, clamp=True)
    axis = alt.Axis(format=".1%", tickCount=5, title=None, gridColor=GRID)
    panels = []
    for column in dict.fromkeys(row["column"] for row in rows):
        own = [row for row in rows if row["column"] == column]
        base = alt.Chart(_data(own)).encode(
            y=alt.Y(
                "value:N",
                sort=[row["value"] for row in own],
                title=None,
                axis=alt.Axis(labelLimit=LABELS, minExtent=LABELS, grid=False),
            )
        )
        span = base.mark_rule(strokeWidth=6, opacity=0.25, color=BLUE).encode(
            x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
        )
        point = base.mark_point(filled=True, size=60, color=BLUE, opacity=1).encode(
            x=alt.X("share:Q", scale=scale)
        )
        line = (
            alt.Chart(_data(own[:1]))
            .mark_rule(strokeDash=[4, 3], color=RED)
            .encode(x=alt.X("whole:Q", scale=scale))
        )
        title = alt.Title(column, anchor="start", fontSize=12, color=SOFT)
        panels.append(
            (line + span + point).properties(width=WIDTH, height=alt.Step(20), title=title)
        )
    return svg(alt.vconcat(*panels, spacing=12), words.t("operations.chart.recall"), words.language)


DRAWERS: Mapping[str, Drawer] = {
    "stages": stages,
    "findings": findings,
    "freshness": freshness,
    "matches": matched,
    "sizes": sizes,
    "weights": weights,
    "recall": recall,
}
