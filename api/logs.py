"""Logs: one JSON object a line on standard error, made of names and numbers of our own.

Nothing that a caller sent is in them: no path, no query, no body, no header; the route's template
stands for the path, and a fault's id for its message.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

_encode = msgspec.json.Encoder().encode


class Log:
    """Where lines go. `quiet` drops those of answered requests."""

    def __init__(self, out: TextIO | None = None, *, quiet: bool = False) -> None:
        self._out = out or sys.stderr
        self.quiet = quiet

    def write(self, event: str, **what: Any) -> None:
        """One line."""
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "event": event, **{k: v for k, v in what.items() if v is not None}}
        self._out.write(_encode(line).decode() + "\n")
        self._out.flush()
