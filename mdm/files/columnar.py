"""Parquet, given as text columns like everything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mdm.files.chunks import ROWS, Chunk, column_names, damaged
from mdm.files.survey import Survey


class ParquetFile:
    """One Parquet file. Numbers and dates become the text a person would type."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        try:
            with pq.ParquetFile(survey.path) as file:
                self.header: list[str] = list(file.schema_arrow.names)
            self.header_row = 1
            self.delimiter: str | None = None
        except (pa.ArrowException, OSError):
            raise damaged(survey.name, "Parquet") from None

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in file order."""
        following = 1
        names = column_names(len(self.header))
        try:
            with pq.ParquetFile(self._survey.path) as file:
                for batch in file.iter_batches(ROWS):
                    columns = [as_text(column) for column in batch.columns]
                    rows = np.arange(following, following + batch.num_rows, dtype=np.int64)
                    following += batch.num_rows
                    yield Chunk(pa.table(columns, names), rows)
        except (pa.ArrowException, OSError):
            raise damaged(self._survey.name, "Parquet") from None


def as_text(column: Any) -> Any:
    """An Arrow column as text; whole floats lose their point, dates are ISO, lists are joined by
    commas.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if pa.types.is_floating(kind):
        whole = pc.all(pc.or_kleene(pc.is_null(column), pc.equal(column, pc.round(column)))).as_py()
        if whole is not False and _fits(column):
            column = column.cast(pa.int64())
    if pa.types.is_timestamp(kind):
        return pc.strftime(column.cast(pa.timestamp("s", kind.tz), safe=False), "%Y-%m-%d %H:%M:%S")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        parts = column.cast(pa.list_(pa.string()))
        return pc.binary_join(parts, ",")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array(
            [v.decode("utf-8", "replace") if v is not None else None for v in column.to_pylist()]
        )
    try:
        return column.cast(pa.string())
    except pa.ArrowException:
        return pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())


def _fits(column: Any) -> bool:
    """Whether whole floats are exact integers (below 2 to the 63)."""
    largest = pc.max(pc.abs(column)).as_py()
    return largest is None or largest < 2**63
