"""Tiny accepted tables in, standardised features out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from matching.engines.duckdb import DuckDBEngine
from matching.standardise import standardise
from mdm.contracts.accepted import COLUMNS

ORIGIN = {"source": "pemda", "layout": "warga", "file": "warga.csv", "batch": "b"}


def persons(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Standardise person rows; one dictionary of features per row, in order."""
    engine = DuckDBEngine(threads=1)
    try:
        types = COLUMNS["person"]
        full = [_row(number, row, list(types)) for number, row in enumerate(rows, 1)]
        names = list(full[0])
        engine.register("typed", pa.table({n: _column(n, [row[n] for row in full]) for n in names}))
        cast = ", ".join(f"CAST({n} AS {kind}) AS {n}" for n, kind in types.items())
        origin = ", ".join(n for n in names if n not in types)
        engine.table("person_accepted", f"SELECT {origin}, {cast} FROM typed")
        standardise(engine, ("person",))
        return engine.fetch("SELECT * FROM person_standardised ORDER BY rid").to_pylist()
    finally:
        engine.close()


def person(**row: Any) -> dict[str, Any]:
    """Standardise one person row."""
    return persons(row)[0]


def _row(number: int, row: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    origin = ORIGIN | {"rid": number, "row": number, "record_key": f"k{number}"}
    origin |= {"value_date": date(2026, 1, 1)}
    unknown = set(row) - set(origin) - set(columns)
    assert not unknown, unknown
    return origin | dict.fromkeys(columns) | row


def _column(name: str, values: list[Any]) -> pa.Array:
    if name in ("rid", "row"):
        return pa.array(values, pa.int32())
    if name == "value_date" or any(isinstance(value, date) for value in values):
        return pa.array(values, pa.date32())
    return pa.array([None if value is None else str(value) for value in values], pa.string())
