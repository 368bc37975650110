"""Logs: one JSON object a line on standard error, made of names and numbers of our own.

Nothing that a caller sent is in them: no path, no query, no body, no header; the route's template
stands for the path, and a fault's id for its message.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from api.problems import problem_of

_encode = msgspec.json.Encoder().encode


class Log:
    """Where lines go. `quiet` drops those of answered requests.

    What is said in one turn of the event loop goes out together: whoever writes lets another thread run first, and
    waits for it.
    """

    def __init__(self, out: TextIO | None = None, *, quiet: bool = False) -> None:
        self._out = out or sys.stderr
        self._lines: deque[str] = deque()
        self._told = False  # whether this turn's lines go out at its end
        self.quiet = quiet

    def write(self, event: str, **what: Any) -> None:
        """One line."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "event": event, **{k: v for k, v in what.items() if v is not None}}
        self._lines.append(_encode(line).decode() + "\n")
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._put_out()
            return
        if not self._told:
            self._told = True
            loop.call_soon(self._put_out)

    def failed(self, event: str, error: Exception) -> None:
        """One line on what failed where nobody asked: which problem, and where in our code a fault of ours lies."""
        problem = problem_of(error)
        self.write(event, problem=problem.code, fault=problem.fault)

    def _put_out(self) -> None:
        self._told = False
        lines = []
        with suppress(IndexError):
            while True:
                lines.append(self._lines.popleft())
        self._out.write("".join(lines))
        self._out.flush()
