"""One self-contained HTML page about one run: facts in, page out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from markupsafe import Markup

from matching.evaluation import Evaluation, GroupScores, rounded
from mdm.report import charts
from mdm.report.facts import Facts
from mdm.report.words import word
from mdm.templates import templates_in
from reference.regions import place_name
from reference.sentences import Language

KINDS = {
    "person": ("Persons", "Orang"),
    "family": ("Families (KK)", "Keluarga (KK)"),
    "household": ("Households", "Rumah tangga"),
}
FEWEST_PAIRS = 20
MOST_GROUPS = 12  # per column: the rest, the largest first, would not be read


def render(facts: Facts, next_commands: Sequence[str] = ()) -> str:
    """The page as HTML text."""
    return (
        templates_in(Path(__file__).parent)
        .get_template("page.html")
        .render(
            facts=facts,
            example=facts.example,
            charts=_charts(facts),
            kinds=KINDS,
            word=word,
            percent=_percent,
            next=list(next_commands),
        )
    )


def write(path: Path, facts: Facts, next_commands: Sequence[str] = ()) -> Path:
    """Render to a file, whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    try:
        temporary.write_text(render(facts, next_commands), "utf-8")
        return temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _charts(facts: Facts) -> dict[str, Any]:
    example = facts.example
    weighed = {w.kind: [x for x in facts.weights if x.kind == w.kind] for w in facts.weights}
    return {
        "stages": _drawn(charts.stages, facts.stages),
        "findings": _drawn(charts.findings, facts.findings),
        "sizes": _drawn(charts.sizes, facts.sizes),
        "seconds": _drawn(charts.seconds, facts.seconds),
        "weights": {kind: _drawn(charts.weights, levels) for kind, levels in weighed.items()},
        "waterfall": _drawn(charts.waterfall, example.steps if example else ()),
        "quality": {kind: drawn for kind, e in facts.quality.items() if (drawn := _quality(e))},
    }


def _percent(share: float) -> str:
    return f"{100 * float(rounded(share, 4)):.2f}"


def _drawn(chart: Any, rows: Sequence[Any], *more: Any) -> Markup | None:
    """A chart in both languages, of which the page shows one; None without rows."""
    if not rows:
        return None
    # Charts are SVG that vl-convert wrote and escaped: the only markup that is not the template's.
    return Markup().join(
        Markup('<div lang="{}">{}</div>').format(one, Markup(chart(rows, *more, language=one)))
        for one in get_args(Language)
    )


def _quality(evaluation: Evaluation) -> Markup | None:
    whole = evaluation.pairs.recall.value
    rows = [_group(g) for g in _shown(evaluation.groups)]
    return None if whole is None else _drawn(charts.quality, rows, whole)


def _shown(groups: Sequence[GroupScores]) -> list[GroupScores]:
    shown: list[GroupScores] = []
    for column in dict.fromkeys(g.column for g in groups):
        large = [g for g in groups if g.column == column and g.true_pairs >= FEWEST_PAIRS]
        shown += sorted(large, key=lambda g: -g.true_pairs)[:MOST_GROUPS]
    return shown


def _name(group: GroupScores) -> str:
    """The group as a person reads it: a province by its name."""
    if group.column != "province":
        return group.value.replace("_", " ")
    return place_name(group.value) or group.value


def _group(group: GroupScores) -> dict[str, Any]:
    recall = group.scores.recall
    return {
        "column": group.column.replace("_", " "),
        "value": _name(group),
        "share": recall.value,
        "low": recall.low,
        "high": recall.high,
    }
