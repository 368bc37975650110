"""Bulk work: much to write, in short units of work, so that others who write hardly wait.

For what no reader sees before a later unit of work makes it visible: where one unit ends and the
next begins is not for the caller to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from itertools import islice
from typing import Any, Self, TypeVar

import sqlalchemy as sa
from sqlmodel import SQLModel

from mdm.hub.dialect import Dialect, Row, Turn

# A unit of work while nobody else writes: the leaves of an index that is not in the order of the rows are written anew
# by every one of them;
ALONE_SECONDS = 1.0
SHARED_SECONDS = 0.008  # and while somebody does:
SHARED_FOR = 1.0  # so long after one was seen waiting

_T = TypeVar("_T")


class Bulk:
    """Load and change in short units of work; the last one ends with the `with` block.

    The turn to write is kept from one call to the next: pause before waiting for anything else.
    """

    def __init__(
        self,
        dialect: Dialect,
        connection: sa.Connection,
        unit: Callable[[], AbstractContextManager[Turn]],
    ) -> None:
        self._dialect, self._connection, self._unit = dialect, connection, unit
        self._held = ExitStack()
        self._turn: Turn | None = None
        self._begun = self._shared_until = 0.0

    def load(self, model: type[SQLModel], columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Insert plain tuples; how many there were."""
        count = 0
        for some in _slices(rows, self._dialect.grain):
            self._write()
            count += self._dialect.load(self._connection, model, columns, some)
            self._look()
        return count

    def execute(self, statement: sa.Executable, parameters: Iterable[Mapping[str, Any]]) -> None:
        """Carry out one statement for many sets of parameters."""
        for some in _slices(parameters, self._dialect.grain):
            self._write()
            self._connection.execute(statement, some)
            self._look()

    def pause(self) -> None:
        """Rest, unless nobody has wanted to write for a while."""
        if self._waited_for() or self._shared():
            self.rest()

    def rest(self) -> None:
        """Commit what was written, and let others write."""
        self._turn = None
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: Any) -> None:
        self._turn = None
        self._held.__exit__(*raised)

    def _write(self) -> None:
        if self._turn is None:
            self._turn = self._held.enter_context(self._unit())
            self._begun = time.monotonic()

    def _look(self) -> None:
        """Rest when somebody waits, or when the unit of work has lasted long enough."""
        waited_for = self._waited_for()
        limit = SHARED_SECONDS if self._shared() else ALONE_SECONDS
        if waited_for or time.monotonic() - self._begun > limit:
            self.rest()

    def _waited_for(self) -> bool:
        """Whether somebody waits now."""
        waited_for = self._turn is not None and self._turn.waited_for()
        if waited_for:
            self._shared_until = time.monotonic() + SHARED_FOR
        return waited_for

    def _shared(self) -> bool:
        """Whether somebody was seen waiting lately."""
        return time.monotonic() < self._shared_until


def _slices(some: Iterable[_T], size: int) -> Iterator[list[_T]]:
    rest = iter(some)
    while part := list(islice(rest, size)):
        yield part
