"""PostgreSQL behind the database port: the production database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC
from functools import partial
from os import getpid
from socket import gethostname
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import SQLModel

from mdm.errors import HomeError, HubError
from mdm.hub import walls
from mdm.hub.dialect import Pool, Row, Still, Turn, busy, full, register, table_of, upsert_rows
from mdm.hub.journal import Journal, Lasting
from mdm.hub.meanwhile import somebody_else
from mdm.work.lock import SINCE, BusyError, taken

MIGRATIONS_WAIT = "60s"  # for another process that migrates
TABLES_WAIT = "5s"  # for a table, while readers that came later wait behind


# Names who works to all who look; a server finds a machine that is gone after a minute and a half, not after hours.
_QUIET = (
    "SELECT set_config('application_name', %(name)s, true), "
    "set_config('idle_in_transaction_session_timeout', '0', true), "
    "set_config('tcp_keepalives_idle', '30', true), set_config('tcp_keepalives_interval', '10', true), "
    "set_config('tcp_keepalives_count', '6', true)"
)
_TRY = "SELECT pg_try_advisory_xact_lock(%(number)s)"
_WORKER = sa.text(
    "SELECT coalesce(a.application_name, 'another home') AS who, coalesce(a.xact_start, now()) AS since "
    "FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
    "JOIN pg_database d ON d.oid = l.database AND d.datname = current_database() "
    "WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 "
    "AND (l.classid::bigint << 32) | l.objid::bigint = :number"
)


def _number(name: str) -> int:
    """The advisory lock of a name."""
    digest = hashlib.sha256(f"dtsen:{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _work(connection: sa.Connection) -> int:
    """The lock on work: a database may hold several hubs, each in a schema of its own."""
    return _number(f"work in {connection.execute(sa.text('SELECT current_schema()')).scalar()}")


def _still(driver: Any) -> None:
    """Asked of the driver, whose connections, unlike SQLAlchemy's, any thread may use."""
    import psycopg  # noqa: PLC0415 - as in `known`

    try:
        driver.execute("SELECT 1")
    except psycopg.Error:
        raise HomeError(
            "The connection that kept other homes from working on the database was lost; nothing was published.",
            "Run it again: it resumes.",
        ) from None


class _NobodyWaits:
    """Writers of different rows do not wait for each other here."""

    def waited_for(self) -> bool:
        return False


def _in_unicode(connection: Any, _record: object) -> None:
    """HomeError where the database keeps texts as bytes, or in an alphabet that some name is not of: a server set up
    without a locale makes such ones."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise HomeError(
            f"The hub's database keeps its texts in {encoding}; it must be UTF8.",
            "Make it with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
        )


class PostgreSQL:
    """COPY for bulk, advisory locks for turns, triggers for what may only grow."""

    clustered: Mapping[str, Any] = {}
    in_order: sa.types.TypeEngine[int] = sa.BigInteger()
    grain = 20_000
    embedded = False

    def engine(self, url: str, pool: Pool) -> sa.Engine:
        limits = {
            "statement_timeout": pool.statement,
            "lock_timeout": pool.lock,
            "idle_in_transaction_session_timeout": pool.idle,
        }
        options = " ".join(f"-c {name}={round(1000 * s)}" for name, s in limits.items())
        engine = sa.create_engine(
            sa.make_url(url).set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=pool.size,
            max_overflow=pool.overflow,
            pool_timeout=pool.wait,
            connect_args={"options": options},
            hide_parameters=True,
        )
        sa.event.listen(engine, "connect", _in_unicode, insert=True)  # before SQLAlchemy asks it
        return engine

    def defer_sync(self, engine: sa.Engine) -> Journal:
        # The server gathers what commits at the same time; it tells nobody later.
        return Lasting()

    @contextmanager
    def turn(self, connection: sa.Connection, *, bulk: bool) -> Iterator[Turn]:
        yield _NobodyWaits()

    def begin_write(self, connection: sa.Connection) -> None:
        return None

    def begin_read(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def begin_migration(self, connection: sa.Connection) -> None:
        self.unhurried(connection)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{MIGRATIONS_WAIT}'")
        self.exclusive(connection, "migrations")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{TABLES_WAIT}'")

    def unhurried(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")

    def absent(self, url: str) -> bool:
        return False  # its server says so

    def known(self, error: BaseException) -> HubError | None:
        import psycopg  # noqa: PLC0415 - SQLAlchemy loads it where a server is asked, and nowhere else

        match getattr(error, "orig", error):
            case psycopg.errors.DiskFull():
                return full()
            case psycopg.errors.ReadOnlySqlTransaction():
                return HomeError(
                    "The hub's database takes no changes: it is read-only.",
                    "Name the server that is written to in database_url, or make this one so.",
                )
            # Two who waited for each other, of whom the server ended one, or who made the same at once.
            case psycopg.errors.DeadlockDetected() | psycopg.errors.UniqueViolation():
                return somebody_else()
            case psycopg.errors.LockNotAvailable():
                return busy()
        return None

    def upsert(
        self, connection: sa.Connection, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        upsert_rows(connection, insert(table_of(model)), rows)

    def load(
        self,
        connection: sa.Connection,
        model: type[SQLModel],
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        known: bool = False,
    ) -> int:
        if known:
            found = [dict(zip(columns, row, strict=True)) for row in rows]
            connection.execute(insert(table_of(model)).on_conflict_do_nothing(), found)
            return len(found)
        driver: Any = connection.connection.driver_connection
        table = table_of(model)
        types = [table.c[name].type.compile(dialect=connection.dialect).lower() for name in columns]
        types = ["float8" if name == "float" else name for name in types]  # as COPY knows it
        count = 0
        with (
            driver.cursor() as cursor,
            cursor.copy(
                f"COPY {table.name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
            ) as copy,
        ):
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
                count += 1
        return count

    def exclusive(self, connection: sa.Connection, name: str) -> None:
        connection.execute(
            sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": _number(name)}
        )

    @contextmanager
    def alone(self, engine: sa.Engine, what: str) -> Iterator[Still]:
        import psycopg  # noqa: PLC0415 - as in `known`

        # A transaction that does nothing else: it ends when this process does, whoever stands between it and the
        # server. It holds up no VACUUM, and is the pool's no more: the work may need all that there are.
        pooled: Any = engine.raw_connection()
        driver = pooled.driver_connection
        pooled.detach()
        try:
            driver.execute(_QUIET, {"name": f"{what}, process {getpid()} on {gethostname()}"})
            with engine.connect() as connection:
                work = {"number": _work(connection)}

            def free() -> bool:
                return bool(driver.execute(_TRY, work).fetchone()[0])

            def holder() -> str:
                with engine.connect() as connection:
                    return self.worker(connection)

            if not taken(free, holder, what):
                raise BusyError(
                    f"The database is busy: {holder() or 'another home works on it'}.",
                    "Wait until it is done.",
                )
            yield partial(_still, driver)
        finally:
            with suppress(psycopg.Error):  # where it was lost, it has ended
                driver.rollback()
            driver.close()

    def worker(self, connection: sa.Connection) -> str:
        found = connection.execute(_WORKER, {"number": _work(connection)}).first()
        return "" if found is None else f"{found.who}, {found.since.astimezone(UTC):{SINCE}}"

    def holds(self, column: sa.SQLColumnExpression[bytes], part: bytes) -> sa.ColumnElement[bool]:
        return sa.func.pg_catalog.position(column, part) > 0

    def build_wall(self, connection: sa.Connection) -> None:
        walls.build(connection)

    def take_wall_down(self, connection: sa.Connection) -> None:
        walls.take_down(connection)

    def wall(
        self, connection: sa.Connection, regions: Sequence[str], seq: int
    ) -> AbstractContextManager[None]:
        return walls.behind(connection, regions, seq)

    def tend(self, connection: sa.Connection) -> None:
        return None

    def append_only(self, connection: sa.Connection, table: str) -> None:
        connection.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )

    def scrub(self, engine: sa.Engine, tables: Sequence[str]) -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM {', '.join(tables)}")


register("postgresql", PostgreSQL())
