"""What is asked of everybody, kept between questions: as of when, by which rules, in which words.

Questions come by the hundred and mostly ask the same of different people. As of a snapshot that
never changes; as of now it is looked up again about once a second, so that a new run or a changed
rule counts from then on. One question looks; those that come meanwhile go by what was known, for a
moment more.
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

FRESH = 0.8  # seconds that a look at the hub and its documents is good for,
GRACE = 0.2  # and while somebody looks again: so much longer
KEPT = 256  # ways of asking: programmes, snapshot and day

_Key = tuple[tuple[str, ...], str | None, date | None]


class Common:
    """What questions have in common; one per process and hub. Safe to use from many threads."""

    def __init__(self, hub: Hub, clock: Callable[[], float] = monotonic) -> None:
        self._hub = hub
        self._clock = clock
        self._lock, self._looking = Lock(), Lock()
        self._asked: OrderedDict[_Key, tuple[float, Asked]] = OrderedDict()
        self._again: set[_Key] = set()  # ways of asking that somebody looks up again
        self._rules: set[str] = set()  # digests that the hub holds for sure

    def known(
        self, programmes: Sequence[str], snapshot: str | None, on: date | None
    ) -> Asked | None:
        """What such a question asks, without a look at the hub; None when one is needed: who is told so
        goes on to `ask`."""
        key = tuple(programmes), snapshot, on
        with self._lock:
            kept = self._asked.get(key)
            if kept is not None and (
                (late := self._clock() - kept[0]) < 0 or self._bears(key, late)
            ):
                return kept[1]
            self._again.add(key)
        return None

    def ask(self, programmes: Sequence[str], snapshot: str | None, on: date | None) -> Asked:
        """What such a question asks. Its rules are kept in the hub before they answer.

        InputError for a programme without rules; UnknownError for a snapshot that is none.
        """
        key, since = (tuple(programmes), snapshot, on), self._clock()
        try:
            with self._looking:  # one looks, the others wait for what it finds
                kept = self._asked.get(key)
                if kept is not None and since < kept[0]:
                    return kept[1]
                return self._look(programmes, snapshot, on)
        finally:
            with self._lock:
                self._again.discard(key)

    def _bears(self, key: _Key, late: float) -> bool:
        """Whether what is known of old is good enough, while somebody looks."""
        return key in self._again and late < GRACE

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
