"""Where a table's header stands. Offices write above it what the table is, of which village, of which month."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mdm.errors import InputError
from mdm.files.survey import Survey, open_plain
from mdm.files.text import Utf8Stream

REACH = 30  # rows, empty ones aside, among which the header must stand
HEAD = 1 << 18  # bytes of a text that are looked at
DELIMITERS = (",", ";", "\t", "|")
Fits = Callable[[Sequence[str]], int]
"""How many columns of a row of names the contract knows."""


@dataclass(frozen=True)
class Heading:
    """The names of a table's columns, and the row of the file they stand in (1 = its first)."""

    names: list[str]
    row: int


@dataclass(frozen=True)
class TextHeading(Heading):
    """The header of a delimited text, and how many bytes (as UTF-8) stand before it."""

    delimiter: str
    begins: int


def found_among(rows: Iterable[Sequence[str]], fits: Fits) -> Heading | None:
    """Of the first rows, the one that names most columns: the first of those, so that a table without
    any known column has its header in its first row. None where nothing is written.
    """
    filled = (
        Heading(list(row), number)
        for number, row in enumerate(rows, start=1)
        if any(cell.strip() for cell in row)
    )
    return max(islice(filled, REACH), key=lambda one: fits(one.names), default=None)


def text_heading(survey: Survey, encoding: str, expected: str, fits: Fits) -> TextHeading:
    """The header of a text, and its delimiter: by which most columns are known, `expected` first.
    InputError where nothing is written within reach.
    """
    text = _beginning(survey, encoding)
    tries = dict.fromkeys([expected, *DELIMITERS])
    found = [one for mark in tries if (one := _heading_by(text, mark, fits)) is not None]
    if not found:
        raise no_header(survey)
    return max(found, key=lambda one: fits(one.names))


def no_header(survey: Survey) -> InputError:
    """What is said of a file in which nothing is written."""
    return InputError(f"{survey.name} has no header.", "One row must name the columns.")


def _heading_by(text: str, delimiter: str, fits: Fits) -> TextHeading | None:
    """The header as it is when this delimiter parts the columns; its row counts lines, as editors do."""
    parted = list(islice(_parted(text, delimiter), 2 * REACH))
    heading = found_among((row for _, row in parted), fits)
    if heading is None:
        return None
    line = parted[heading.row - 1][0]
    before = "".join(islice(io.StringIO(text, newline=""), line - 1))
    return TextHeading(heading.names, line, delimiter, len(before.encode()))


def _parted(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a text, each with the line it begins in. A text that cannot be parted is one row of one cell."""
    csv.field_size_limit(HEAD * 2)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error:
        if line == 1:
            yield 1, [text.splitlines()[0]]


def _beginning(survey: Survey, encoding: str) -> str:
    """The first part of a text, long enough for its header."""
    with Utf8Stream(open_plain(survey.path, survey.format), encoding) as stream:
        head = b""
        while len(head) < HEAD and (part := stream.read(HEAD)):
            head += part
    return head.decode("utf-8", "ignore")
