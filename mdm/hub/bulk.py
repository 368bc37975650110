"""Bulk work: much to write, in short units of work, so that others who write hardly wait.

For what no reader sees before a later unit of work makes it visible: where one unit ends and the
next begins is not for the caller to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import SQLModel

from mdm.hub.dialect import Dialect, Row, Turn
from mdm.hub.lists import slices

ALONE_SECONDS = 0.1  # a unit of work while nobody else writes,
SHARED_SECONDS = 0.008  # and while somebody does:
SHARED_FOR = 1.0  # so long after one was seen waiting


class Bulk:
    """Load and change in short units of work; the last one ends with the `with` block.

    The turn to write is kept from one call to the next: rest before waiting for anything else.
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
        for some in slices(rows, self._dialect.grain):
            self._write()
            count += self._dialect.load(self._connection, model, columns, some)
            self._look()
        return count

    def execute(self, statement: sa.Executable, parameters: Iterable[Mapping[str, Any]]) -> None:
        """Carry out one statement for many sets of parameters."""
        for some in slices(parameters, self._dialect.grain):
            self._write()
            self._connection.execute(statement, some)
            self._look()

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
        now = time.monotonic()
        waited_for = self._turn is not None and self._turn.waited_for()
        if waited_for:
            self._shared_until = now + SHARED_FOR
        limit = SHARED_SECONDS if now < self._shared_until else ALONE_SECONDS
        if waited_for or now - self._begun > limit:
            self.rest()
