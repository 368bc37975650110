"""Picks: a few rows of a large Parquet file, found by the statistics of its row groups.

Reading a file's footer costs more than reading one of its row groups; footers are therefore kept
open, the latest few. A file is immutable and belongs to the lake only while the manifest says so, and
whoever picks asks the manifest first: an open file that left the lake is read by nobody.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

OPEN = 64  # files held open; a run keeps about twenty


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
        self._lock = threading.Lock()

    def rows(
        self,
        name: str,
        open_file: Callable[[], pq.ParquetFile],
        column: str,
        values: Collection[Any],
        columns: Sequence[str] | None,
    ) -> pa.Table:
        """The rows of a file whose `column` has one of `values`, of the columns named or all."""
        held = self._take(name, open_file)
        with held.lock:
            schema = held.parquet.schema_arrow.remove_metadata()
            wanted = list(dict.fromkeys([*(columns or schema.names), column]))
            wanted = [one for one in wanted if one in schema.names]
            groups = self._groups(held, column, values)
            found = held.parquet.read_row_groups(groups, wanted) if groups else None
        shown = wanted if columns is None else [one for one in columns if one in schema.names]
        if found is None:
            return pa.schema([schema.field(one) for one in shown]).empty_table()
        sought = pa.array(list(values), schema.field(column).type)
        found = found.filter(pc.is_in(found[column], value_set=sought))
        return found.select(shown).replace_schema_metadata(None)

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
