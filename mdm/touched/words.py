"""Words: what people judged, held open between small runs, so that each is unsealed once."""

from __future__ import annotations

from sqlmodel import Session

from matching.rules import Judgement as Verdict
from matching.rules import Kind
from mdm import judgements
from mdm.compose import Hub
from mdm.judgements import RecordRef

Pair = tuple[RecordRef, RecordRef]


class Words:
    """The judgements of all kinds, the last word on each pair, as far as they were read."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._last = 0
        self.deferred: set[int] = set()  # numbers of those that wait for a whole run
        self._said: dict[Kind, dict[Pair, Verdict]] = {}

    def read(self, session: Session) -> list[tuple[int, Kind, Pair]]:
        """Read on to the newest; (number, kind, pair) of those that are new."""
        fresh = []
        for held, pair in judgements.pairs(self._hub, session, after=self._last):
            kind: Kind = held.kind  # type: ignore[assignment]
            of = self._said.setdefault(kind, {})
            of.pop(pair, None)
            of[pair] = held.judgement  # type: ignore[assignment]
            self._last = held.seq
            fresh.append((held.seq, kind, pair))
        return fresh

    def standing(self, kind: Kind) -> dict[Pair, Verdict]:
        """Pair → the word that stands; those taken back are left out."""
        return {pair: said for pair, said in self._said.get(kind, {}).items() if said != "review"}

    def after(self, session: Session, seq: int) -> list[tuple[int, Kind, Pair]]:
        """(number, kind, pair) of all judgements after number `seq`, whether read before or not."""
        self.read(session)
        found = judgements.pairs(self._hub, session, after=seq)
        return [(held.seq, held.kind, pair) for held, pair in found]  # type: ignore[misc]
