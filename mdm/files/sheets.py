"""Tables into files a provider opens: CSV or XLSX, only for the owner's eyes (mode 0600), streamed
straight to the path.

XLSX is written here and not by a library, because libraries put the plain rows into temporary files
first.
"""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape

SHEET_ROWS = 1_048_576  # of one XLSX sheet, header included
Row = Sequence[object]
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
#: How a text begins that a spreadsheet would run as a formula; a signed number (a telephone's) is none.
FORMULA, SIGNED = r"[=@\t\r+\-]", r"[+\-][0-9 .]+"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = "application/vnd.openxmlformats-package.relationships+xml"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def guarded(row: Row) -> Row:
    """A row for CSV: a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    return [f"'{cell}" if isinstance(cell, str) and _runs(cell) else cell for cell in row]


def _runs(cell: str) -> bool:
    return re.match(FORMULA, cell) is not None and re.fullmatch(SIGNED, cell) is None


@contextmanager
def private_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that only its owner may read; it appears, or takes another's place, whole or not at all. It is made here:
    what somebody else who may write in that folder has laid ready under its name, a link to a file of theirs, is
    not written to."""
    temporary = path.with_name(path.name + ".new")
    try:
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_csv(
    path: Path,
    header: Row,
    rows: Iterable[Row],
    *,
    delimiter: str = ",",
    loose: Iterable[str] = (),
) -> int:
    """Write one CSV file, then the `loose` lines as they are; return the rows written."""
    count = 0
    with private_file(path) as file:
        text = io.TextIOWrapper(file, "utf-8-sig", "replace", newline="")
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(["" if cell is None else cell for cell in row])
            count += 1
        for line in loose:
            text.write(f"{line}\r\n")
            count += 1
        text.flush()
        text.detach()
    return count


def write_xlsx(path: Path, sheets: Iterable[tuple[str, Row, Iterable[Row]]]) -> list[int]:
    """Write a workbook of (name, header, rows); all cells are text. Return the rows of each sheet
    given.
    """
    names: list[str] = []
    counts: list[int] = []
    with private_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, header, rows in sheets:
            counts.append(_write_sheets(book, names, name, header, iter(rows)))
        _write_frame(book, names)
    return counts


def _write_sheets(
    book: zipfile.ZipFile, names: list[str], name: str, header: Row, rows: Iterator[Row]
) -> int:
    """One table as one sheet, or as several when it is longer than a sheet may be."""
    count = 0
    following = next(rows, None)
    while True:
        names.append(name[:28] if count == 0 else f"{name[:24]} {len(names)}")
        with book.open(f"xl/worksheets/sheet{len(names)}.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            sheet.write(_row_xml(header))
            for _ in range(SHEET_ROWS - 1):
                if following is None:
                    break
                sheet.write(_row_xml(following))
                count += 1
                following = next(rows, None)
            sheet.write(b"</sheetData></worksheet>")
        if following is None:
            return count


def _row_xml(row: Row) -> bytes:
    cells = "".join(
        "<c/>"
        if cell is None
        else f'<c t="inlineStr"><is><t xml:space="preserve">{_clean(cell)}</t></is></c>'
        for cell in row
    )
    return f"<row>{cells}</row>".encode()


def _clean(cell: object) -> str:
    return escape(_ILLEGAL.sub(" ", str(cell)))


def _write_frame(book: zipfile.ZipFile, names: Sequence[str]) -> None:
    """The parts of a workbook beside its sheets."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers = range(1, len(names) + 1)
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
        for n in numbers
    )
    sheets = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>'
        for n, name in zip(numbers, names, strict=True)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{_REL}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{_RELS}"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f"{parts}</Types>",
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}">'
        f"<sheets>{sheets}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{links}</Relationships>",
    }
    for name, text in files.items():
        book.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
