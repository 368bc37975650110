"""The engine port: where the columnar steps run.

Every bulk step is SQL over whole tables, written in DuckDB's dialect. An engine registers Arrow data under a name,
makes tables from queries, and hands results back as Arrow. What differs between engines stays behind this port.
"""

from __future__ import annotations

from typing import Any, Protocol

import pyarrow as pa


class Engine(Protocol):
    """Tables by name, in and out. Names are plain SQL identifiers, unique in the engine."""

    def register(self, name: str, data: pa.Table | pa.RecordBatchReader) -> int:
        """Copy Arrow data into a table `name` (replacing it); return its rows. A reader is streamed; what it raises
        is raised."""

    def table(self, name: str, sql: str) -> int:
        """Make table `name` (replacing it) from a query; return its rows."""

    def run(self, sql: str) -> None:
        """Run one statement for its effect."""

    def fetch(self, sql: str, **lent: pa.Table) -> pa.Table:
        """Run one query and return the whole result, for results that are small. `lent`: Arrow data that it reads under
        these names, without a copy.
        """

    def scalar(self, sql: str) -> Any:
        """Run one query that gives one row and one column, and return that value."""

    def stream(self, sql: str, rows: int = 100_000) -> pa.RecordBatchReader:
        """Run one query and return its result in batches. Read it to its end before the next statement."""

    def columns(self, name: str) -> list[str]:
        """Column names of a table, in order."""

    def exists(self, name: str) -> bool:
        """Whether a table of this name stands in the engine."""

    def tables(self) -> list[str]:
        """Names of all tables that stand, without views."""

    def drop(self, *names: str) -> None:
        """Drop tables, if they exist."""

    def room(self) -> int:
        """Bytes that tables and statements may still take."""

    def beside(self) -> Engine:
        """The same tables, for work in another thread at the same time. Close it when that work is done."""

    def interrupt(self) -> None:
        """End the statement that another thread runs here, with an error there. None running: nothing happens."""

    def splink(self) -> Any:
        """The database API that Splink needs to work on this engine's tables."""

    def close(self) -> None:
        """Let go of all memory."""
