"""The parent: a server process ends when the one that began it is gone, killed as it may be.

Else it would answer on, and hold the port, with nobody to stop it or to begin it anew.
"""

from __future__ import annotations

import os
import signal
import time
from threading import Thread

LOOK = 1.0  # seconds between two looks


def end_with(parent: int) -> None:
    """Tell this process to stop, as its parent would, once that is not its parent any more."""
    Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while True:
        time.sleep(LOOK)
        if os.getppid() != parent:  # again and again: who only begins hears no such word yet
            os.kill(os.getpid(), signal.SIGTERM)
