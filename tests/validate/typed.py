"""One value as typed, through the steps that read it."""

from __future__ import annotations

import pyarrow as pa

from matching import cleaners
from matching.engines.duckdb import DuckDBEngine


def value(engine: DuckDBEngine, typed: str | None, *steps: object) -> object:
    """One typed value, tidied, through the steps."""
    engine.register("v", pa.table({"x": pa.array([typed], pa.string())}))
    sql = f"SELECT {cleaners.tidy('x')} AS c FROM v"
    for step in steps:
        sql = f"SELECT {step('c')} AS c FROM ({sql})"  # type: ignore[operator]
    return engine.scalar(sql)
