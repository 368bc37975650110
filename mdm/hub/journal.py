"""The journal of a database: brought to disk by somebody else than who commits.

A commit waits for the disk most of its time. Who answers all the time commits without waiting,
begins what comes next, and lets nothing leave before `sync` has returned: as lasting as a commit
that waits, while the disk works beside the processor.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Protocol

from mdm.errors import HomeError


class Journal(Protocol):
    """What makes commits last."""

    def sync(self) -> None:
        """Return once everything that was committed before survives a power cut."""


class Lasting:
    """Where each commit waits for the disk itself."""

    def sync(self) -> None:
        """Nothing is left to do."""


class LogFile:
    """The write-ahead log beside a SQLite database. Safe to use from many threads.

    What a checkpoint has moved out of it was brought to disk by the checkpoint.
    """

    def __init__(self, database: Path) -> None:
        self._path = Path(f"{database}-wal")
        self._file = -1
        self._lock = Lock()
        self._lost = False

    def sync(self) -> None:
        """Return once all that was committed before is on disk.

        HomeError when it cannot be brought there, and from then on: a disk that failed may say at
        the next try that all is well, although it dropped what it was given before.
        """
        with self._lock:
            if not self._lost:
                try:
                    self._follow()
                    os.fdatasync(self._file)
                except OSError:
                    self._lost = True
            if self._lost:
                raise HomeError(
                    "The disk under the database does not keep what it is given.",
                    "Look after the disk, then start the service again.",
                )

    def _follow(self) -> None:
        """Open the log, again where it was made anew since: while nobody had the database open."""
        if self._file >= 0 and os.path.samestat(os.fstat(self._file), self._path.stat()):
            return
        fresh = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        self._close()
        self._file = fresh

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        with suppress(OSError):
            self._close()
