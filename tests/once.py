"""What is dear and the same for everybody is made once for all test processes."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """A folder that test processes share, filled by whoever asks first, while others wait.

    Nobody changes what is in it: who would takes a copy.
    """
    made = folder / "made"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(folder)
            made.touch()
    return folder
