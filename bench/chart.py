"""The bench's picture: seconds by size, the path beside bare Splink."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt


def draw(figures: dict[str, Any], out: Path) -> None:
    """Write the chart as SVG."""
    rows = [
        {"records": one["source_records"], "seconds": one[key], "what": name}
        for one in figures["by_size"].values()
        for key, name in (
            ("path_seconds", "whole path, files to sealed profiles"),
            ("splink_seconds", "bare Splink, persons only"),
        )
    ]
    chart = (
        alt.Chart(
            alt.Data(values=rows),
            title="Seconds by number of source records",
            width=520,
            height=300,
        )
        .mark_line(point=True)
        .encode(
            x=alt.X("records:Q", title="source records"),
            y=alt.Y("seconds:Q", title="seconds"),
            color=alt.Color("what:N", title=None, legend=alt.Legend(orient="top-left")),
        )
    )
    chart.save(str(out))
