"""The settler: a thread with a warm engine that settles judgements as they come.

Loading what settles and making an engine takes a while once; after that a decision is visible within
a second. What had to wait (a whole run was under way) is looked for again every few seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue

from matching.engine import Engine
from mdm.compose import Hub
from mdm.touched.settling import Settled, Waiting, pending, settle
from mdm.touched.words import Words

LOOK_AGAIN = 5.0  # seconds

Outcome = Settled | Waiting | None


class Settler:
    """`with Settler(hub) as settler: settler.ask().result()`. Threads may share it."""

    def __init__(self, hub: Hub, failed: Callable[[Exception], None] = lambda _: None) -> None:
        self._hub = hub
        self._failed = failed
        self._words = Words(hub)
        self._engine: Engine | None = None
        self._asked: SimpleQueue[Future[Outcome] | None] = SimpleQueue()
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

    def _work(self) -> None:
        closing = False
        try:
            while not closing:
                waiting, closing = self._gather()
                self._answer(waiting)
        finally:
            if self._engine is not None:
                self._engine.close()

    def _gather(self) -> tuple[list[Future[Outcome]], bool]:
        """All who ask, after waiting a while for the first; whether the settler is closing."""
        try:
            found = [self._asked.get(timeout=LOOK_AGAIN)]
        except Empty:
            return [], False
        while True:
            try:
                found.append(self._asked.get_nowait())
            except Empty:
                break
        return [one for one in found if one is not None], None in found

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

    def _settle(self) -> Outcome:
        if self._engine is None:
            self._engine = self._hub.engine(threads=1)  # small tables: to share them out is dearer
        return settle(self._hub, self._engine, self._words)
