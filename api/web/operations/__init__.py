"""Operations: how runs went, what came in, how good the links are, what a threshold would change."""

from __future__ import annotations

from typing import Any

from api.web.operations import charts, linkage, quality, runs, sources, thresholds

HANDLERS: list[Any] = [
    charts.chart,
    linkage.linkage,
    quality.quality,
    runs.runs,
    sources.sources,
    thresholds.thresholds,
]
