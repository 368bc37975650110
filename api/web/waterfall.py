"""The waterfall of a match weight: from the prior, step by step, to the sum, in words and as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from markupsafe import Markup

from api.web.evidence import finding, part
from api.web.wording import Wording
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


def waterfall(pair: ComponentPair, kind: str, words: Wording) -> tuple[Bar, ...]:
    """The bars of a pair's evidence on one scale, the prior first; none where nothing adds up to a weight."""
    if pair.match_weight is None or not pair.steps:
        return ()
    named = [(words.t("evidence.start"), words.t("evidence.prior"), pair.prior)]
    named += [(part(words, kind, one), finding(words, kind, one), one.bits) for one in pair.steps]
    sums = list(accumulate((bits for _, _, bits in named), initial=0.0))
    return tuple(
        Bar(what, sentence, bits, end, _drawn(begin, end, sums))
        for (what, sentence, bits), (begin, end) in zip(named, pairwise(sums), strict=True)
    )


def _drawn(begin: float, end: float, sums: Sequence[float]) -> Markup:
    low, high = min(sums), max(sums)
    scale = SPAN / max(high - low, 1.0)
    tone = "up" if end - begin > NOTHING else "down" if begin - end > NOTHING else "flat"
    return Markup(
        '<svg class="bar-of" viewBox="0 0 {span} 14" width="{span}" height="14" aria-hidden="true">'
        '<line class="zero" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="14"/>'
        '<rect class="{tone}" x="{x:.1f}" y="2" width="{width:.1f}" height="10"/></svg>'
    ).format(
        span=SPAN,
        zero=-low * scale,
        tone=tone,
        x=(min(begin, end) - low) * scale,
        width=max(abs(end - begin) * scale, NARROWEST),
    )
