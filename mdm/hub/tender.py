"""The tender: does for the database, beside those who are served, what they would else wait for."""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Thread
from typing import Self

from mdm.hub.sessions import Sessions

LOOK_SECONDS = 1.0


class Tender:
    """A thread that tends the database once a second: `with Tender(sessions): …`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._ended = Event()
        self._thread = Thread(target=self._work, name="tender", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            # Whatever goes wrong here, whoever commits next meets it, and tells.
            with suppress(Exception):
                self._sessions.tend()
