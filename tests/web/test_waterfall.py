"""The waterfall of a pair: its bars and the thresholds on one scale, so that a reader sees why it is a task."""

from __future__ import annotations

import re

import pytest

from api.web.waterfall import Bar, waterfall
from api.web.wording import IN
from matching.rules import Thresholds, load_linkage
from mdm.tracing.component import ComponentPair
from mdm.tracing.facts import Step


def pair(*bits: float, prior: float = -10.0) -> ComponentPair:
    steps = tuple(Step("sex", "same", "Same sex.", one) for one in bits)
    return ComponentPair(
        0, 1, prior + sum(bits), "review", "weight", "review", False, None, prior, steps
    )


def lines(bar: Bar, kind: str) -> list[float]:
    return [float(x) for x in re.findall(rf'<line class="{kind}" x1="([-0-9.]+)"', str(bar.drawn))]


def end(bar: Bar) -> float:
    """Where the bar of a step that adds ends."""
    found = re.search(r'<rect class="up" x="([-0-9.]+)" y="2" width="([0-9.]+)"', str(bar.drawn))
    assert found
    return float(found[1]) + float(found[2])


@pytest.mark.parametrize(("last", "above"), [(12.0, 2), (5.0, 1), (2.0, 0)])
def test_the_sum_stands_where_it_lies_among_the_thresholds(last: float, above: int) -> None:
    bars = waterfall(pair(3.0, last), "person", IN["id"], Thresholds(link=3, review=-3))
    (bounds,) = {tuple(lines(bar, "bound")) for bar in bars}
    assert 0 <= bounds[0] < lines(bars[0], "zero")[0] < bounds[1] <= 220
    assert sum(bound < end(bars[-1]) for bound in bounds) == above


@pytest.mark.parametrize(("reason", "above"), [("weight", 2), ("a name and a place", 1)])
def test_a_pair_of_a_pattern_is_held_against_the_patterns_own_thresholds(
    reason: str, above: int
) -> None:
    """Seven bits are a link, but not of namesakes of one kabupaten: they want twelve, and six for a task."""
    held_to = load_linkage("person").held_to(reason)
    bars = waterfall(pair(3.0, 14.0), "person", IN["id"], held_to)
    assert sum(bound < end(bars[-1]) for bound in lines(bars[-1], "bound")) == above
