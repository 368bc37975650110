"""Text with a delimiter: streamed by pyarrow, with row numbers that stay exact when rows are
broken.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.csv as arrow_csv

from mdm.errors import InputError
from mdm.files.chunks import BadRow, Chunk, column_names, number_rows
from mdm.files.survey import Survey, open_plain
from mdm.files.text import Utf8Stream

BLOCK = 16 << 20  # bytes read at once; a chunk is about as large
LONGEST = 128 << 20  # bytes; a row longer than this is refused
HEAD = 1 << 18  # bytes looked at to find the header
DELIMITERS = (",", ";", "\t", "|")


class Delimited:
    """One delimited text file. `encoding` is utf-8, mixed, cp1252 or utf-16."""

    def __init__(self, survey: Survey, encoding: str, delimiter: str, block: int = BLOCK) -> None:
        self._survey = survey
        self._encoding = encoding
        self._block = block
        self.delimiter: str = delimiter
        self.header = split_header(first_line(survey, encoding), delimiter)

    def chunks(self) -> Iterator[Chunk]:
        """All rows. Empty lines are no rows; a row with another number of columns is a bad row."""
        bad: list[BadRow] = []
        count = len(self.header)

        def broken(row: Any) -> str:
            # The header is physical row 1, so data row n is physical row n + 1.
            bad.append(BadRow(row.number - 1, row.text, "row_columns"))
            return "skip"

        with Utf8Stream(
            open_plain(self._survey.path, self._survey.format), self._encoding
        ) as stream:
            reader = self._open(stream, broken, count)
            yield from self._number(reader, bad)

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

    def _number(self, reader: Any, bad: list[BadRow]) -> Iterator[Chunk]:
        """Chunks with row numbers; the header comes back as row 0 and goes."""
        following = 0
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                break
            except pa.ArrowInvalid as error:
                raise self._unreadable(error, following) from None
            numbers = number_rows(following, batch.num_rows, [row.row for row in bad])
            if batch.num_rows:
                following = int(numbers[-1]) + 1
            passed = [row for row in bad if row.row < following]
            bad[:] = [row for row in bad if row.row >= following]
            table = pa.Table.from_batches([batch])
            if numbers.size and numbers[0] == 0:
                table, numbers = table.slice(1), numbers[1:]
            yield Chunk(table, numbers, passed)
        if bad:
            yield Chunk(_no_rows(len(self.header)), number_rows(0, 0, []), self._ending(bad))

    def _ending(self, bad: list[BadRow]) -> list[BadRow]:
        """The bad rows after the last good one; the very last is cut off when the file ends without
        a newline.
        """
        last = bad[-1]
        if not self._survey.has_final_newline and _cells(last.text, self.delimiter) < len(
            self.header
        ):
            return [*bad[:-1], BadRow(last.row, last.text, "row_truncated")]
        return bad

    def _unreadable(self, error: pa.ArrowInvalid, row: int) -> InputError:
        # pyarrow's own words can quote the file, so only their kind is used.
        if "straddling" in str(error) or "block" in str(error):
            return InputError(
                f"{self._survey.name}: a row after row {row} is longer than {LONGEST >> 20} MB.",
                "Look for a quotation mark that is opened and never closed.",
            )
        return InputError(
            f"{self._survey.name} cannot be read on after row {row}.",
            "Check quotation marks and encoding there, and deliver the file again.",
        )


def first_line(survey: Survey, encoding: str) -> str:
    """The first line that is not empty. InputError when there is none within reach."""
    with Utf8Stream(open_plain(survey.path, survey.format), encoding) as stream:
        head = b""
        while len(head) < HEAD and (part := stream.read(HEAD)):
            head += part
    text = head.decode("utf-8", "ignore").lstrip("\r\n")
    if not text.strip():
        raise InputError(f"{survey.name} has no header.", "The first line must name the columns.")
    return text


def split_header(text: str, delimiter: str) -> list[str]:
    """The column names of the first line, as written."""
    csv.field_size_limit(HEAD * 2)
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except (csv.Error, StopIteration):
        return [text.splitlines()[0]]


def _cells(text: str, delimiter: str) -> int:
    return text.count(delimiter) + 1


def _no_rows(count: int) -> pa.Table:
    return pa.table({name: pa.array([], pa.string()) for name in column_names(count)})
