"""One worker at a time: an exclusive lock on the home, freed when its process dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mdm.errors import HomeError


class BusyError(HomeError):
    """Another process works on this home."""


def held(path: Path) -> bool:
    """Whether a process holds the lock now; one that died holds nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


@contextmanager
def work_lock(path: Path, what: str) -> Iterator[None]:
    """Hold the home's work lock; BusyError says which process holds it and for what."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
            raise BusyError(
                f"This home is busy: {holder or 'another process works on it'}.",
                "Wait until it is done.",
            ) from None
        os.ftruncate(descriptor, 0)
        since = datetime.now(UTC).strftime("%H:%M:%S UTC")
        os.pwrite(descriptor, f"{what}, process {os.getpid()}, since {since}".encode(), 0)
        yield
    finally:
        os.close(descriptor)
