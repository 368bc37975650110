"""How long work says where it is. Stages know only this protocol; the command line draws the bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]


class Progress(Protocol):
    """`with progress.task("land warga.csv", total=rows) as advance: advance(n)`. An unknown total is None."""

    def task(self, label: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """One named piece of work, open for as long as the context is."""

    def note(self, message: str) -> None:
        """One line the user should see even when bars are off. Never personal data."""


class Silent:
    """Progress that shows nothing: for tests and for use as a library."""

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
        yield lambda _done: None

    def note(self, message: str) -> None:
        return None
