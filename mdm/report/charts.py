"""Charts as inline SVG: Altair describes them, vl-convert draws them; no network, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import altair as alt
import vl_convert

from mdm.figures.sql import LARGEST
from mdm.report.facts import ClusterSize, LevelWeight, RuleCount, Seconds, StageCount, Step
from mdm.report.words import word
from reference.sentences import Language

# Altair asks whether pandas is there, and takes one that another thread is loading for a whole one.
import_module("pandas")

INK, SOFT, GRID = "#1d2733", "#66727f", "#e6e9ed"
BLUE, GREEN, RED, AMBER = "#2463a6", "#2b8a5e", "#c0453b", "#c98a1b"
KINDS = {"person": BLUE, "family": GREEN, "household": AMBER}
WIDTH = 700
LONGEST_TAIL = 0.03
_LABEL_WIDTH = 240
_LONG = 60  # more, where labels are long

_LABELS = alt.Axis(labelLimit=300, minExtent=_LABEL_WIDTH, maxExtent=_LABEL_WIDTH, grid=False)
# What is longer than its room is cut where it begins. The reader's letters are wider than the drawing reckons.
_LONG_LABELS = alt.Axis(
    labelLimit=_LABEL_WIDTH,
    minExtent=_LABEL_WIDTH + _LONG,
    maxExtent=_LABEL_WIDTH + _LONG,
    grid=False,
)
#: The lines of a panel whose numbers stand below the last one: as many as are named there.
_LINES = 6
_BARE = alt.Axis(labels=False, title=None)
_BARE_SHARES = alt.Axis(labels=False, title=None, tickCount=_LINES)
#: How numbers are written: 1.234,5 in Indonesian, 1,234.5 in English.
_NUMBERS: dict[Language, dict[str, Any]] = {
    "id": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["Rp", ""]},
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["Rp", ""]},
}
_CONFIG: dict[str, Any] = {
    "background": None,
    "font": "Inter, Segoe UI, Helvetica, Arial, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": GRID,
        "labelColor": INK,
        "labelFontSize": 12,
        "labelPadding": 8,
        "titleColor": SOFT,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "header": {"labelColor": INK, "labelFontSize": 13, "labelFontWeight": "bold", "title": None},
    "legend": {"labelColor": INK, "titleColor": SOFT, "labelFontSize": 12, "title": None},
    "text": {"fontSize": 12, "color": INK},
}


def svg(chart: alt.TopLevelMixin, label: str, language: Language = "en") -> str:
    """The chart as an SVG element that scales with the page; `label` for who cannot see it. Its numbers
    have the form of the language."""
    # What the grammar's own schema says of a chart that never changes is no news, and takes half of the time.
    drawn = vl_convert.vegalite_to_svg(
        {**chart.to_dict(validate=False), "config": _CONFIG}, format_locale=_NUMBERS[language]
    )
    start = drawn.index("<svg") + len("<svg")
    head = f'<svg role="img" aria-label="{_attribute(label)}"'
    return head + drawn[start:]


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _rows(rows: Sequence[dict[str, Any]]) -> Any:
    make: Any = alt.Data  # Altair leaves it without types
    return make(values=list(rows))


def _horizontal(rows: list[dict[str, Any]], colour: Any, *, log: bool = False) -> Any:
    """Bars with their counts written at the end; `name` and `rows` in every row."""
    scale = alt.Scale(type="symlog", constant=100) if log else alt.Scale()
    base = alt.Chart(_rows(rows)).encode(
        y=alt.Y("name:N", sort=[row["name"] for row in rows], title=None, axis=_LABELS),
        x=alt.X("rows:Q", axis=None, scale=scale),
    )
    bars = base.mark_bar(height=16, cornerRadiusEnd=3).encode(color=colour)
    text = base.mark_text(align="left", dx=6).encode(text=alt.Text("rows:Q", format=","))
    return alt.layer(bars, text)


def stages(counts: Sequence[StageCount], language: Language = "en") -> str:
    """Rows after every step, one panel per kind, on one scale that keeps the small ones visible."""
    panels = []
    for kind, colour in KINDS.items():
        rows = [{"name": word(c.stage, language), "rows": c.rows} for c in counts if c.kind == kind]
        if rows:
            bars = _horizontal(rows, alt.value(colour), log=True)
            panels.append(_panel(bars, word(kind, language), step=24))
    return svg(_stack(panels), word("Rows after each step, by kind", language), language)


def findings(counts: Sequence[RuleCount], language: Language = "en") -> str:
    """Rows by rule, the quarantining rules in red."""
    ranked = sorted(counts, key=lambda c: -c.rows)[:20]
    rows = [
        {
            "name": word(c.rule, language),
            "rows": c.rows,
            "severity": word(c.severity, language),
        }
        for c in ranked
    ]
    severities = [word(one, language) for one in ("warning", "quarantine")]
    colour = alt.Color(
        "severity:N",
        scale=alt.Scale(domain=severities, range=[AMBER, RED]),
        legend=alt.Legend(orient="top"),
    )
    return svg(_small(_horizontal(rows, colour)), word("Findings by rule", language), language)


def weights(levels: Sequence[LevelWeight], language: Language = "en") -> str:
    """Bits for (right) and against (left) a link, for every level of every comparison."""
    bits = [w.bits for w in levels]
    room = 0.12 * (max(bits) - min(bits))  # for the figures at the ends of the longest bars
    scale = alt.Scale(domain=[min([*bits, 0]) - room, max(bits) + room], nice=False)
    panels = []
    for name in dict.fromkeys(w.comparison for w in levels):
        own = [
            {"name": word(w.level, language), "bits": w.bits}
            for w in levels
            if w.comparison == name
        ]
        last = name == levels[-1].comparison
        bits_named = word("bits: against ← 0 → for a link", language) if last else None
        panels.append(_weight_panel(own, scale, word(name, language), bits_named))
    named = word("Match weight of every degree of agreement", language)
    return svg(_stack(panels), named, language)


def _weight_panel(
    rows: list[dict[str, Any]], scale: alt.Scale, title: str, bits_named: str | None
) -> Any:
    axis = alt.Axis(title=bits_named, labels=True) if bits_named else _BARE
    base = alt.Chart(_rows(rows)).encode(
        y=alt.Y("name:N", sort=[row["name"] for row in rows], title=None, axis=_LABELS),
        x=alt.X("bits:Q", scale=scale, axis=axis),
    )
    sign = alt.condition("datum.bits >= 0", alt.value(BLUE), alt.value(RED))
    bars = base.mark_bar(height=12, cornerRadiusEnd=2).encode(color=sign)
    figure = base.encode(text=alt.Text("bits:Q", format="+.1f"))
    right = figure.mark_text(fontSize=11, color=SOFT, align="left", dx=5)
    left = figure.mark_text(fontSize=11, color=SOFT, align="right", dx=-5)
    layers = alt.layer(
        bars,
        right.transform_filter("datum.bits >= 0"),
        left.transform_filter("datum.bits < 0"),
    )
    return _panel(layers, title, step=18)


def quality(rows: Sequence[dict[str, Any]], whole: float, language: Language = "en") -> str:
    """Recall by group with its 95 % interval; the dashed line is that of all records.

    Rows: column, value, share, low, high. One panel per column, its groups from best to worst.
    """
    # A small group's long interval may run off the chart, its point never does.
    low = min([whole, *(max(row["low"], row["share"] - LONGEST_TAIL) for row in rows)])
    scale = alt.Scale(domain=[max(0.0, low - 0.05 * (1 - low)), 1.0], nice=False, clamp=True)
    columns = list(dict.fromkeys(row["column"] for row in rows))
    panels = []
    for column in columns:
        own = sorted((r for r in rows if r["column"] == column), key=lambda r: -r["share"])
        named = [
            {**r, "column": word(column, language), "value": word(r["value"], language)}
            for r in own
        ]
        measure = word("recall", language) if column == columns[-1] else ""
        panels.append(_quality_panel(named, whole, scale, measure))
    return svg(_stack(panels), word("recall by group, with 95 % intervals", language), language)


def _quality_panel(rows: list[dict[str, Any]], whole: float, scale: alt.Scale, title: str) -> Any:
    data = _rows([{**row, "whole": whole} for row in rows])
    axis = (
        alt.Axis(format=".1%", tickCount=_LINES, title=title, labelFlush=False)
        if title
        else _BARE_SHARES
    )
    base = alt.Chart(data).encode(
        y=alt.Y("value:N", sort=[row["value"] for row in rows], title=None, axis=_LABELS)
    )
    interval = base.mark_rule(strokeWidth=6, opacity=0.25, color=BLUE, strokeCap="round").encode(
        x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
    )
    point = base.mark_point(filled=True, size=70, color=BLUE, opacity=1).encode(
        x=alt.X("share:Q", scale=scale)
    )
    line = (
        alt.Chart(data)
        .mark_rule(strokeDash=[4, 3], color=RED, strokeWidth=1)
        .encode(x=alt.X("whole:Q", scale=scale, aggregate="mean"))
    )
    return _panel(alt.layer(line, interval, point), rows[0]["column"], step=20)


def _panel(layers: Any, title: str, step: int) -> Any:
    heading = alt.Title(
        title, anchor="start", frame="group", color=SOFT, fontSize=12, dx=-_LABEL_WIDTH
    )
    return layers.properties(title=heading, width=WIDTH, height=alt.Step(step))


def _small(layers: Any) -> Any:
    return layers.properties(width=WIDTH, height=alt.Step(24))


def _stack(panels: Sequence[Any]) -> Any:
    return alt.vconcat(*panels, spacing=10).resolve_scale(x="shared")


def waterfall(steps: Sequence[Step], language: Language = "en") -> str:
    """How the bits of one pair add up, from the prior to its match weight."""
    rows, level = [], 0.0
    for place, step in enumerate(steps):
        end = level + step.bits
        said = Step(word(step.comparison, language), word(step.finding, language), step.bits)
        rows.append(_fall(place, said, level, end))
        level = end
    total = Step(word("match weight", language), "", level)
    rows.append({**_fall(len(steps), total, 0.0, level), "sign": "total"})
    order = [row["name"] for row in rows]
    base = alt.Chart(_rows(rows)).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=_LONG_LABELS)
    )
    colour = alt.Color(
        "sign:N",
        scale=alt.Scale(domain=["for", "against", "total"], range=[BLUE, RED, INK]),
        legend=None,
    )
    axis = alt.Axis(title=word("match weight in bits", language), tickCount=8, labelFlush=False)
    bars = base.mark_bar(height=16, cornerRadius=2).encode(
        x=alt.X("start:Q", axis=axis), x2="end:Q", color=colour
    )
    text = base.mark_text(align="left", dx=6).encode(
        x="right:Q", text=alt.Text("bits:Q", format="+.1f")
    )
    drawn = (bars + text).properties(width=WIDTH - _LONG, height=alt.Step(26))
    told = "Waterfall: what each comparison adds to the match weight of one pair"
    return svg(drawn, word(told, language), language)


def _fall(place: int, step: Step, start: float, end: float) -> dict[str, Any]:
    name = f"{step.comparison}: {step.finding}" if step.finding else step.comparison
    sign = "for" if end >= start else "against"
    edges = {"start": start, "end": end, "right": max(start, end)}
    return {"place": place, "name": name, "bits": step.bits, "sign": sign, **edges}


def sizes(counts: Sequence[ClusterSize], language: Language = "en") -> str:
    """How many clusters hold one source record, two, three …"""
    panels = []
    for kind, colour in KINDS.items():
        own = {c.records: c.clusters for c in counts if c.kind == kind}
        if own:
            counted = word("source records", language)
            panels.append(size_panel(own, word(kind, language), colour, counted))
    return svg(side_by_side(panels), word("Clusters by size", language), language)


def size_panel(
    counts: Mapping[int, int], heading: str, colour: str, title: str, width: int = 250
) -> Any:
    """Clusters by how many source records they hold, as bars that lie: so no number stands in another's way.
    `title`: what stands beside the bars; `width` in pixels.
    """
    rows: list[dict[str, Any]] = [
        {"name": f"{records}+" if records == LARGEST else str(records), "rows": clusters}
        for records, clusters in sorted(counts.items())
    ]
    room = alt.Scale(domain=[0, 1.3 * max(counts.values())], nice=False)  # for the numbers
    base = alt.Chart(_rows(rows)).encode(
        y=alt.Y(
            "name:N",
            sort=[row["name"] for row in rows],
            title=None,
            axis=alt.Axis(grid=False, minExtent=34, maxExtent=34),
        ),
        x=alt.X("rows:Q", axis=None, scale=room),
    )
    bars = base.mark_bar(height=12, cornerRadiusEnd=2, color=colour)
    text = base.mark_text(align="left", dx=5, fontSize=11, color=SOFT).encode(
        text=alt.Text("rows:Q", format=",")
    )
    named = alt.Title(
        heading, subtitle=title, anchor="start", frame="group", dx=-34, fontSize=13, color=INK,
        subtitleColor=SOFT,
    )  # fmt: skip
    return alt.layer(bars, text).properties(title=named, width=width, height=alt.Step(18))


def side_by_side(panels: Sequence[Any]) -> Any:
    """Panels beside each other, each on a scale of its own."""
    return alt.hconcat(*panels, spacing=30).resolve_scale(x="independent", y="independent")


def seconds(times: Sequence[Seconds], language: Language = "en") -> str:
    """Time of every stage of the run."""
    rows = [{"name": word(t.stage, language), "rows": round(t.seconds, 1)} for t in times]
    drawn = _small(_horizontal(rows, alt.value(SOFT)))
    return svg(drawn, word("Seconds by stage", language), language)
