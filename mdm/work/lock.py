"""One worker at a time: an exclusive lock on the home, freed when its process dies. Where a server keeps the database,
other homes may use it too: there a lock of the database is taken as well (mdm/hub/postgresql.py).

Decisions are settled in seconds, at any moment; other work waits for them. For anything else nobody waits here: it may
take hours, and who asked decides whether to.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mdm.errors import HomeError

LOOKS, LOOK_SECONDS = 10, 0.01  # before a lock that is not free is another process's work
BRIEF, BRIEF_SECONDS = "decision", 60.0  # what is waited for, and how long
SINCE = "since %H:%M:%S UTC"


class BusyError(HomeError):
    """Another process works on this home, or on its database."""


def held(path: Path) -> bool:
    """Whether a process holds the lock now; one that died holds nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not locked(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


@contextmanager
def work_lock(path: Path, what: str) -> Iterator[None]:
    """Hold the home's work lock; BusyError says which process holds it and for what."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not taken(lambda: locked(descriptor, fcntl.LOCK_EX), lambda: _holder(descriptor), what):
            holder = _holder(descriptor)
            raise BusyError(
                f"This home is busy: {holder or 'another process works on it'}.",
                "Wait until it is done.",
            )
        os.ftruncate(descriptor, 0)
        since = datetime.now(UTC).strftime(SINCE)
        os.pwrite(descriptor, f"{what}, process {os.getpid()}, {since}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def taken(free: Callable[[], bool], holder: Callable[[], str], what: str) -> bool:
    """Take a lock that `free` takes if it can. Whoever only looks (`held`) has it for a moment: that is waited for; so
    is a decision, and whoever has let go before they could be named."""
    looks, until = 0, time.monotonic() + BRIEF_SECONDS
    while not free():
        looks += 1
        who = holder()
        deciding = not who or (what != BRIEF and who.startswith(f"{BRIEF},"))
        if looks >= LOOKS and not (deciding and time.monotonic() < until):
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _holder(descriptor: int) -> str:
    """What the lock is held for, by whom, since when."""
    return os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()


def locked(descriptor: int, how: int) -> bool:
    """Take a lock on an open file (`fcntl.LOCK_EX` alone, `LOCK_SH` with others) if it is free now; whether it was."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
