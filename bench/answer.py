"""What every step of the bench says at its end: seconds, peak memory of the process and its children."""

from __future__ import annotations

import json
import resource
import time
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


def answer(seconds: float, **more: Any) -> None:
    """Print the answer as one line of JSON. Peak memory: this process, plus its largest helper process."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    helper = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak_gib": (own + helper) / KIB_PER_GIB, **more}))
