"""Bulk work lets a server on the same machine go first: what it starts runs at a lower priority.

The thread that writes to the hub keeps its own: whoever waits for its turn to write waits for it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

NICENESS = 5

_T = TypeVar("_T")


def in_background(make: Callable[[], _T]) -> _T:
    """What `make` gives. The threads and processes it starts have a lower priority than this one."""
    with ThreadPoolExecutor(1, initializer=_lower) as thread:
        return thread.submit(make).result()


def _lower() -> None:
    """Lower the priority of this thread alone, where threads have one of their own."""
    if sys.platform == "linux":
        with suppress(OSError):
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, 0, max(own, NICENESS))
