"""Review: the queue, one task at a time, what a supervisor sees."""

from __future__ import annotations

from typing import Any

from api.web.review import answers, queue, samples, supervision, tasks

HANDLERS: list[Any] = [
    queue.queue,
    tasks.start,
    tasks.show,
    tasks.opened,
    tasks.released,
    answers.answered,
    answers.undone,
    supervision.supervision,
    *samples.HANDLERS,
]
