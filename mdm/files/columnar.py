"""Parquet and XLSX, given as text columns like everything else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mdm.errors import InputError
from mdm.files.chunks import Chunk, column_names
from mdm.files.survey import Survey

ROWS = 65_536  # rows per chunk
Fits = Callable[[Sequence[str]], int]


class ParquetFile:
    """One Parquet file. Numbers and dates become the text a person would type."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        try:
            with pq.ParquetFile(survey.path) as file:
                self.header: list[str] = list(file.schema_arrow.names)
        except (pa.ArrowException, OSError):
            raise _damaged(survey.name, "Parquet") from None

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
            raise _damaged(self._survey.name, "Parquet") from None


class Spreadsheet:
    """The sheet of an XLSX file that holds its table. The header is the first row that is not empty;
    empty rows are no rows. `fits` counts how many columns of a header are known: by it the sheet is
    found among others, of notes and codes.
    """

    def __init__(self, survey: Survey, fits: Fits) -> None:
        self._survey = survey
        self._rows = self._read(fits)
        header = next(self._rows, None)
        if header is None:
            raise InputError(
                f"{survey.name} has no header.", "The first row must name the columns."
            )
        names = [cell_text(cell) for cell in header]
        while names and not names[-1]:
            names.pop()
        self.header: list[str] = names

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in sheet order."""
        width = len(self.header)
        following = 1
        while part := list(islice(self._rows, ROWS)):
            columns = [
                pa.array([cell_text(row[place]) for row in part], pa.string())
                for place in range(width)
            ]
            rows = np.arange(following, following + len(part), dtype=np.int64)
            following += len(part)
            yield Chunk(pa.table(columns, column_names(width)), rows)

    def _read(self, fits: Fits) -> Iterator[list[Any]]:
        from python_calamine import (  # noqa: PLC0415 - only for XLSX
            CalamineError,
            CalamineWorkbook,
            SheetTypeEnum,
        )

        try:
            with self._survey.path.open("rb") as file:
                book = CalamineWorkbook.from_filelike(file)
                tables = [
                    one.name for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet
                ]
                if len(tables) > 1:
                    headers = {name: next(_filled(book, name), None) for name in tables}
                    tables = [_chosen(self._survey.name, headers, fits)]
                yield from _filled(book, tables[0])
        except (CalamineError, OSError, ValueError, IndexError):
            raise _damaged(self._survey.name, "XLSX") from None


def _filled(book: Any, name: str) -> Iterator[list[Any]]:
    """The rows of a sheet that are not empty."""
    rows = book.get_sheet_by_name(name).iter_rows()
    return (row for row in rows if any(cell_text(cell) for cell in row))


def _chosen(file: str, headers: Mapping[str, list[Any] | None], fits: Fits) -> str:
    """The one sheet that holds a table of this source. InputError where none does, or several do."""
    known = {
        name: fits([cell_text(cell) for cell in header])
        for name, header in headers.items()
        if header is not None
    }
    if len(known) < 2:  # what is wrong with a table that stands alone is said by who reads it
        return next(iter(known or headers))
    best = max(known.values())
    if not best:
        raise InputError(
            f"{file}: none of its sheets ({', '.join(known)}) names columns of this source.",
            "The first row of the sheet with the table must name the columns.",
        )
    fitting = [name for name, count in known.items() if count * 2 >= best]
    if len(fitting) > 1:
        raise InputError(
            f"{file}: several of its sheets hold a table of this source: {', '.join(fitting)}.",
            "Save each as a file of its own, and land those.",
        )
    return fitting[0]


def cell_text(cell: Any) -> str:
    """A cell as a person would have typed it: whole numbers without a point, ISO dates."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    if cell is None:
        return ""
    return str(cell)


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


def _damaged(name: str, form: str) -> InputError:
    return InputError(
        f"{name} is damaged: it does not open as {form}.",
        "Ask the provider to deliver the whole file again.",
    )
