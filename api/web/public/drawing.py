"""The chart of the public page."""

from __future__ import annotations

from typing import Any

import altair as alt

from api.web.wording import Wording
from mdm.figures.open import OpenRow
from mdm.report.charts import BLUE, svg


def by_desil(row: OpenRow, words: Wording) -> str:
    """How many of each group of desil; hidden groups are left out."""
    rows: list[dict[str, Any]] = [
        {
            "name": words.t("public.desil", n=group) if group else words.t("public.no-desil"),
            "n": n,
            "text": words.number(n),
        }
        for group, n in row.groups.items()
        if n is not None
    ]
    make: Any = alt.Data  # Altair leaves it without types
    base = alt.Chart(make(values=rows)).encode(
        x=alt.X(
            "name:N", sort=[one["name"] for one in rows], title=None, axis=alt.Axis(labelAngle=0)
        ),
        y=alt.Y("n:Q", title=None, axis=None),
    )
    text = base.mark_text(dy=-8).encode(text="text:N")
    drawn = (base.mark_bar(cornerRadiusEnd=3, color=BLUE) + text).properties(width=680, height=180)
    return svg(drawn, words.t("public.chart"), words.language)
