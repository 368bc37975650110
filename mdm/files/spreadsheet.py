"""XLSX, given as text columns like everything else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from mdm.errors import InputError
from mdm.files.chunks import ROWS, Chunk, column_names, damaged
from mdm.files.heading import Fits, Heading, found_among, no_header
from mdm.files.survey import Survey


class Spreadsheet:
    """The sheet of an XLSX file that holds its table, from its header on; empty rows are no rows. By how
    many columns of its header are known, the sheet is found among others, of notes and codes, and the
    header among titles.
    """

    def __init__(self, survey: Survey, fits: Fits) -> None:
        self._survey = survey
        self._rows = self._read(fits)
        self.header_row, self.header = next(self._rows)

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in sheet order."""
        width = len(self.header)
        following = 1
        while part := [row for _, row in islice(self._rows, ROWS)]:
            columns = [
                pa.array([row[place] for row in part], pa.string()) for place in range(width)
            ]
            rows = np.arange(following, following + len(part), dtype=np.int64)
            following += len(part)
            yield Chunk(pa.table(columns, column_names(width)), rows)

    def _read(self, fits: Fits) -> Iterator[tuple[int, list[str]]]:
        """The header, then the rows below it that are not empty, each with its number in the sheet."""
        from python_calamine import (  # noqa: PLC0415 - only for XLSX
            CalamineError,
            CalamineWorkbook,
            SheetTypeEnum,
        )

        try:
            with self._survey.path.open("rb") as file:
                book = CalamineWorkbook.from_filelike(file)
                sheets = {
                    one.name: book.get_sheet_by_name(one.name)
                    for one in book.sheets_metadata
                    if one.typ == SheetTypeEnum.WorkSheet
                }
            found = {
                name: found_among((row for _, row in _rows(sheet)), fits)
                for name, sheet in sheets.items()
            }
            name, heading = _chosen(self._survey, found, fits)
            width = _width(heading, _below(sheets[name], heading))
            yield heading.row, heading.names[:width]
            yield from _below(sheets[name], heading)
        except (CalamineError, OSError, ValueError, IndexError):
            raise damaged(self._survey.name, "XLSX") from None


def _rows(sheet: Any, first: int = 1) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet from a number on, as texts. A cell that was merged down over several rows, as a card's
    number beside its members, speaks for each of them; what no other cell fills stays empty.
    """
    merged = _merged(sheet, first)
    reaching: dict[int, tuple[str, int]] = {}
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        row = [cell_text(cell) for cell in cells]
        for place, last in merged.get(number, ()):
            reaching[place] = row[place], last
        if reaching and any(row):
            for place, (text, last) in reaching.items():
                row[place] = text if number <= last else row[place]
        if number >= first:
            yield number, row


def _merged(sheet: Any, first: int) -> dict[int, list[tuple[int, int]]]:
    """Row → the places in it from which a cell reaches down, each with the last row it reaches."""
    found: dict[int, list[tuple[int, int]]] = {}
    left = sheet.start[1] if sheet.start else 0
    for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
        if top < bottom and top + 1 >= first and 0 <= column - left < sheet.width:
            found.setdefault(top + 1, []).append((column - left, bottom + 1))
    return found


def _below(sheet: Any, heading: Heading) -> Iterator[tuple[int, list[str]]]:
    """The rows below the header that are not empty, each with its number in the sheet."""
    return ((number, row) for number, row in _rows(sheet, heading.row + 1) if any(row))


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
