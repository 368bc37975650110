"""The settler: a thread with a warm engine that settles judgements as they come.

Loading what settles and making an engine takes a while once; after that a decision is visible within
a second. What had to wait (a whole run was under way) is looked for again every few seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from matching.engine import Engine
from matching.rules import Kind
from mdm.compose import Hub
from mdm.touched.ahead import read_ahead
from mdm.touched.settling import Settled, Waiting, pending, settle
from mdm.touched.verdicts import Verdicts

LOOK_AGAIN = 5.0  # seconds

Outcome = Settled | Waiting | None


@dataclass(frozen=True)
class _Ahead:
    """Somebody thinks about a decision on these."""

    kind: Kind
    entities: frozenset[str]


class Settler:
    """`with Settler(hub) as settler: settler.ask().result()`. Threads may share it."""

    def __init__(self, hub: Hub, failed: Callable[[Exception], None] = lambda _: None) -> None:
        self._hub = hub
        self._failed = failed
        self._verdicts = Verdicts(hub)
        self._engine: Engine | None = None
        self._asked: SimpleQueue[Future[Outcome] | _Ahead | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="settler", daemon=True)

    def __enter__(self) -> Settler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Settle what was asked for, then close."""
        self._asked.put(None)
        self._thread.join()

    def ask(self) -> Future[Outcome]:
        """Settle all judgements that are committed now; the future is done when readers see it, or
        says that it must wait. With nothing to settle it only warms up: for whoever is about to decide.
        """
        future: Future[Outcome] = Future()
        self._asked.put(future)
        return future

    def expect(self, kind: Kind, entities: Collection[str]) -> None:
        """Somebody thinks about a decision on some entities: what it would read is read now, after all
        that was asked for."""
        self._asked.put(_Ahead(kind, frozenset(entities)))

    def _work(self) -> None:
        closing = False
        try:
            while not closing:
                found = self._gather()
                closing = None in found
                expected = [one for one in found if isinstance(one, _Ahead)]
                asked = [one for one in found if isinstance(one, Future)]
                if asked or not expected:
                    self._answer(asked)
                if not closing:
                    self._read(expected)
        finally:
            if self._engine is not None:
                self._engine.close()

    def _gather(self) -> list[Future[Outcome] | _Ahead | None]:
        """All that was asked, after waiting a while for the first; None is the word to close."""
        try:
            found = [self._asked.get(timeout=LOOK_AGAIN)]
        except Empty:
            return []
        while True:
            try:
                found.append(self._asked.get_nowait())
            except Empty:
                return found

    def _answer(self, waiting: list[Future[Outcome]]) -> None:
        try:
            outcome = self._settle() if waiting or pending(self._hub) else None
        except Exception as error:
            self._failed(error)
            for future in waiting:
                future.set_exception(error)
        else:
            for future in waiting:
                future.set_result(outcome)

    def _read(self, expected: Sequence[_Ahead]) -> None:
        """Read ahead, unless somebody decides meanwhile: a decision reads for itself what is missing."""
        for one in expected:
            if not self._asked.empty():
                return
            try:
                read_ahead(self._hub, one.kind, one.entities)
            except Exception as error:
                self._failed(error)

    def _settle(self) -> Outcome:
        if self._engine is None:
            self._engine = self._hub.engine(threads=1)  # small tables: to share them out is dearer
        return settle(self._hub, self._engine, self._verdicts)
