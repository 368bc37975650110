"""Statements over lists of ids, asked many times a second.

SQLAlchemy compiles them, once per length of the list; after that they go straight to the driver.
Lists are filled up to a power of two, so that there are few lengths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

TOGETHER = 1_000  # values asked for in one statement

_Bind = Callable[[Sequence[Any], dict[str, Any]], Any]
_T = TypeVar("_T")


def together(some: Iterable[_T]) -> Iterator[list[_T]]:
    """Distinct values, in their order, in lists short enough for one statement."""
    return slices(dict.fromkeys(some), TOGETHER)


def slices(some: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """What comes, in lists of so many; the last may be shorter."""
    rest = iter(some)
    while part := list(islice(rest, size)):
        yield part


class Prepared:
    """A statement with parameters by name, compiled once for each database.

    Rows are plain tuples as the driver gives them, as with ListQuery.
    """

    def __init__(self, statement: sa.ClauseElement) -> None:
        self._statement = statement
        self._ready: dict[str, tuple[str, Sequence[str] | None]] = {}

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Any]:
        """The rows that the statement gives."""
        ready = self._ready.get(connection.dialect.name)
        if ready is None:
            compiled = cast(SQLCompiler, self._statement.compile(dialect=connection.dialect))
            ready = self._ready[connection.dialect.name] = (str(compiled), compiled.positiontup)
        sql, order = ready
        return rows_of(connection, sql, values if order is None else [values[n] for n in order])


class ListQuery:
    """A SELECT with an expanding parameter `ids`, and other parameters by name.

    Rows are plain tuples as the driver gives them: for columns of text, whole numbers, floats and
    bytes only.
    """

    def __init__(self, statement: sa.ClauseElement) -> None:
        self._statement = statement
        self._ready: dict[tuple[str, int], tuple[str, _Bind]] = {}

    def rows(self, connection: sa.Connection, ids: Sequence[Any], **more: Any) -> list[Any]:
        """The rows for these ids; none for none."""
        if not ids:
            return []
        length = 1 << (len(ids) - 1).bit_length()
        key = (connection.dialect.name, length)
        ready = self._ready.get(key)
        if ready is None:
            ready = self._ready[key] = self._compiled(connection.dialect, length, more)
        sql, bind = ready
        return rows_of(connection, sql, bind([*ids, *[ids[-1]] * (length - len(ids))], more))

    def _compiled(
        self, dialect: sa.Dialect, length: int, more: dict[str, Any]
    ) -> tuple[str, _Bind]:
        """The SQL for lists of one length, and how to lay out its parameters."""
        # In place of values: an id's place in the list, a parameter's own name.
        stand_ins = {"ids": list(range(length)), **{name: name for name in more}}
        compiled = cast(SQLCompiler, self._statement.compile(dialect=dialect))
        state = compiled.construct_expanded_state(stand_ins)
        return state.statement, _binder(state.positiontup, dict(state.parameters))


def rows_of(connection: sa.Connection, sql: str, parameters: Any) -> list[Any]:
    """The rows of a statement that goes straight to the driver; its errors in SQLAlchemy's terms, as
    everywhere."""
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor()
    try:
        cursor.execute(sql, parameters)
        found: list[Any] = cursor.fetchall()
        return found
    except connection.dialect.loaded_dbapi.Error as error:
        raise sa.exc.DBAPIError.instance(
            sql, None, error, connection.dialect.loaded_dbapi.Error, hide_parameters=True
        ) from error
    finally:
        cursor.close()


def _binder(order: Sequence[str] | None, sources: dict[str, Any]) -> _Bind:
    if order is not None:
        wanted = [sources[name] for name in order]
        return lambda ids, more: [ids[at] if isinstance(at, int) else more[at] for at in wanted]
    return lambda ids, more: {
        name: ids[at] if isinstance(at, int) else more[at] for name, at in sources.items()
    }
