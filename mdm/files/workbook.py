"""An XLSX workbook whose long sheets are read piece by piece. Its reader opens a sheet only as a whole, so the rows of
a long one are handed to it a few at a time, each few as a small workbook of their own, in memory: the same frame and
styles, and of the texts that all sheets share only those these rows name. What a cell means stays the reader's matter.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt

from mdm.errors import InputError

PIECE = 1 << 20  # bytes of a long sheet, unpacked, that are opened at once
SHORT = 16  # pieces: a sheet up to this is opened as a whole, which is quicker
MOST_CELLS = 40 << 20  # that a reader makes room for at once: about a gigabyte
BOMB, BOMB_TIMES = (
    64 << 20,
    200,
)  # bytes of a part unpacked, and how many times what it takes packed
FRAME = 4 << 20  # bytes of the parts that name the sheets; larger ones are no workbook's
_READ = 1 << 18
_WORKBOOK = "xl/workbook.xml"
_LINKS = "xl/_rels/workbook.xml.rels"
_SHARED = "xl/sharedStrings.xml"
_CARRIED = ("[Content_Types].xml", "_rels/.rels", _WORKBOOK, _LINKS, "xl/styles.xml")
_BEGIN = re.compile(rb"<((?:[\w.-]+:)?)sheetData\s*>")
_SHARED_BEGIN = re.compile(rb"<(?:[\w.-]+:)?si(?=[\s/>])")
_SHARED_END = re.compile(rb"</(?:[\w.-]+:)?sst\s*>")
_ROW = re.compile(rb"""\br\s*=\s*["'][A-Za-z]*([0-9]{1,10})""")
_COLUMN = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,9})""")
_UNNUMBERED = re.compile(rb"<(?:[\w.-]+:)?row(?=[\s/>])(?![^>]*\br\s*=)")
_TYPE_SHARED = re.compile(rb"""(\st\s*=\s*["'])s(?=["'])""")
_TYPE_ERROR = re.compile(rb"""(<(?:[\w.-]+:)?c\s[^>]*?\bt\s*=\s*["'])e(?=["'])""")
_NAMED_TEXT = re.compile(rb"""(\st=["']s["'][^<]*<(?:[\w.-]+:)?v>)(\d+)""")
_BLANKS = re.compile(
    rb"(<(?:[\w.-]+:)?v(?:\s[^>]*)?>)(?:\s++([-+.\deE]++)\s*+|([-+.\deE]++)\s++)(?=</)"
)
_OPENS, _CLOSES, _BLANK = b"<> "  # a blank, and what is less: tabs and line breaks
_HIDES = b"<!"  # begins what tags are not seen in: CDATA, comments


@dataclass(frozen=True)
class Piece:
    """Some rows of a sheet, as the reader opened them. `before`: what their numbers begin behind."""

    sheet: Any
    before: int


class Workbook:
    """The sheets of a workbook, by name. The reader's own errors, and those of zip files, are the caller's."""

    def __init__(self, path: Path, piece: int = PIECE) -> None:
        from python_calamine import CalamineWorkbook, SheetTypeEnum  # noqa: PLC0415 - only for XLSX

        self._open = CalamineWorkbook.from_filelike
        self._path = path
        self._piece = piece
        self._tight: dict[str, bytes | None] = {}
        self._seen: set[str] = set()  # sheets that were looked through once
        with zipfile.ZipFile(path) as book:
            _must_unpack(book, path.name)
        with path.open("rb") as file:
            sheets = self._open(file).sheets_metadata
        self.names: list[str] = [one.name for one in sheets if one.typ == SheetTypeEnum.WorkSheet]

    def pieces(self, name: str, *, texts: bool = True) -> Iterator[Piece]:
        """A sheet's rows, in order: one piece where it is short, or its rows are not written as they usually are.
        Without `texts` only the places of cells are true, not what those that share a text say: that is quicker.
        """
        with zipfile.ZipFile(self._path) as book:
            part = _part(book, name)
            if part is not None and book.getinfo(part).file_size > SHORT * self._piece:
                with book.open(part) as sheet:
                    found = _beginning(sheet)
                    if found is not None:
                        frame = _frame(book)
                        for xml, before in _parted(sheet, *found, self._piece):
                            if name not in self._seen:
                                self._must_lie_near(xml)
                            small = frame | self._rows_part(part, _tight(xml) or xml, texts=texts)
                            yield Piece(self._open(_packed(small)).get_sheet_by_name(name), before)
                        self._seen.add(name)
                        return
            self._looked_at(book, name, part)
            if part is not None and (tight := self._tightened(book, part)) is not None:
                small = _frame(book) | self._rows_part(part, tight, texts=texts)
                yield Piece(self._open(_packed(small)).get_sheet_by_name(name), 0)
                return
        with self._path.open("rb") as file:
            yield Piece(self._open(file).get_sheet_by_name(name), 0)

    def _looked_at(self, book: zipfile.ZipFile, name: str, part: str | None) -> None:
        """A sheet that is opened as a whole, looked at once; where its part is not known, all parts."""
        if name in self._seen:
            return
        for each in [part] if part else [one for one in book.namelist() if one.endswith(".xml")]:
            self._must_lie_near(book.read(each))
        self._seen.add(name)

    def _must_lie_near(self, xml: bytes) -> None:
        """InputError for rows whose cells lie so far from each other that no memory holds all between them: the reader
        makes room for those, too."""
        rows = {int(number) for number in _ROW.findall(xml)}
        across = max((_column(letters) for letters in set(_COLUMN.findall(xml))), default=0) + 1
        down = max(max(rows, default=0), xml.count(b"row"))  # rows without a number count, too
        if down * across > MOST_CELLS and not _UNNUMBERED.search(xml):
            down = max(rows, default=0) - min(rows, default=0)
        if down * across > MOST_CELLS:
            raise InputError(
                f"{self._path.name}: its cells lie too far from each other.",
                "Delete what stands far below or beside the table, and deliver the file again.",
            )

    def _tightened(self, book: zipfile.ZipFile, part: str) -> bytes | None:
        """`_tight` of a short sheet: it is asked for more than once."""
        if part not in self._tight:
            self._tight[part] = _tight(book.read(part))
        return self._tight[part]

    def _rows_part(self, part: str, xml: bytes, *, texts: bool) -> dict[str, bytes]:
        """The parts of a small workbook that hold its rows, and the texts they name."""
        if not texts:
            return {part: _TYPE_SHARED.sub(rb"\1str", xml)}
        if self._shared is None:
            return {part: xml}
        rows, named = self._shared.named_in(xml)
        return {part: rows, _SHARED: named}

    @cached_property
    def _shared(self) -> _SharedTexts | None:
        with zipfile.ZipFile(self._path) as book:
            return _SharedTexts(book.read(_SHARED)) if _SHARED in book.namelist() else None


class _SharedTexts:
    """The texts that cells name by number, as they stand in the file: each from where it begins."""

    def __init__(self, xml: bytes) -> None:
        self._xml = xml
        self._odd = _HIDES in xml
        begins = [found.start() for found in _SHARED_BEGIN.finditer(xml)]
        end = max(
            (found.start() for found in _SHARED_END.finditer(xml, begins[-1] if begins else 0)),
            default=len(xml),
        )
        self._bounds = np.array([*begins, end], dtype=np.int64)
        self._head, self._tail = xml[: self._bounds[0]], xml[end:]

    def named_in(self, sheet: bytes) -> tuple[bytes, bytes]:
        """Rows whose cells name the texts of a smaller file, and that file. Where one cell is not written as cells
        usually are, all stay as they are, with all texts: slower, and never another's text.
        """
        places: dict[bytes, int] = {}

        def renumbered(found: re.Match[bytes]) -> bytes:
            return b"%s%d" % (found[1], places.setdefault(found[2], len(places)))

        rows, found = _NAMED_TEXT.subn(renumbered, sheet)
        if self._odd or _HIDES in sheet or found != len(_TYPE_SHARED.findall(sheet)):
            return sheet, self._xml
        texts = [self._text(int(number)) for number in places]
        return rows, b"".join([self._head, *texts, self._tail])

    def _text(self, number: int) -> bytes:
        return self._xml[self._bounds[number] : self._bounds[number + 1]]


def _must_unpack(book: zipfile.ZipFile, name: str) -> None:
    """InputError for a part that says the same a thousand times over, as no table does: some megabytes of a file would
    take all memory."""
    for part in book.infolist():
        if part.file_size > BOMB and part.file_size > BOMB_TIMES * part.compress_size:
            raise InputError(
                f"{name} unpacks to far more than a workbook of its size holds.",
                "Ask the provider what this file is; it is not read.",
            )


def _column(letters: bytes) -> int:
    """The number of a column, from 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _tight(sheet: bytes) -> bytes | None:
    """The rows as the reader takes them: without blanks around their numbers, which it takes for none, or for another
    text's, and with errors as the text one sees (`#N/A`), which it takes for empty cells. None where neither is there,
    as nearly always.
    """
    tight, found, errors = sheet, 0, 0
    if _blank_beside_a_tag(np.frombuffer(sheet, np.uint8)):
        tight, found = _BLANKS.subn(rb"\1\2\3", tight)
    if b'"e"' in sheet or b"'e'" in sheet:
        tight, errors = _TYPE_ERROR.subn(rb"\1str", tight)
    return tight if found or errors else None


def _blank_beside_a_tag(text: npt.NDArray[np.uint8]) -> bool:
    """A look at the bytes, some at a time, which is quicker than the expression."""
    for at in range(0, text.size, PIECE):
        one, next_ = text[at : at + PIECE], text[at + 1 : at + PIECE + 1]
        one = one[: next_.size]
        if ((one == _CLOSES) & (next_ <= _BLANK)).any() or (
            (one <= _BLANK) & (next_ == _OPENS)
        ).any():
            return True
    return False


def _frame(book: zipfile.ZipFile) -> dict[str, bytes]:
    there = set(book.namelist())
    return {each: book.read(each) for each in _CARRIED if each in there}


def _packed(parts: dict[str, bytes]) -> io.BytesIO:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    packed.seek(0)
    return packed


def _part(book: zipfile.ZipFile, name: str) -> str | None:
    """The part of the file in which a sheet stands; None where its frame is not as usual."""
    there = set(book.namelist())
    if not {_WORKBOOK, _LINKS} <= there or any(
        book.getinfo(each).file_size > FRAME for each in (_WORKBOOK, _LINKS)
    ):
        return None
    try:
        sheets, links = (ET.fromstring(book.read(each)) for each in (_WORKBOOK, _LINKS))
    except ET.ParseError:
        return None
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for sheet in sheets.iter():
        if _local(sheet.tag) == "sheet" and sheet.get("name") == name:
            link = next((value for key, value in sheet.items() if _local(key) == "id"), None)
            part = posixpath.normpath(posixpath.join("/xl", targets.get(link, ""))).lstrip("/")
            return part if part in there else None
    return None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _beginning(sheet: IO[bytes]) -> tuple[bytes, bytes, bytes] | None:
    """What stands before a sheet's rows, the prefix of its names, and what was read of the rows. None where no rows
    begin within the first part of it.
    """
    text = b""
    while len(text) < _READ and (part := sheet.read(_READ)):
        text += part
    found = _BEGIN.search(text)
    return None if found is None else (text[: found.end()], found[1], text[found.end() :])


def _parted(
    sheet: IO[bytes], head: bytes, prefix: bytes, rest: bytes, size: int
) -> Iterator[tuple[bytes, int]]:
    """Sheets of some `size` bytes of rows each, and how many rows without a number stand before. The last has what
    the file says below its rows, as which cells are merged. Nothing is parted after the first CDATA or comment: what
    looks like a row's end may stand in it.
    """
    end = b"</%srow>" % prefix
    close = b"</%ssheetData></%sworksheet>" % (prefix, prefix)
    row = re.compile(rb"<%srow(?=[\s/>])([^>]*)" % re.escape(prefix))
    counted = 0
    while part := sheet.read(_READ):
        rest += part
        while _HIDES not in rest and (cut := rest.find(end, size)) >= 0:
            rows, rest = rest[: cut + len(end)], rest[cut + len(end) :]
            yield head + rows + close, _before(row, rows, counted)
            counted += len(row.findall(rows))
    yield head + rest, _before(row, rest, counted)


def _before(row: re.Pattern[bytes], rows: bytes, counted: int) -> int:
    first = row.search(rows)
    return counted if first is not None and re.search(rb"""\sr=["']""", first[1]) is None else 0
