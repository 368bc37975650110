"""XLSX, given as text columns like everything else."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa

from mdm.errors import InputError
from mdm.files.chunks import Chunk, column_names, damaged
from mdm.files.heading import Fits, Heading, found_among, no_header
from mdm.files.survey import Survey
from mdm.files.workbook import PIECE, Workbook

SHEET_ROWS = 16_384  # of one chunk: as Python's texts they take ten times a column's room


class Spreadsheet:
    """The sheet of an XLSX file that holds its table, from its header on; empty rows are no rows. By how
    many columns of its header are known, the sheet is found among others, of notes and codes, and the
    header among titles.
    """

    def __init__(self, survey: Survey, fits: Fits, piece: int = PIECE) -> None:
        self._survey = survey
        self._piece = piece
        self.delimiter: str | None = None
        self._rows = self._read(fits)
        self.header_row, self.header = next(self._rows)

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in sheet order."""
        names = column_names(len(self.header))
        following = 1
        while part := [row for _, row in islice(self._rows, SHEET_ROWS)]:
            columns = [
                pa.array([row[place] for row in part], pa.string()) for place in range(len(names))
            ]
            rows = np.arange(following, following + len(part), dtype=np.int64)
            following += len(part)
            yield Chunk(pa.table(columns, names), rows)

    def _read(self, fits: Fits) -> Iterator[tuple[int, list[str]]]:
        """The header, then the rows below it that are not empty, each with its number in the sheet."""
        from python_calamine import CalamineError  # noqa: PLC0415 - only for XLSX

        try:
            book = Workbook(self._survey.path, self._piece)
            sheets = {name: _Sheet(book, name) for name in book.names}
            found = {
                name: found_among((row for _, row in sheet.rows()), fits)
                for name, sheet in sheets.items()
            }
            name, heading = _chosen(self._survey, found, fits)
            width = _width(heading, _below(sheets[name], heading))
            yield heading.row, heading.names[:width]
            yield from _below(sheets[name], heading)
        except (
            CalamineError,
            BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            OSError,
            ValueError,
            IndexError,
        ):
            raise damaged(self._survey.name, "XLSX") from None


class _Sheet:
    """A sheet's rows, between its first and its last column that say something: a first pass over its pieces finds
    these, and which cells are merged.
    """

    def __init__(self, book: Workbook, name: str) -> None:
        self._book = book
        self._name = name
        self._merges: list[tuple[int, int, int]] = []  # first row, last row, column (from 0)
        left, right = [], []
        for piece in book.pieces(name, texts=False):
            sheet = piece.sheet
            if sheet.start is not None:
                left.append(sheet.start[1])
                right.append(sheet.end[1])
            for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
                if top < bottom:
                    self._merges.append((top + 1, bottom + 1, column))
        self._left = min(left, default=0)
        self._width = max(right, default=-1) + 1 - self._left

    def rows(self, first: int = 1) -> Iterator[tuple[int, list[str]]]:
        """The rows from a number on, as texts. A cell that was merged down over several rows, as a card's
        number beside its members, speaks for each of them; what no other cell fills stays empty.
        """
        merged = self._merged(first)
        reaching: dict[int, tuple[str, int]] = {}
        for number, row in self._typed():
            for place, last in merged.get(number, ()):
                reaching[place] = row[place], last
            if reaching and any(row):
                for place, (text, last) in reaching.items():
                    row[place] = text if number <= last else row[place]
            if number >= first:
                yield number, row

    def _typed(self) -> Iterator[tuple[int, list[str]]]:
        """Every row up to the last, of the sheet's full width."""
        number = 0
        for piece in self._book.pieces(self._name):
            sheet = piece.sheet
            if sheet.start is None:
                continue
            top, column = sheet.start
            while number < piece.before + top:
                number += 1
                yield number, [""] * self._width
            before = [""] * (column - self._left)
            after = [""] * (self._width - len(before) - sheet.width)
            for cells in sheet.to_python():
                number += 1
                yield number, [*before, *map(cell_text, cells), *after]

    def _merged(self, first: int) -> dict[int, list[tuple[int, int]]]:
        """Row → the places in it from which a cell reaches down, each with the last row it reaches."""
        found: dict[int, list[tuple[int, int]]] = {}
        for top, bottom, column in self._merges:
            if top >= first and 0 <= column - self._left < self._width:
                found.setdefault(top, []).append((column - self._left, bottom))
        return found


def _below(sheet: _Sheet, heading: Heading) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header that are not empty, each with its number in the sheet."""
    return ((number, row) for number, row in sheet.rows(heading.row + 1) if any(row))


def _width(heading: Heading, rows: Iterator[tuple[int, list[str]]]) -> int:
    """How many columns the table has. Those behind the last name count where a row fills them, and not
    where a title reaches over them.
    """
    named = _filled(heading.names)
    if named == len(heading.names):
        return named
    return max([named, *(_filled(row) for _, row in rows)])


def _filled(row: list[str]) -> int:
    """How many cells there are up to the last that says something."""
    return max((place for place, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _chosen(survey: Survey, found: Mapping[str, Heading | None], fits: Fits) -> tuple[str, Heading]:
    """The one sheet that holds a table of this source. InputError where none does, or several do."""
    headings = {name: heading for name, heading in found.items() if heading is not None}
    if not headings:
        raise no_header(survey)
    known = {name: fits(heading.names) for name, heading in headings.items()}
    best = max(known.values())
    if not best and len(known) > 1:  # of a table that stands alone its reader says what is wrong
        raise InputError(
            f"{survey.name}: none of its sheets ({', '.join(known)}) names columns of this source.",
            "One row of the sheet with the table must name the columns.",
        )
    fitting = [name for name, count in known.items() if count * 2 >= best]
    if len(fitting) > 1:
        raise InputError(
            f"{survey.name}: several of its sheets hold a table of this source: "
            f"{', '.join(fitting)}.",
            "Save each as a file of its own, and land those.",
        )
    return fitting[0], headings[fitting[0]]


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
