"""What was found in a sample, as shares with Wilson intervals."""

from __future__ import annotations

from collections.abc import Sequence

from matching.evaluation import wilson
from mdm.sampling.terms import LINKS, RIGHT, UNCLEAR, WRONG, ExaminedSample, Share


def shares(examined: ExaminedSample) -> dict[str, Share]:
    """Stratum → what was found in it, in order of drawing; `""` is the whole.

    Of links each band counts in the whole by how many links it stands for; elsewhere all are alike.
    """
    names = list(dict.fromkeys(item.stratum for item in examined.items))
    found = {name: _share(examined, name) for name in names}
    return {"": _whole(examined, list(found.values())), **found}


def _share(examined: ExaminedSample, stratum: str) -> Share:
    own = [item.n for item in examined.items if item.stratum == stratum]
    said = [examined.words[n].verdict for n in own if n in examined.words]
    right, wrong = said.count(RIGHT), said.count(WRONG)
    found = wilson(wrong / (right + wrong), right + wrong) if right + wrong else None
    return Share(
        drawn=len(own),
        examined=len(said),
        right=right,
        wrong=wrong,
        unclear=said.count(UNCLEAR),
        share=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        stands_for=examined.sample.strata.get(stratum),
    )


def _whole(examined: ExaminedSample, parts: Sequence[Share]) -> Share:
    right, wrong = sum(one.right for one in parts), sum(one.wrong for one in parts)
    judged = [one for one in parts if one.right + one.wrong]
    share, trials = (wrong / (right + wrong), float(right + wrong)) if judged else (0.0, 0.0)
    if examined.sample.kind == LINKS and judged:
        share, trials = _weighted(judged)
    found = wilson(share, trials) if judged else None
    known = [one.stands_for for one in parts]
    return Share(
        drawn=len(examined.items),
        examined=len(examined.words),
        right=right,
        wrong=wrong,
        unclear=sum(one.unclear for one in parts),
        share=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        stands_for=sum(n or 0 for n in known) if known and None not in known else None,
    )


def _weighted(parts: Sequence[Share]) -> tuple[float, float]:
    """The share of the whole, and as how many simple trials it is to be taken: so many that a simple
    sample of them would be as unsure."""
    total = sum(one.stands_for or 0 for one in parts)
    share = variance = 0.0
    for one in parts:
        weight, seen = (one.stands_for or 0) / total, one.right + one.wrong
        share += weight * one.wrong / seen
        # Half a wrong one is added: a band in which none was seen is not sure to have none.
        guess = (one.wrong + 0.5) / (seen + 1)
        variance += weight**2 * guess * (1 - guess) / seen
    guess = min(max(share, 0.5 / (total + 1)), 1 - 0.5 / (total + 1))
    trials = guess * (1 - guess) / variance
    return share, min(max(trials, 1.0), float(sum(one.right + one.wrong for one in parts)))
