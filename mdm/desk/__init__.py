"""The desk: where everybody waits who wants something revealed, and is answered in groups.

One worker thread takes all questions that wait, whoever asked them, and answers them in one
transaction: open, decide, charge, record, commit. Another one (mdm/desk/release.py) brings groups
to disk and hands their answers out; no answer leaves before that.

    desk = Desk(hub, decide)
    with desk:
        answer = await desk.ask(question)

A `Question` (mdm/desk/terms.py) says whom it needs opened and turns them into its answer; lookup,
eligibility and the DCI façade ask the same desk.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from mdm.compose import Hub
from mdm.desk.errors import BudgetError, BusyError
from mdm.desk.group import Decider, Group
from mdm.desk.release import Release, Waiter
from mdm.desk.terms import Answered, Moment, Person, Profile, Question

__all__ = [
    "Answered",
    "BudgetError",
    "BusyError",
    "Desk",
    "Moment",
    "Person",
    "Profile",
    "Question",
]

TOGETHER = 128  # persons in one group: bounds how long the write lock is held
WAITING = 4_000  # questions that may wait; the next one is refused rather than served late
# Questions answered together, however few others there are: a group costs as much as six of them, and more than the
# disk takes for it.
FEW = 16
LINGER = 0.003  # seconds

Watch = Callable[[int, float], None]  # told of every group: questions, seconds


class Desk:
    """Answers questions in groups, each group in one transaction, on a thread of its own."""

    def __init__(self, hub: Hub, decide: Decider, watch: Watch | None = None) -> None:
        self._group = Group(hub, decide)
        self._watch = watch
        self._queue: SimpleQueue[Waiter | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._open = False
        self._before = 1  # questions that were answered together

    def __enter__(self) -> Desk:
        self._open = True
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Answer everybody who waits, then close."""
        self._open = False
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    @property
    def waiting(self) -> int:
        """Questions that nobody has taken up yet."""
        return self._queue.qsize()

    async def ask(self, question: Question) -> Any:
        """The answer, once its audit event is durable.

        BusyError when too many wait or the desk is closed; otherwise whatever went wrong with this
        question alone.
        """
        if not self._open or self._queue.qsize() >= WAITING:
            raise BusyError
        waiter = Waiter(question)
        self._queue.put(waiter)
        return await waiter.future

    def answer(self, questions: Sequence[Question]) -> list[Any]:
        """The same without waiting in line, for code without an event loop: for every question
        its answer or its exception."""
        answers = self._group.answer(questions)
        self._group.sync()
        return answers

    def _work(self) -> None:
        with Release(self._group.sync) as release:
            while (group := self._next(release)) or self._open:
                if group:
                    self._answer(group, release)

    def _answer(self, group: Sequence[Waiter], release: Release) -> None:
        begun = time.perf_counter()
        answers = self._group.answer([waiter.question for waiter in group])
        release.give(list(zip(group, answers, strict=True)))
        self._before = len(group)
        if self._watch is not None:
            self._watch(len(group), time.perf_counter() - begun)

    def _next(self, release: Release) -> list[Waiter]:
        """Who is answered next, in the order they came; nobody when the desk closes.

        Not more than half of all who are here, unless they are few: while the disk takes up one
        half, the other is answered, and neither waits for all.
        """
        first = self._queue.get()
        while first is None and not self._queue.empty():  # who came last is answered, too
            self._queue.put(None)
            first = self._queue.get()
        if first is None:
            return []
        self._linger()
        here = 1 + self._queue.qsize() + release.under_way
        group, size, most = [first], _size(first), max((here + 1) // 2, FEW)
        while len(group) < most and size < TOGETHER:
            try:
                waiter = self._queue.get_nowait()
            except Empty:
                break
            if waiter is None:
                self._queue.put(None)
                break
            group.append(waiter)
            size += _size(waiter)
        return group

    def _linger(self) -> None:
        """Leave those time to come who were answered together before, and ask again by now.

        Otherwise the first of them starts a group of its own, at the price of a whole one. Who asks
        alone does not wait.
        """
        until = time.monotonic() + LINGER
        while self._open and self._queue.qsize() + 1 < self._before and time.monotonic() < until:
            time.sleep(LINGER / 8)


def _size(waiter: Waiter) -> int:
    asked = waiter.question
    return len(asked.niks) + len(asked.entities) + len(asked.in_vain)
