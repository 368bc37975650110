"""The waterfall of a match weight: from the prior, step by step, to the sum, in words and as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from markupsafe import Markup

from api.web.evidence import finding, part
from api.web.wording import Wording
from matching.rules import Thresholds
from mdm.tracing.component import ComponentPair

SPAN = 220  # of the drawing, in its own units
NARROWEST = 1.5  # a bar that says nothing is seen, too
NOTHING = 0.05  # bits; less speaks neither for nor against


@dataclass(frozen=True)
class Bar:
    """One step: the bits it adds, the sum behind it, and its bar, from the sum before it to that."""

    part: str
    sentence: str
    bits: float
    total: float
    drawn: Markup


def waterfall(
    pair: ComponentPair, kind: str, words: Wording, bounds: Thresholds
) -> tuple[Bar, ...]:
    """The bars of a pair's evidence on one scale, the prior first, with `bounds` as lines; none
    where nothing adds up to a weight."""
    if pair.match_weight is None or not pair.steps:
        return ()
    named = [(words.t("evidence.start"), words.t("evidence.prior"), pair.prior)]
    named += [(part(words, kind, one), finding(words, kind, one), one.bits) for one in pair.steps]
    sums = list(accumulate((bits for _, _, bits in named), initial=0.0))
    return tuple(
        Bar(what, sentence, bits, end, _drawn(begin, end, sums, bounds))
        for (what, sentence, bits), (begin, end) in zip(named, pairwise(sums), strict=True)
    )


def _drawn(begin: float, end: float, sums: Sequence[float], bounds: Thresholds) -> Markup:
    low, high = min(*sums, bounds.review), max(*sums, bounds.link)
    scale = SPAN / max(high - low, 1.0)
    tone = "up" if end - begin > NOTHING else "down" if begin - end > NOTHING else "flat"
    lines = (("zero", 0.0), ("bound", bounds.review), ("bound", bounds.link))
    return Markup(
        '<svg class="bar-of" viewBox="0 0 {span} 14" width="{span}" height="14" aria-hidden="true">'
        '{lines}<rect class="{tone}" x="{x:.1f}" y="2" width="{width:.1f}" height="10"/></svg>'
    ).format(
        span=SPAN,
        lines=Markup().join(_line(kind, (at - low) * scale) for kind, at in lines),
        tone=tone,
        x=(min(begin, end) - low) * scale,
        width=max(abs(end - begin) * scale, NARROWEST),
    )


def _line(kind: str, x: float) -> Markup:
    return Markup('<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="14"/>').format(
        kind=kind, x=x
    )
