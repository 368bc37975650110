"""One in-memory engine for the twins: SQL fragments run over a table of texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest


@pytest.fixture(scope="session")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        yield connection


Evaluate = Callable[[str, Sequence[Any]], list[Any]]


@pytest.fixture(scope="session")
def evaluate(connection: duckdb.DuckDBPyConnection) -> Evaluate:
    """Values of a SQL expression over column `t`, one per text, in order."""

    def run(expression: str, texts: Sequence[Any]) -> list[Any]:
        table = pa.table({"n": list(range(len(texts))), "t": pa.array(texts, pa.string())})
        connection.register("texts", table)
        rows = connection.execute(f"SELECT {expression} FROM texts ORDER BY n").fetchall()
        connection.unregister("texts")
        return [row[0] for row in rows]

    return run
