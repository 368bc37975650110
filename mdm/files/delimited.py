"""Text with a delimiter: streamed by pyarrow, with row numbers that stay exact when rows are
broken.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from mdm.errors import InputError
from mdm.files.chunks import CUT_OFF, JOINED, BadRow, Chunk, Numbers, column_names, number_rows
from mdm.files.heading import TextHeading
from mdm.files.survey import Survey, open_plain
from mdm.files.text import Utf8Stream

BLOCK = 16 << 20  # bytes read at once; a chunk is about as large, a longer row is refused
#: Delimiters beside a line break in one value that tell of other rows, and of no long address: commas, any other.
TELLING_COMMAS, TELLING = 7, 3


@dataclass(frozen=True)
class _Longer:
    """The cells of a row that had blank ones behind them, without these."""

    row: int
    cells: list[str]


class Delimited:
    """One delimited text file. `encoding` is utf-8, mixed, cp1252 or utf-16."""

    def __init__(
        self, survey: Survey, encoding: str, heading: TextHeading, block: int = BLOCK
    ) -> None:
        self._survey = survey
        self._encoding = encoding
        self._block = block
        self._begins = heading.begins
        self.delimiter: str = heading.delimiter
        self.header: list[str] = heading.names
        self.header_row: int = heading.row

    def chunks(self) -> Iterator[Chunk]:
        """All rows. Empty lines are no rows; a row with another number of columns is a bad row, unless all it has
        behind the last column is blank.
        """
        apart: list[BadRow | _Longer] = []
        count = len(self.header)

        def broken(row: Any) -> str:
            # Reading begins at the header: it is physical row 1, data row n is physical row n + 1.
            joined = self._may_swallow(row.text, 2) and self._swallows(row.text)
            cells = None if joined else self._without_surplus(row)
            if cells is not None:
                apart.append(_Longer(row.number - 1, cells))
            else:
                problem = JOINED if joined else "row_columns"
                apart.append(BadRow(row.number - 1, row.text, problem))
            return "skip"

        with Utf8Stream(
            open_plain(self._survey.path, self._survey.format), self._encoding
        ) as stream:
            stream.skip(self._begins)
            reader = self._open(stream, broken, count)
            yield from self._number(reader, apart)

    def _open(self, stream: Utf8Stream, broken: Any, count: int) -> Any:
        names = column_names(count)
        try:
            return arrow_csv.open_csv(
                cast("IO[bytes]", pa.PythonFile(stream, mode="r")),
                arrow_csv.ReadOptions(
                    use_threads=False, block_size=self._block, column_names=names
                ),
                arrow_csv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=True,
                    invalid_row_handler=broken,
                ),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
                ),
            )
        except pa.ArrowInvalid as error:
            raise self._unreadable(error, 0) from None

    def _without_surplus(self, row: Any) -> list[str] | None:
        """The cells of a row that is too long only by blank ones, as where a line ends in one delimiter too many."""
        if row.actual_columns < row.expected_columns:
            return None
        lines = list(csv.reader(io.StringIO(row.text, newline=""), delimiter=self.delimiter))
        if len(lines) != 1 or len(lines[0]) != row.actual_columns:
            return None
        cells, surplus = lines[0][: row.expected_columns], lines[0][row.expected_columns :]
        return None if any(map(str.strip, surplus)) else cells

    def _number(self, reader: Any, apart: list[BadRow | _Longer]) -> Iterator[Chunk]:
        """Chunks with row numbers; the header comes back as row 0 and goes. `apart`: what the reader skips."""
        following = 0
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            except pa.ArrowInvalid as error:
                raise self._unreadable(error, following) from None
            numbers = number_rows(following, batch.num_rows, [row.row for row in apart])
            if batch.num_rows:
                following = int(numbers[-1]) + 1
            # Those right behind these rows need not wait; the last may end the file.
            for row in apart[:-1]:
                following += row.row == following
            passed = [row for row in apart if row.row < following]
            del apart[: len(passed)]
            table = pa.Table.from_batches([batch])
            if numbers.size and numbers[0] == 0:
                table, numbers = table.slice(1), numbers[1:]
            yield self._chunk(table, numbers, passed)
        if apart:
            yield self._chunk(
                _no_rows(len(self.header)), number_rows(0, 0, []), self._ending(apart)
            )

    def _chunk(self, table: pa.Table, numbers: Numbers, apart: list[BadRow | _Longer]) -> Chunk:
        """Good rows and those set apart, of which the longer ones are good after all."""
        if longer := [row for row in apart if isinstance(row, _Longer)]:
            columns = zip(*(row.cells for row in longer), strict=True)
            arrays = [pa.array(column, pa.string()) for column in columns]
            numbers = np.concatenate([numbers, np.array([row.row for row in longer])])
            order = np.argsort(numbers)
            added = pa.table(arrays, table.column_names)
            table, numbers = pa.concat_tables([table, added]).take(order), numbers[order]
        table, numbers, swallowing = self._set_aside(table, numbers)
        bad = [row for row in apart if isinstance(row, BadRow)] + swallowing
        return Chunk(table, numbers, sorted(bad, key=lambda row: row.row))

    def _set_aside(
        self, table: pa.Table, numbers: Numbers
    ) -> tuple[pa.Table, Numbers, list[BadRow]]:
        """Rows with other rows inside a value, taken out. A quotation mark that stands alone in one row and again in
        a later one makes a value of all between them, and the columns may even count right.
        """
        found: dict[int, BadRow] = {}
        for name in table.column_names:
            column = table.column(name)
            if not _has_line_breaks(column):
                continue
            places = np.flatnonzero(pc.match_substring(column, "\n").to_numpy(zero_copy_only=False))
            for place in places:
                if not self._may_swallow(column[int(place)].as_py(), 1):
                    continue
                text = self._as_lines(table, int(place))
                if self._swallows(text):
                    found[int(place)] = BadRow(int(numbers[place]), text, JOINED)
        if not found:
            return table, numbers, []
        keep = np.ones(table.num_rows, dtype=bool)
        keep[list(found)] = False
        return table.filter(pa.array(keep)), numbers[keep], list(found.values())

    def _may_swallow(self, text: str, rows: int) -> bool:
        """Whether a text of several lines has the delimiters of so many rows more than it should."""
        inside = len(self.header) - 1
        return 0 < inside * rows <= text.count(self.delimiter) and "\n" in text.strip()

    def _swallows(self, row: str) -> bool:
        """Whether a row that may have others in it has: by its many delimiters, or, where a long address has as
        many, by a line in it that begins as the row does, with a number of its kind.
        """
        enough = TELLING_COMMAS if self.delimiter == "," else TELLING
        if len(self.header) > enough:
            return True
        first, *others = row.split("\n")
        return any(
            self.delimiter in line and _alike(line, first, self.delimiter) for line in others
        )

    def _as_lines(self, table: pa.Table, place: int) -> str:
        """A row as text again, without the quotation marks that made one value of many rows."""
        values = [str(table.column(name)[place]) for name in table.column_names]
        return self.delimiter.join(
            f'"{value}"' if self.delimiter in value and "\n" not in value else value
            for value in values
        )

    def _ending(self, apart: list[BadRow | _Longer]) -> list[BadRow | _Longer]:
        """The rows set apart after the last good one; the very last is cut off when the file ends without
        a newline.
        """
        last = apart[-1]
        if isinstance(last, _Longer) or self._survey.has_final_newline:
            return apart
        if _cells(last.text, self.delimiter) < len(self.header):
            return [*apart[:-1], BadRow(last.row, last.text, CUT_OFF)]
        return apart

    def _unreadable(self, error: pa.ArrowInvalid, row: int) -> InputError:
        # pyarrow's own words can quote the file, so only their kind is used.
        if "straddling" in str(error) or "block" in str(error):
            return InputError(
                f"{self._survey.name}: a row after row {row} is longer than {self._block >> 20} MB.",
                "Look for a quotation mark that is opened and never closed.",
            )
        return InputError(
            f"{self._survey.name} cannot be read on after row {row}.",
            "Check quotation marks and encoding there, and deliver the file again.",
        )


def _alike(line: str, row: str, delimiter: str) -> bool:
    """Whether two lines begin with numbers of one kind, such as `KS0099` and `KS0100`."""
    one, other = (text.partition(delimiter)[0].strip(' "\r') for text in (line, row))
    kind = _FIGURES.sub("0", one)
    return "0" in kind and kind == _FIGURES.sub("0", other) and abs(len(one) - len(other)) < 2


def _cells(text: str, delimiter: str) -> int:
    return text.count(delimiter) + 1


def _has_line_breaks(column: pa.ChunkedArray[Any]) -> bool:
    """A quick look at the bytes of a whole column: hardly any has one."""
    texts = [part.buffers()[2] for part in column.chunks]
    return any(
        (np.frombuffer(memoryview(text), np.uint8) == _NEWLINE).any() for text in texts if text
    )


_NEWLINE = ord("\n")
_FIGURES = re.compile("[0-9]+")


def _no_rows(count: int) -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in column_names(count)})
