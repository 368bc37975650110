"""Turns at the pen, for a database with one writer at a time.

Such a database lets those who wait try again after ever longer pauses, so that one who writes much
starves all others. Here everybody takes a turn before writing: a file lock beside the database,
freed when its process dies. A second lock says that somebody waits; one who writes much looks at it
often, ends its turn early, and asks for the next one only when nobody waits, or after a while.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mdm.hub.dialect import busy
from mdm.work.lock import locked

LOOK_SECONDS = 0.0003  # between two looks whether the turn is free
GIVE_WAY_SECONDS = 0.05  # how long one who writes much lets others go first


class Alone:
    """A turn at a database that no other process can see."""

    def waited_for(self) -> bool:
        """Never."""
        return False


class Files:
    """The two files beside a database that the locks are on, open as long as a connection is: to
    open them for every turn would take longer than to lock them."""

    def __init__(self, database: Path) -> None:
        self._open: list[int] = []
        for what in ("turn", "wait"):
            self._open.append(_open(database, what))
        self.pen, self.waiting = self._open

    def __del__(self) -> None:
        for descriptor in self._open:
            os.close(descriptor)


class FileTurn:
    """A turn held by a file lock."""

    def __init__(self, waiting: int) -> None:
        self._waiting = waiting

    def waited_for(self) -> bool:
        """Whether somebody else wants to write."""
        if not locked(self._waiting, fcntl.LOCK_EX):
            return True
        fcntl.flock(self._waiting, fcntl.LOCK_UN)
        return False


@contextmanager
def turn_at(files: Files, seconds: float, *, bulk: bool) -> Iterator[FileTurn]:
    """Hold the turn at a database; HomeError when it is not free for so many seconds."""
    pen, waiting = files.pen, files.waiting
    try:
        turn = FileTurn(waiting)
        if bulk:
            _until(lambda: not turn.waited_for(), GIVE_WAY_SECONDS)
        else:
            fcntl.flock(waiting, fcntl.LOCK_SH)
        if not _until(lambda: locked(pen, fcntl.LOCK_EX), seconds):
            raise busy()
        fcntl.flock(waiting, fcntl.LOCK_UN)
        yield turn
    finally:
        fcntl.flock(waiting, fcntl.LOCK_UN)
        fcntl.flock(pen, fcntl.LOCK_UN)


def _open(database: Path, what: str) -> int:
    return os.open(f"{database}-{what}", os.O_RDWR | os.O_CREAT, 0o600)


def _until(done: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again, for so long; whether the answer was yes."""
    ends = time.monotonic() + seconds
    while not done():
        if time.monotonic() > ends:
            return False
        time.sleep(LOOK_SECONDS)
    return True
