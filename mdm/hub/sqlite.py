"""SQLite behind the database port: the embedded default, one file in the home."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import SQLModel

from mdm.errors import DiskFullError, HomeError, HubError, IntegrityError
from mdm.hub.dialect import Pool, Row, Still, Turn, full, register, table_of, upsert_rows
from mdm.hub.journal import Journal, Lasting, LogFile
from mdm.hub.lists import rows_of
from mdm.hub.turns import Alone, Files, turn_at

BUSY_MILLISECONDS = 60_000
CHECKPOINT_SECONDS = 0.2  # of bulk work, between two copies of the log into the database
LONG_LOG = 4_000  # pages, from which on the log is begun anew
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
MAPPED = 1 << 40  # bytes of the database; SQLite takes as many as it may (2 GiB, as it is built)
ROWS_TOGETHER = 100  # of a bulk, in one statement: a step of its own for each costs a third more
# FULL: with NORMAL, a power cut takes acknowledged commits away (see `ahead`).
PRAGMAS = (
    "page_size=16384",  # sealed profiles are about a kilobyte: fewer, fuller pages
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY_MILLISECONDS}",
    "cache_size=-131072",  # 128 MiB: random ids touch the whole of an index
    "temp_store=MEMORY",  # no temporary files
    # In pages: bulk work and the tender copy the log back, so that nobody has to do it in a commit.
    "wal_autocheckpoint=8000",
    "secure_delete=FAST",  # a deleted entity key is overwritten, not only forgotten
)


class SQLite:
    """Write-ahead log, full sync, one writer at a time."""

    clustered: Mapping[str, Any] = {"sqlite_with_rowid": False}
    in_order: sa.types.TypeEngine[int] = sa.Integer()  # the row id itself
    grain = 2 * ROWS_TOGETHER
    embedded = True

    def engine(self, url: str, pool: Pool) -> sa.Engine:
        database = sa.make_url(url).database
        many: dict[str, Any] = {}
        if database and database != ":memory:":
            Path(database).touch(mode=0o600, exist_ok=True)
            many = {
                "pool_size": pool.size, "max_overflow": pool.overflow, "pool_timeout": pool.wait,
            }  # fmt: skip
            many["creator"] = partial(_standing, Path(database))
        timeout = {"timeout": BUSY_MILLISECONDS / 1000}
        engine = sa.create_engine(url, connect_args=timeout, hide_parameters=True, **many)
        sa.event.listen(engine, "connect", self._connect)
        return engine

    def defer_sync(self, engine: sa.Engine) -> Journal:
        database = engine.url.database
        if not database or database == ":memory:":
            return Lasting()
        sa.event.listen(engine, "connect", self._hurry)
        return LogFile(Path(database))

    @staticmethod
    def _hurry(connection: Any, _record: Any) -> None:
        # Of all that FULL brings to disk this leaves out the log after a commit, and nothing else.
        connection.execute("PRAGMA synchronous=NORMAL").fetchall()
        # Random profiles are hardly ever in the cache: they are read where the system has them,
        # without a copy of 16 KiB each.
        connection.execute(f"PRAGMA mmap_size={MAPPED}").fetchall()

    @staticmethod
    def _connect(connection: Any, record: Any) -> None:
        ((_, _, database),) = connection.execute("PRAGMA database_list").fetchall()
        record.info["file"] = _identity(database) if database else None
        # The driver's own transaction habits are off; every unit of work says BEGIN itself.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @contextmanager
    def turn(self, connection: sa.Connection, *, bulk: bool) -> Iterator[Turn]:
        database = connection.engine.url.database
        if not database or database == ":memory:":
            yield Alone()
            return
        files: Files | None = connection.info.get("turn")
        if files is None:
            try:
                files = connection.info["turn"] = Files(Path(database))
            except OSError as error:
                if error.errno not in UNWRITABLE:
                    raise
                raise _read_only() from None
        with turn_at(files, BUSY_MILLISECONDS / 1000, bulk=bulk) as turn:
            # SQLite would go on writing to a file that was deleted, and say that it is kept.
            if connection.info["file"] != _identity(database):
                raise HomeError(
                    "The hub's database file is gone, or another lies in its place.",
                    "Stop whatever works on this home, put hub.db back, and start again.",
                )
            yield turn
        if bulk:
            self._checkpoint(connection)

    @staticmethod
    def _checkpoint(connection: sa.Connection) -> None:
        """Copy the log into the database, if it is time; others read and write meanwhile."""
        driver: Any = connection.connection.driver_connection
        now = time.monotonic()
        if now - connection.info.get("checkpoint", 0.0) > CHECKPOINT_SECONDS:
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            connection.info["checkpoint"] = time.monotonic()

    def begin_write(self, connection: sa.Connection) -> None:
        rows_of(connection, "BEGIN IMMEDIATE", ())

    def begin_read(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    def begin_migration(self, connection: sa.Connection) -> None:
        # A writing unit of work is alone already, and readers never wait for it.
        return None

    def unhurried(self, connection: sa.Connection) -> None:
        return None

    def absent(self, url: str) -> bool:
        database = sa.make_url(url).database
        return bool(database) and database != ":memory:" and not Path(str(database)).exists()

    def known(self, error: BaseException) -> HubError | None:
        code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
        # The lower byte is the kind of the error, what is above it a closer word on it.
        match (code or 0) & 0xFF:
            case sqlite3.SQLITE_FULL:
                return full()
            case sqlite3.SQLITE_READONLY:
                return _read_only()
            case sqlite3.SQLITE_IOERR:
                return DiskFullError(
                    "The disk under the database is full, takes no more of this account, or fails.",
                    "Make room; or look for a quota or a limit on files (ulimit -a), and into the machine's log. Then "
                    "run again: it resumes.",
                )
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                return IntegrityError(
                    "The hub's database file is damaged.",
                    "Stop whatever works on this home, keep the file, and put the newest backup in its place: database "
                    "and lake of the same moment.",
                )
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
        rows = rows if isinstance(rows, list) else list(rows)
        row = f"({', '.join('?' for _ in columns)})"
        # A statement that might fail half done keeps a copy of every page it changes; here its whole
        # unit of work fails with it.
        verb = f"INSERT OR {'IGNORE' if known else 'FAIL'}"
        sql = f"{verb} INTO {table_of(model).name} ({', '.join(columns)}) VALUES {row}"
        many = sql + f", {row}" * (ROWS_TOGETHER - 1)
        whole = len(rows) - len(rows) % ROWS_TOGETHER
        values = chain.from_iterable(islice(rows, whole))
        driver: Any = connection.connection.driver_connection
        cursor = driver.cursor()
        try:
            cursor.executemany(many, zip(*[values] * (len(columns) * ROWS_TOGETHER), strict=True))
            cursor.executemany(sql, rows[whole:])
        finally:
            cursor.close()
        return len(rows)

    def exclusive(self, connection: sa.Connection, name: str) -> None:
        # A writing unit of work already holds the only write lock there is.
        return None

    def alone(self, engine: sa.Engine, what: str) -> AbstractContextManager[Still]:
        # The database lies in its home, whose own lock is enough.
        return nullcontext(lambda: None)

    def worker(self, connection: sa.Connection) -> str:
        return ""

    def holds(self, column: sa.SQLColumnExpression[bytes], part: bytes) -> sa.ColumnElement[bool]:
        return sa.func.instr(column, part) > 0

    def build_wall(self, connection: sa.Connection) -> None:
        return None

    def take_wall_down(self, connection: sa.Connection) -> None:
        return None

    def wall(
        self, connection: sa.Connection, regions: Sequence[str], seq: int
    ) -> AbstractContextManager[None]:
        return nullcontext()

    def tend(self, connection: sa.Connection) -> None:
        """Copy the log into the database while others write. They add to it meanwhile: it can only
        begin anew when, for a moment, nobody does and the last of it is copied."""
        driver: Any = connection.connection.driver_connection
        copy = "PRAGMA wal_checkpoint(PASSIVE)"
        ((_, pages, _),) = driver.execute(copy).fetchall()
        if pages > LONG_LOG:
            with self.turn(connection, bulk=False):
                driver.execute(copy).fetchall()

    def append_only(self, connection: sa.Connection, table: str) -> None:
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )

    def scrub(self, engine: sa.Engine, tables: Sequence[str]) -> None:
        # Deleted rows are overwritten in their pages (secure_delete); older pages are in the log.
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _standing(database: Path) -> sqlite3.Connection:
    """A connection to a file that is there: one that is gone must not be made anew, with nothing in it."""
    where = f"file:{quote(str(database.absolute()))}?mode=rw"
    seconds = BUSY_MILLISECONDS / 1000
    return sqlite3.connect(where, uri=True, timeout=seconds, check_same_thread=False)


def _identity(database: str) -> tuple[int, int] | None:
    """Which file lies there: its device and number; None for none."""
    try:
        found = Path(database).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _read_only() -> HomeError:
    return HomeError(
        "The hub's database may be read, but not written.",
        "Check the rights of hub.db, of hub.db-wal and hub.db-shm beside it and of their folder, and that the disk is "
        "not mounted read-only.",
    )


register("sqlite", SQLite())
