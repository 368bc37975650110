"""What is asked of everybody, kept between questions: as of when, by which rules, in which words.

Questions come by the hundred and mostly ask the same of different people. As of a snapshot that
never changes; as of now it is looked up again after a second, so that a new run or a changed rule
counts from then on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date
from math import inf
from threading import Lock
from time import monotonic

from mdm.compose import Hub
from mdm.eligibility.asking import Asked, ask, keep_rules

FRESH = 1.0  # seconds that a look at the hub and its documents is good for
KEPT = 256  # ways of asking: programmes, snapshot and day

_Key = tuple[tuple[str, ...], str | None, date | None]


class Standing:
    """One per process and hub. Safe to use from many threads."""

    def __init__(self, hub: Hub, clock: Callable[[], float] = monotonic) -> None:
        self._hub = hub
        self._clock = clock
        self._lock, self._looking = Lock(), Lock()
        self._asked: OrderedDict[_Key, tuple[float, Asked]] = OrderedDict()
        self._rules: set[str] = set()  # digests that the hub holds for sure

    def known(
        self, programmes: Sequence[str], snapshot: str | None, on: date | None
    ) -> Asked | None:
        """What such a question asks, without a look at the hub; None when one is needed."""
        kept = self._asked.get((tuple(programmes), snapshot, on))
        return kept[1] if kept and self._clock() < kept[0] else None

    def ask(self, programmes: Sequence[str], snapshot: str | None, on: date | None) -> Asked:
        """What such a question asks. Its rules are kept in the hub before they answer.

        InputError for a programme without rules; UnknownError for a snapshot that is none.
        """
        with self._looking:  # one looks, the others wait for what it finds
            known = self.known(programmes, snapshot, on)
            return known if known is not None else self._look(programmes, snapshot, on)

    def _look(self, programmes: Sequence[str], snapshot: str | None, on: date | None) -> Asked:
        with self._hub.sessions.read() as session:
            asked = ask(self._hub, session, programmes, snapshot=snapshot, on=on)
        digest = asked.as_of.library.digest
        if digest not in self._rules:
            keep_rules(self._hub, asked)
            self._rules.add(digest)
        return self._keep((tuple(programmes), snapshot, on), asked)

    def _keep(self, key: _Key, asked: Asked) -> Asked:
        until = self._clock() + FRESH if asked.as_of.name is None else inf
        with self._lock:
            before = self._asked.pop(key, None)
            if before is not None and before[1] == asked:
                asked = before[1]  # its words are made already
            self._asked[key] = until, asked
            while len(self._asked) > KEPT:
                self._asked.popitem(last=False)
        return asked
