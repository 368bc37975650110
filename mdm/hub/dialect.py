"""The database port: what differs between databases, asked as a capability, never as a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from sqlmodel import SQLModel

from mdm.errors import DiskFullError, HomeError, HubError
from mdm.hub.journal import Journal

Row = Sequence[Any]


@dataclass(frozen=True)
class Pool:
    """How many connections there may be, and how long what may take. Seconds; 0: no limit."""

    size: int = 5  # connections kept open
    overflow: int = 10  # more, while they are needed
    wait: float = 30  # for a connection, when all are in use
    statement: float = 60  # of one statement, where a server counts them
    lock: float = 10  # for a lock
    idle: float = 300  # of a transaction that does nothing


#: HomeError where the right to work was lost meanwhile, with the connection that had it. From any thread.
Still = Callable[[], None]


class Turn(Protocol):
    """The right to write, for as long as a unit of work lasts."""

    def waited_for(self) -> bool:
        """Whether somebody else wants to write, and cannot before this turn ends."""


class Dialect(Protocol):
    """One database. Everything here works inside the caller's transaction and never commits."""

    clustered: Mapping[str, Any]
    """Options of CREATE TABLE that keep small rows inside their primary key, where that exists."""

    in_order: sa.types.TypeEngine[int]
    """The type of a whole number of 64 bits by which a table's rows lie, where they can."""

    grain: int
    """Rows of a bulk that go between two looks whether somebody waits to write."""

    embedded: bool
    """Whether the database lives in this process: a connection that is open stays good."""

    def engine(self, url: str, pool: Pool) -> sa.Engine:
        """A connection pool whose commits survive a power cut."""

    def defer_sync(self, engine: sa.Engine) -> Journal:
        """Let commits of an engine not wait for the disk, where somebody else can; what then makes
        them last. Called before its first connection."""

    def turn(self, connection: sa.Connection, *, bulk: bool) -> AbstractContextManager[Turn]:
        """Around a unit of work that will write: waits for its turn where there is one.

        `bulk`: one of many by which one process writes much; it lets all others go first.
        """

    def begin_write(self, connection: sa.Connection) -> None:
        """Called first inside a unit of work that will write."""

    def begin_read(self, connection: sa.Connection) -> None:
        """Called first in a reading unit of work: everything read is of one moment."""

    def begin_migration(self, connection: sa.Connection) -> None:
        """Called first in a migration: one at a time, and rather given up than that its wait for a
        table makes everybody wait behind it."""

    def unhurried(self, connection: sa.Connection) -> None:
        """Let the statements of this transaction take as long as they need."""

    def absent(self, url: str) -> bool:
        """Whether there is no such database, which opening it would make anew, with nothing in it."""

    def known(self, error: BaseException) -> HubError | None:
        """What a failure of the database means in the user's words, where it is one that they can mend:
        no room, no right to write, somebody else at the same. None for any other."""

    def upsert(
        self, connection: sa.Connection, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Insert rows; where the primary key stands already, replace the other columns."""

    def load(
        self,
        connection: sa.Connection,
        model: type[SQLModel],
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        known: bool = False,
    ) -> int:
        """Bulk insert of plain tuples, as fast as the database can; return how many. With `known`, rows whose primary
        key stands already are left as they are."""

    def exclusive(self, connection: sa.Connection, name: str) -> None:
        """Hold the lock `name` until this transaction ends."""

    def alone(self, engine: sa.Engine, what: str) -> AbstractContextManager[Still]:
        """The right to work on a database that other homes may use too; BusyError says who has it, and for what. It
        ends with the context, or with this process."""

    def worker(self, connection: sa.Connection) -> str:
        """Who has that right now; empty where nobody has, or no other home can."""

    def holds(self, column: sa.SQLColumnExpression[bytes], part: bytes) -> sa.ColumnElement[bool]:
        """Whether these bytes stand somewhere in a column of bytes."""

    def build_wall(self, connection: sa.Connection) -> None:
        """Put a second wall between regions into the database, where it can build one."""

    def take_wall_down(self, connection: sa.Connection) -> None:
        """Undo `build_wall`."""

    def wall(
        self, connection: sa.Connection, regions: Sequence[str], seq: int
    ) -> AbstractContextManager[None]:
        """Read what lies in these regions as of a run, and nothing else, whatever the query says.

        `regions`: prefixes of codes, digits; an empty one is the whole country, none is nothing.
        Where the database has no such wall (SQLite), it does nothing: the first wall is `decide()`.
        """

    def tend(self, connection: sa.Connection) -> None:
        """Do what else a commit would do now and then, to the cost of who waits for it. No
        transaction."""

    def append_only(self, connection: sa.Connection, table: str) -> None:
        """Make the database refuse UPDATE and DELETE on a table."""

    def scrub(self, engine: sa.Engine, tables: Sequence[str]) -> None:
        """Leave as little as the database can of rows deleted from some tables. No transaction."""


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table of a table class."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def full() -> DiskFullError:
    """The disk under the database is full."""
    return DiskFullError(
        "The disk under the database is full.", "Make room, then run again: it resumes."
    )


def busy() -> HomeError:
    """Somebody else writes, and does not end."""
    return HomeError(
        "The database is busy: another process writes and does not end.",
        "Look which process works on this home, and try again.",
    )


def upsert_rows(connection: sa.Connection, insert: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """`upsert` where the database knows ON CONFLICT; `insert` is its own INSERT into the table."""
    if not rows:
        return
    keys = [column.name for column in insert.table.primary_key]
    values = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    if values:
        statement = insert.on_conflict_do_update(index_elements=keys, set_=values)
    else:
        statement = insert.on_conflict_do_nothing(index_elements=keys)
    connection.execute(statement, [dict(row) for row in rows])


_REGISTRY: dict[str, Dialect] = {}


def register(scheme: str, dialect: Dialect) -> None:
    """Make a dialect known under the scheme of its URLs."""
    _REGISTRY[scheme] = dialect


def dialect_for(url: str) -> Dialect:
    """The dialect of a database URL; HomeError when nobody speaks it."""
    scheme = sa.make_url(url).get_backend_name()
    if scheme not in _REGISTRY:
        known = ", ".join(sorted(_REGISTRY))
        raise HomeError(
            f"The database '{scheme}' is not supported.", f"Use a URL that starts with: {known}."
        )
    return _REGISTRY[scheme]


def dialect_of(connection: sa.Connection) -> Dialect:
    """The dialect that an open connection speaks (for migrations)."""
    return _REGISTRY[connection.dialect.name]


class Number(sa.TypeDecorator[int]):
    """The number of a row in a table that only grows: where the database can do so, rows lie in its order, without
    an index beside them."""

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(_REGISTRY[dialect.name].in_order)
