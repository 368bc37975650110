"""A sample of audit events: every event that fits is as likely as any other.

Candidates are thrown among the events that the index or the time names; one that does not fit is
thrown again. The log as it stood when drawn, and the seed, give the same sample for ever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import sqlalchemy as sa
from sqlmodel import Session, col

from mdm.audit.events import size
from mdm.audit.search import Wanted, fitting, named, ranges
from mdm.hub.tables import AuditEvent
from mdm.sampling.dice import Dice
from mdm.sampling.terms import Drawn, Item

TRIES = 20_000  # events looked at before the draw gives up
TOGETHER = 500


def draw_events(
    session: Session, wanted: Wanted, count: int, seed: str, *, log_size: int | None = None
) -> Drawn:
    """Up to `count` events, each stratum an action; fewer when no more are found in TRIES.
    `log_size`: of the log when it had so many events."""
    total = min(size(session), log_size or 1 << 62)
    spans = _spans(session, wanted, total)
    dice, tried, found = Dice(seed), set[int](), dict[int, str]()
    candidates = spans.count
    while len(found) < count and len(tried) < min(candidates, TRIES):
        thrown: list[int] = []
        while len(thrown) < min(TOGETHER, candidates - len(tried) - len(thrown)):
            seq = spans.at(dice.below(candidates))
            if seq not in tried and seq not in thrown:
                thrown.append(seq)
        tried.update(thrown)
        fits = _read(session, wanted, thrown)
        found.update((seq, fits[seq]) for seq in thrown if seq in fits)
    items = [Item(action, {"event": seq}) for seq, action in list(found.items())[:count]]
    # Where candidates were looked at without exception, all that fit were counted.
    whole = len(tried) == candidates
    strata = {one.stratum: None for one in items}
    if whole:
        every = list(found.values())
        return Drawn(tuple(items), {name: every.count(name) for name in strata}, log_size=total)
    return Drawn(tuple(items), strata, log_size=total)


class _Spans:
    """Candidates as stretches of numbers, and which number stands at a place among them."""

    def __init__(self, stretches: Sequence[tuple[int, int]]) -> None:
        self._stretches = stretches
        self._ends = list(accumulate(high - low for low, high in stretches))

    @property
    def count(self) -> int:
        """How many candidates there are."""
        return self._ends[-1] if self._ends else 0

    def at(self, place: int) -> int:
        """The candidate at a place from 0."""
        which = bisect_right(self._ends, place)
        return self._stretches[which][1] - (self._ends[which] - place)


def _spans(session: Session, wanted: Wanted, total: int) -> _Spans:
    """Where events wanted can be: by the index where it names them, else by time."""
    stretches = list(ranges(session, wanted, total))
    if wanted.actor is None and not wanted.subjects:
        return _Spans(sorted(stretches))
    held = sorted(named(session, wanted, total))
    return _Spans([(s, s + 1) for s in held if any(low <= s < high for low, high in stretches)])


def _read(session: Session, wanted: Wanted, seqs: Sequence[int]) -> dict[int, str]:
    """Number → action of those that fit."""
    seq = col(AuditEvent.seq)
    query = sa.select(seq, col(AuditEvent.event)).where(seq.in_(seqs))
    rows = session.connection().execute(query).all()
    read = [fitting(wanted, at, event) for at, event in rows]
    return {entry.seq: entry.action for entry in read if entry is not None}
