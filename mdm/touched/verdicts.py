"""Verdicts: what people judged last of each pair, held open between small runs, so that each is unsealed once.

Review holds the same with who said it, when and why (mdm/review/words.py); a small run asks for the verdict alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlmodel import Session

from matching.rules import Judgement as Verdict
from matching.rules import Kind
from mdm import judgements
from mdm.compose import Hub
from mdm.judgements import Pair, RecordRef


class Judged(NamedTuple):
    """One judgement: its number, of which kind, on which two records."""

    seq: int
    kind: Kind
    pair: Pair


class Verdicts:
    """The judgements of all kinds, the last verdict on each pair, as far as they were read."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._read_to = 0
        self.deferred: set[int] = set()  # numbers of those that wait for a whole run
        self._verdicts: dict[str, judgements.Standing] = {}

    def read(self, session: Session) -> None:
        """Read on to the newest."""
        for held, pair in judgements.pairs(self._hub, session, after=self._read_to):
            self._verdicts.setdefault(held.kind, judgements.Standing()).hear(held, pair)
            self._read_to = held.seq

    def about(self, kind: Kind, records: Iterable[RecordRef]) -> dict[Pair, Verdict]:
        """Pair → the verdict that stands, of pairs with one of some records in them."""
        found = self._verdicts.get(kind)
        return found.about(records) if found is not None else {}

    def after(self, session: Session, seq: int) -> list[Judged]:
        """All judgements after number `seq`, whether read before or not."""
        self.read(session)
        found = judgements.pairs(self._hub, session, after=seq)
        return [Judged(held.seq, held.kind, pair) for held, pair in found]  # type: ignore[arg-type]
