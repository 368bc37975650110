"""What every step of the bench says at its end: seconds, and the peak memory of the process with its helpers."""

from __future__ import annotations

import json
import resource
import threading
import time
from pathlib import Path
from typing import Any

KIB_PER_GIB = 1024**2


class Clock:
    """Seconds since it was made, and since the last lap."""

    def __init__(self) -> None:
        self._begun = self._lap = time.perf_counter()

    def lap(self) -> float:
        """Seconds since the lap before."""
        last, self._lap = self._lap, time.perf_counter()
        return round(self._lap - last, 2)

    def whole(self) -> float:
        """Seconds since the clock was made."""
        return round(time.perf_counter() - self._begun, 2)


class Helpers(threading.Thread):
    """Watches the helper processes: the most memory they held together at one look, in KiB. Linux only, else 0.

    The system's own figure for finished children counts what the parent held when it started them.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self.start()

    def run(self) -> None:
        """Look five times a second."""
        while True:
            self.most = max(self.most, sum(_resident(pid) for pid in _children()))
            time.sleep(0.2)


def _children() -> list[str]:
    try:
        found = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    except OSError:
        return []
    return [pid for text in found for pid in text.split()]


def _resident(pid: str) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * resource.getpagesize() // 1024


def answer(seconds: float, helpers: Helpers | None = None, **more: Any) -> None:
    """Print the answer as one line of JSON. Peak memory: this process's own, plus its helpers'."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = (own + (helpers.most if helpers else 0)) / KIB_PER_GIB
    print(json.dumps({"seconds": seconds, "peak_gib": peak, **more}))
