"""Picks: a few rows of a large Parquet file, found by the statistics of its row groups.

Reading a file's footer costs more than reading one of its row groups; footers are therefore kept
open, the latest few. So are the rows found last, by the value they were asked by: who looks at a task,
who answers it and what applies the answer ask for the same few, one after the other. A file is
immutable and belongs to the lake only while the manifest says so, and whoever picks asks the manifest
first: an open file that left the lake is read by nobody.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

OPEN = 64  # files held open; a run keeps about twenty
REMEMBERED = 2_000  # values whose rows are kept, about 20 kB each; more at once are not kept


@dataclass
class _Held:
    """A file that is open, and the ranges of the columns asked for so far."""

    parquet: pq.ParquetFile
    lock: threading.Lock = field(default_factory=threading.Lock)
    ranges: dict[str, list[tuple[Any, Any] | None]] = field(default_factory=dict)


class Picks:
    """The open files of one lake. Threads may share it."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._found: OrderedDict[tuple[str, str, Any], pa.Table] = OrderedDict()
        self._lock = threading.Lock()

    def rows(
        self,
        name: str,
        open_file: Callable[[], pq.ParquetFile],
        column: str,
        values: Collection[Any],
    ) -> pa.Table:
        """The rows of a file whose `column` has one of `values`; those of one value stand together."""
        wanted = {value for value in values if value is not None}
        if not 0 < len(wanted) <= REMEMBERED:
            return self._read(self._take(name, open_file), column, wanted)
        known, missing = self._remembered(name, column, wanted)
        if missing:
            fresh = self._read(self._take(name, open_file), column, missing)
            parts = _parts(fresh, column, missing)
            self._remember(name, column, parts)
            known += parts.values()
        return pa.concat_tables(known).combine_chunks()

    def _remembered(
        self, name: str, column: str, values: Collection[Any]
    ) -> tuple[list[pa.Table], set[Any]]:
        """The rows of those values that are kept, and the other values."""
        known, missing = [], set()
        with self._lock:
            for value in values:
                part = self._found.get((name, column, value))
                if part is None:
                    missing.add(value)
                else:
                    self._found.move_to_end((name, column, value))
                    known.append(part)
        return known, missing

    def _remember(self, name: str, column: str, parts: Mapping[Any, pa.Table]) -> None:
        with self._lock:
            self._found.update({(name, column, value): part for value, part in parts.items()})
            while len(self._found) > REMEMBERED:
                self._found.popitem(last=False)

    def _read(self, held: _Held, column: str, values: Collection[Any]) -> pa.Table:
        """The rows from the file itself."""
        with held.lock:
            schema = held.parquet.schema_arrow.remove_metadata()
            groups = self._groups(held, column, values)
            found = held.parquet.read_row_groups(groups) if groups else None
        if found is None:
            return schema.empty_table()
        sought = pa.array(list(values), schema.field(column).type)
        return found.filter(pc.is_in(found[column], value_set=sought)).replace_schema_metadata(None)

    def _take(self, name: str, open_file: Callable[[], pq.ParquetFile]) -> _Held:
        with self._lock:
            held = self._held.get(name)
            if held is not None:
                self._held.move_to_end(name)
                return held
        fresh = _Held(open_file())
        with self._lock:
            held = self._held.setdefault(name, fresh)
            while len(self._held) > OPEN:
                self._held.popitem(last=False)
            return held

    def _groups(self, held: _Held, column: str, values: Collection[Any]) -> list[int]:
        """The row groups in whose range one of the values lies; all where there are no statistics."""
        if column not in held.ranges:
            held.ranges[column] = _ranges(held.parquet, column)
        sought = sorted(value for value in values if value is not None)
        return [
            number
            for number, span in enumerate(held.ranges[column])
            if span is None or _within(sought, *span)
        ]


def _parts(rows: pa.Table, column: str, values: Collection[Any]) -> dict[Any, pa.Table]:
    """Each of the values with its rows, in their order."""
    held: list[Any] = rows[column].to_pylist()
    order = sorted(range(len(held)), key=held.__getitem__)
    rows = rows.take(pa.array(order, pa.int64())).combine_chunks()
    ends = sorted(held)
    return {
        value: rows.slice(start := bisect_left(ends, value), bisect_right(ends, value) - start)
        for value in values
    }


def _ranges(parquet: pq.ParquetFile, column: str) -> list[tuple[Any, Any] | None]:
    metadata = parquet.metadata
    names = [metadata.schema.column(at).path for at in range(metadata.num_columns)]
    place = names.index(column)
    found: list[tuple[Any, Any] | None] = []
    for number in range(metadata.num_row_groups):
        held = metadata.row_group(number).column(place).statistics
        found.append((held.min, held.max) if held is not None and held.has_min_max else None)
    return found


def _within(sought: Sequence[Any], low: Any, high: Any) -> bool:
    at = bisect_left(sought, low)
    return at < len(sought) and sought[at] <= high
