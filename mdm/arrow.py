"""Small help with Arrow: schemas and rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa


def pa_schema(**columns: pa.DataType) -> pa.Schema:
    """A schema from columns by name."""
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


def columns_of(data: pa.Table | pa.RecordBatch) -> Iterator[list[Any]]:
    """The columns as plain lists."""
    return (column.to_pylist() for column in data.columns)


def rows_of(data: pa.Table | pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """The rows as plain tuples: for small results, and for what goes to the database."""
    return zip(*columns_of(data), strict=True)
