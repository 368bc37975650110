"""The helper: a process beside the one that serves, which works off shares of large batches.

It starts with the first of them and opens the hub for itself. What goes wrong with it costs time
only: the share it had is worked off by who handed it over.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from threading import Lock, Thread
from typing import Self

from mdm.compose import Hub
from mdm.eligibility.shares import Outcome, Shares, Terms
from mdm.work.frames import receive, send, widen

PARALLEL_FROM = 2_000  # people; what is less is told before a helper has begun


class Helper:
    """One helper process, for one batch at a time: `with Helper(hub) as helper: …`. `least`: people
    from whom on it is worth its while."""

    def __init__(self, hub: Hub, least: int = PARALLEL_FROM) -> None:
        self._home, self._least = hub.settings.home, least
        self._process: subprocess.Popen[bytes] | None = None
        self._busy = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            # What was left in a pipe's buffer has no reader any more.
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def join_in(self, terms: Terms, shares: Shares, people: int) -> None:
        """Take up shares beside the caller, if the batch is large and the helper is free."""
        if people < self._least or (os.cpu_count() or 1) < 2:
            return
        if self._busy.acquire(blocking=False):
            Thread(
                target=self._help, args=(terms, shares), name="batch helper", daemon=True
            ).start()

    def _help(self, terms: Terms, shares: Shares) -> None:
        try:
            with suppress(OSError):
                process = self._process = self._running()
                while (share := shares.take()) is not None:
                    try:
                        outcome = _asked_for(process, pickle.dumps((terms, share)))
                    except Exception:
                        # Whatever it is: a share not given back is waited for for ever.
                        outcome = None
                    if outcome is None:
                        shares.give_back(share)
                        return
                    shares.give(outcome)
        finally:
            self._busy.release()

    def _running(self) -> subprocess.Popen[bytes]:
        """The process, ready. OSError when it cannot be started."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mdm.helping", str(self._home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                widen(pipe)
        if process.stdout is None or receive(process.stdout) is None:
            raise BrokenPipeError
        return process


def _asked_for(process: subprocess.Popen[bytes], question: bytes) -> Outcome | None:
    """What the helper makes of a share; None when it cannot."""
    if process.stdin is None or process.stdout is None:
        return None
    send(process.stdin, question)
    answer = receive(process.stdout)
    found: Outcome | None = pickle.loads(answer) if answer else None
    return found
