"""Pieces of work that do not wait for each other, at the same time: most statements leave a core idle.

Each piece has its own view of the same tables (`Engine.beside`) and makes tables of its own names.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from matching.engine import Engine

T = TypeVar("T")


class Beside:
    """Work that goes on beside its maker's until it is waited for.

    A context: whoever leaves it has waited for all of it; who leaves it by an error, or by Ctrl-C,
    ends it: statements are interrupted, and what has not begun is not done. An error of the work is
    raised by its `result()`, and by `wait`.
    """

    def __init__(self, engine: Engine, at_once: int = 2) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(at_once, "beside")
        self._begun: list[Future[Any]] = []
        self._doing: list[Future[None]] = []
        self._engines: set[Engine] = set()

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=error is not None)
        # Again and again: an engine between two statements takes no notice.
        while error and not all(one.done() for one in self._begun):
            for engine in self._engines.copy():
                engine.interrupt()
            time.sleep(0.02)
        self._pool.shutdown(wait=True)

    def do(self, work: Callable[[Engine], T]) -> Future[T]:
        """Begin a piece of work; its result is to be asked for."""

        def on_its_own() -> T:
            engine = self._engine.beside()
            self._engines.add(engine)
            try:
                return work(engine)
            finally:
                self._engines.discard(engine)
                engine.close()

        future = self._pool.submit(on_its_own)
        self._begun = [*(one for one in self._begun if not one.done()), future]
        return future

    def later(self, work: Callable[[Engine], None]) -> None:
        """Begin a piece of work that only `wait` asks after."""
        self._doing.append(self.do(work))

    def wait(self) -> None:
        """Wait for all that `later` began."""
        while self._doing:
            self._doing.pop(0).result()
