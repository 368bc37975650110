"""The keeper: while a process serves, the log is checkpointed and indexed as it grows."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from mdm.audit.checkpoints import checkpoint, tick
from mdm.audit.indexed import grow_in_time

if TYPE_CHECKING:
    from mdm.compose import Hub

LOOK_SECONDS = 1.0


class Keeper:
    """A thread that signs a checkpoint whenever one is due; one at the beginning, one at the end.

    Processes that share a hub may each have one: what one signed, the others leave alone. An error
    goes to `failed`; a log that contradicts its last checkpoint is never signed again.
    """

    def __init__(self, hub: Hub, failed: Callable[[Exception], None] = lambda _error: None) -> None:
        self._hub, self._failed = hub, failed
        self._held = 0
        self._ended = Event()
        self._thread = Thread(target=self._work, name="audit keeper", daemon=True)

    def __enter__(self) -> Self:
        self._try(checkpoint)
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self._try(tick)
            self._try(self._index)
        self._try(checkpoint)

    def _index(self, hub: Hub) -> None:
        self._held = grow_in_time(hub, self._held)

    def _try(self, act: Callable[[Hub], object]) -> None:
        try:
            act(self._hub)
        except Exception as error:  # whoever serves goes on; the error is told
            self._failed(error)
