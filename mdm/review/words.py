"""Words: the last word of people on each pair of records, with who, when and why.

Judgements are sealed one by one: they are read on from the newest read before, so that each is unsealed once.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlmodel import Session, col, select

from mdm import judgements
from mdm.compose import Hub
from mdm.hub.lists import together
from mdm.hub.sessions import Sessions
from mdm.hub.tables import JudgementKey
from mdm.judgements import Pair, RecordRef

LINK, NON_LINK, TAKEN_BACK = "link", "non-link", "review"


@dataclass(frozen=True)
class Word:
    """The last word of people on two records (smaller first). `before`: the judgement whose place it took."""

    id: str
    pair: Pair = field(repr=False)
    judgement: str
    actor: str
    at: datetime
    reason: str
    before: str | None = None


def pair_of(left: RecordRef, right: RecordRef) -> Pair:
    """Two records in the order in which judgements keep them."""
    return (left, right) if left < right else (right, left)


class Words:
    """The last word on every pair, as far as judgements were read. Threads may share it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._read_to = 0
        self._words: dict[str, dict[Pair, Word]] = defaultdict(dict)
        self._of: dict[str, dict[RecordRef, set[Pair]]] = defaultdict(lambda: defaultdict(set))

    def about(self, session: Session, kind: str, refs: Iterable[RecordRef]) -> list[Word]:
        """The words that stand about some records, and about all records that people's links join
        to them; the earliest first."""
        with self._lock:
            self._read(session)
            found = self._about(kind, refs)
        kept = _still_open(session, [word.id for word in found.values()])
        return sorted((w for w in found.values() if w.id in kept), key=lambda w: (w.at, w.id))

    def last(self, session: Session, kind: str, pair: Pair) -> Word | None:
        """The last word on two records, also one that takes an earlier back."""
        with self._lock:
            self._read(session)
            return self._words[kind].get(pair)

    def _read(self, session: Session) -> None:
        for held, (left, right) in judgements.pairs(self._hub, session, after=self._read_to):
            pair = pair_of(left, right)
            before = self._words[held.kind].get(pair)
            self._words[held.kind][pair] = Word(
                held.id,
                pair,
                held.judgement,
                held.actor,
                held.at,
                held.reason,
                before.judgement if before else None,
            )
            for ref in pair:
                self._of[held.kind][ref].add(pair)
            self._read_to = held.seq

    def _about(self, kind: str, refs: Iterable[RecordRef]) -> dict[Pair, Word]:
        found: dict[Pair, Word] = {}
        ahead, met = set(refs), set[RecordRef]()
        while ahead:
            ref = ahead.pop()
            met.add(ref)
            for pair in self._of[kind].get(ref, ()):
                word = self._words[kind][pair]
                if word.judgement == TAKEN_BACK:
                    continue
                found[pair] = word
                if word.judgement == LINK:
                    ahead |= set(pair) - met
        return found


def _still_open(session: Session, ids: Collection[str]) -> set[str]:
    """Those whose records were not erased meanwhile."""
    found: set[str] = set()
    for some in together(ids):
        query = select(JudgementKey.id).where(col(JudgementKey.id).in_(some))
        found.update(session.exec(query).all())
    return found


_by_hub: WeakKeyDictionary[Sessions, Words] = WeakKeyDictionary()
_making = threading.Lock()


def words_of(hub: Hub) -> Words:
    """The words of an open hub, one in each process."""
    with _making:
        found = _by_hub.get(hub.sessions)
        if found is None:
            found = _by_hub[hub.sessions] = Words(hub)
        return found
