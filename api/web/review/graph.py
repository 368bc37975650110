"""The picture of a cluster: its records as a graph. SVG drawn here, so that pages stay small; colours and
strokes are classes, and every mark has words beside it."""

from __future__ import annotations

import math

from markupsafe import Markup

from api.web.review.model import Table, Weighed

WIDTH, HEIGHT, RADIUS = 340, 260, 15


def graph(table: Table, title: str) -> Markup:
    """The records around a circle in the order of the columns; every edge leads to its evidence."""
    places = _places(len(table.columns))
    at = {column.place: places[n] for n, column in enumerate(table.columns)}
    edges = Markup("").join(
        _edge(pair, at[pair.left], at[pair.right])
        for pair in sorted(table.pairs, key=lambda pair: pair.weight or 0)
    )
    nodes = Markup("").join(
        Markup(
            '<g class="node g{group}"><circle cx="{x:.1f}" cy="{y:.1f}" r="{r}"/>'
            '<text x="{x:.1f}" y="{ty:.1f}">{letter}</text></g>'
        ).format(group=min(column.group, 9), x=x, y=y, ty=y + 5, r=RADIUS, letter=column.letter)
        for column, (x, y) in zip(table.columns, places, strict=True)
    )
    return Markup(
        '<svg class="graph" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="group" aria-label="{t}">{e}{n}</svg>'
    ).format(w=WIDTH, h=HEIGHT, t=title, e=edges, n=nodes)


def _places(n: int) -> list[tuple[float, float]]:
    middle_x, middle_y = WIDTH / 2, HEIGHT / 2
    if n == 1:
        return [(middle_x, middle_y)]
    across, down = WIDTH / 2 - 2 * RADIUS, HEIGHT / 2 - 2 * RADIUS
    turns = (2 * math.pi * k / n - math.pi / 2 - math.pi / n for k in range(n))
    return [(middle_x + across * math.cos(t), middle_y + down * math.sin(t)) for t in turns]


def _edge(pair: Weighed, start: tuple[float, float], end: tuple[float, float]) -> Markup:
    (x1, y1), (x2, y2) = start, end
    line = 'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    weight = "" if pair.weight is None else f"{pair.weight:+.1f}"
    return Markup(
        '<a href="#pasang-{key}" data-pair="{key}" aria-label="{names}: {reason} {weight}">'
        "<title>{names} {weight}</title>"
        f'<line class="touch" {line}/><line class="edge {{state}}" {line}/></a>'
    ).format(
        key=pair.key, names=pair.names, reason=pair.reason, weight=weight,
        state=pair.state, x1=x1, y1=y1, x2=x2, y2=y2,
    )  # fmt: skip
