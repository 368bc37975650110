"""DuckDB as the engine: in memory, disposable, holding no durable personal data."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

#: A thread takes as many rows of a table at a time as one vector has. DuckDB's own measure, 122,880 rows, gives one of
#: two threads two thirds of 300,000, and in memory no other can be set. Made for DuckDB's own tests (decision 59).
_SHARE_EVENLY = "PRAGMA verify_parallelism"


class DuckDBEngine:
    """One in-memory DuckDB. Spill is off unless the operator names a directory declared encrypted (`spill`)."""

    def __init__(
        self, *, memory_limit: str = "4GB", threads: int | None = None, spill: Path | None = None
    ) -> None:
        config: dict[str, Any] = {
            "memory_limit": memory_limit,
            "temp_directory": str(spill) if spill else "",
            "preserve_insertion_order": False,
            # A checkpoint of a database in memory looks through all its tables, in the middle of a statement.
            "checkpoint_threshold": "1TB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        if threads:
            config["threads"] = threads
        self._hold(duckdb.connect(":memory:", config=config))

    def _hold(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute(_SHARE_EVENLY)
        self._connection = connection
        self._splink: Any = None

    def register(self, name: str, data: pa.Table | pa.RecordBatchReader) -> int:
        view, raised = f"__arrow_{name}", list[Exception]()
        lent = data if isinstance(data, pa.Table) else _watched(data, raised)
        self._connection.register(view, lent)
        try:
            return self.table(name, f"SELECT * FROM {view}")
        except duckdb.Error:
            if raised:
                raise raised[0] from None
            raise
        finally:
            self._connection.unregister(view)

    def table(self, name: str, sql: str) -> int:
        # Making a table gives the number of its rows.
        return int(self.scalar(f"CREATE OR REPLACE TABLE {name} AS {sql}"))

    def run(self, sql: str) -> None:
        self._connection.execute(sql).fetchall()

    def fetch(self, sql: str, **lent: pa.Table) -> pa.Table:
        for name, data in lent.items():
            self._connection.register(name, data)
        try:
            table: pa.Table = self._connection.sql(sql).to_arrow_table()
        finally:
            for name in lent:
                self._connection.unregister(name)
        return table

    def scalar(self, sql: str) -> Any:
        return self._connection.execute(sql).fetchall()[0][0]

    def stream(self, sql: str, rows: int = 100_000) -> pa.RecordBatchReader:
        # A cursor of its own: an unfinished result would block the connection (DuckDB 2.0).
        cursor = self._connection.cursor()
        cursor.execute(_SHARE_EVENLY)
        reader: pa.RecordBatchReader = cursor.sql(sql).to_arrow_reader(rows)
        return reader

    def columns(self, name: str) -> list[str]:
        # Asking the catalogue itself would list the columns of all its tables.
        try:
            held = self._connection.execute(f"FROM {name} LIMIT 0").description
        except duckdb.CatalogException:
            return []
        return [column[0] for column in held or ()]

    def exists(self, name: str) -> bool:
        try:
            self._connection.execute(f"SELECT 1 FROM {name} LIMIT 0")
        except duckdb.CatalogException:
            return False
        return True

    def tables(self) -> list[str]:
        rows = self._connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        return [row[0] for row in rows]

    def drop(self, *names: str) -> None:
        for name in names:
            self._connection.execute(f"DROP TABLE IF EXISTS {name}").fetchall()

    def room(self) -> int:
        used = int(self.scalar("SELECT coalesce(sum(memory_usage_bytes), 0) FROM duckdb_memory()"))
        return _bytes(str(self.scalar("SELECT current_setting('memory_limit')"))) - used

    def beside(self) -> DuckDBEngine:
        other = DuckDBEngine.__new__(DuckDBEngine)
        other._hold(self._connection.cursor())
        return other

    def interrupt(self) -> None:
        with suppress(duckdb.ConnectionException):  # closed meanwhile: nothing is under way
            self._connection.interrupt()

    def splink(self) -> Any:
        if self._splink is None:
            from splink import DuckDBAPI  # noqa: PLC0415 - slow to import, and only linkage needs it

            logging.getLogger("splink").setLevel(logging.ERROR)
            self._splink = DuckDBAPI(connection=self._connection)
        return self._splink

    def close(self) -> None:
        self._connection.close()


def _bytes(size: str) -> int:
    """A size as DuckDB tells it, such as `3.7 GiB`."""
    number, unit = size.split(" ")
    return int(float(number) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB").index(unit))


def _watched(reader: pa.RecordBatchReader, raised: list[Exception]) -> pa.RecordBatchReader:
    """The same rows. The engine would tell of an error behind them in its own words: it is kept in `raised`."""

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except Exception as error:
            raised.append(error)
            raise

    return pa.RecordBatchReader.from_batches(reader.schema, batches())
