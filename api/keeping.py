"""Keeping: a process beside those that answer, which signs and indexes the audit log and tends the database.

One for all workers, and in none of them: there it would take the interpreter from those who are answered, some ten
milliseconds at a time. It ends when those who began it have ended, whatever ended them, and signs a last time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import IO, Self

from api.logs import Log
from mdm.audit.keeper import Keeper
from mdm.compose import Hub
from mdm.errors import HubError
from mdm.homes import open_home
from mdm.hub.tender import Tender

GIVES_WAY = 10  # of the system's 19 steps: who answers is served first
AGAIN_SECONDS = 5.0  # after which a process that ended before its time is begun anew


@contextmanager
def kept(hub: Hub, log: Log) -> Iterator[None]:
    """The keeping of a hub by threads of this process."""
    with Keeper(hub, partial(log.failed, "checkpoint")), Tender(hub.sessions):
        yield


class KeptBeside:
    """The keeping of a home by a process of its own: `with KeptBeside(home): …`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._over = Event()
        self._watcher = Thread(target=self._watch, name="keeping", daemon=True)

    def __enter__(self) -> Self:
        self._process = self._begun()
        self._watcher.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.set()
        self._let_end(self._process)
        self._watcher.join()

    def _watch(self) -> None:
        while self._process.wait() is not None and not self._over.wait(AGAIN_SECONDS):
            self._process = self._begun()
            if self._over.is_set():
                self._let_end(self._process)

    def _begun(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "api.keeping", str(self._home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )

    @staticmethod
    def _let_end(process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()


def _keep(home: Path, life: IO[bytes]) -> int:
    """Keep a home until `life` ends, a pipe whose other end is held by who began this and by those who answer. A
    word to stop may go to all processes alike; this one is the last to go."""
    for told in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told, signal.SIG_IGN)
    os.nice(GIVES_WAY)
    log = Log()
    try:
        hub = open_home(home)
    except HubError as error:
        log.failed("checkpoint", error)
        return 1
    with kept(hub, log):
        life.read()
    hub.close()
    return 0


if __name__ == "__main__":
    sys.exit(_keep(Path(sys.argv[1]), sys.stdin.buffer))
