"""Release: answers leave when their audit events are durable, and not before.

The disk takes as long for a group as the processor does. So a thread of its own brings the log to
disk and hands the answers out, while the desk answers the next group.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from mdm.desk.terms import Question


class Waiter:
    """A question and the future that its asker awaits."""

    __slots__ = ("future", "loop", "question")

    def __init__(self, question: Question) -> None:
        self.question = question
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()

    def tell(self, answer: Any) -> None:
        """Give the asker the answer, or raise it there."""
        if self.future.done():
            return
        if isinstance(answer, BaseException):
            self.future.set_exception(answer)
        else:
            self.future.set_result(answer)


Reply = tuple[Waiter, Any]


class Release:
    """A thread that hands out answered groups: `with Release(sync): …`.

    `sync` returns once everything committed before is durable.
    """

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._queue: SimpleQueue[Sequence[Reply] | None] = SimpleQueue()
        self._given = self._handed = 0  # each counted by one thread only
        self._thread = threading.Thread(target=self._work, name="release", daemon=True)

    def __enter__(self) -> Release:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Hand everything out, then end."""
        self._queue.put(None)
        self._thread.join()

    @property
    def under_way(self) -> int:
        """Answers that have not left yet."""
        return self._given - self._handed

    def give(self, group: Sequence[Reply]) -> None:
        """Hand a group's answers out when they may leave. It is committed."""
        self._given += len(group)
        self._queue.put(group)

    def _work(self) -> None:
        last = False
        while not last:
            replies: list[Reply] = []
            last = not _add(replies, self._queue.get())
            while not last:  # one sync serves all who are committed by now
                try:
                    last = not _add(replies, self._queue.get_nowait())
                except Empty:
                    break
            _hand_out(once_durable(replies, self._sync))
            self._handed += len(replies)


def once_durable(replies: Sequence[Reply], sync: Callable[[], None]) -> Sequence[Reply]:
    """The answers once they may leave; what went wrong instead, when their events do not last."""
    try:
        sync()
    except Exception as error:
        return [(waiter, error) for waiter, _ in replies]
    return replies


def _add(replies: list[Reply], group: Sequence[Reply] | None) -> bool:
    replies += group or ()
    return group is not None


def _hand_out(replies: Sequence[Reply]) -> None:
    """Give the answers to the event loops their askers run in: once per loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Reply]] = {}
    for waiter, answer in replies:
        by_loop.setdefault(waiter.loop, []).append((waiter, answer))
    for loop, some in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell_all, some)


def _tell_all(replies: Sequence[Reply]) -> None:
    for waiter, answer in replies:
        waiter.tell(answer)
