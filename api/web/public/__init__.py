"""For citizens: figures by region, as a page and as a file, how the hub works, which rights there are."""

from __future__ import annotations

from typing import Any

from api.web.public import figures, rights

HANDLERS: list[Any] = [
    figures.figures_page,
    figures.figures_file,
    figures.figures_chart,
    rights.rights,
]
