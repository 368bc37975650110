"""Files of the three providers: CSV in any encoding, gzip CSV, Parquet or XLSX, written block by
block."""

from __future__ import annotations

import csv
import gzip
import io
import re
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from synthetic.columns import Objects

FORMATS = ("csv", "csv.gz", "parquet", "xlsx")
XLSX_ROWS = 1_048_575
_STAMP = re.compile(r"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


class ImpossibleError(ValueError):
    """What was asked for cannot be written; the message says why."""


@dataclass(frozen=True)
class Layout:
    """One file of a provider: base name, columns in order, and how its CSV is written."""

    name: str
    columns: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "utf-8"


class Sheet(Protocol):
    """A file that takes blocks of columns."""

    file: str
    rows: int

    def add(self, columns: dict[str, Objects]) -> None:
        """Append a block; columns by name, all of one length."""

    def close(self) -> None:
        """Finish the file."""


@dataclass
class _Csv:
    path: Path
    layout: Layout
    packed: bool
    file: str = ""
    rows: int = 0
    _text: IO[str] = field(init=False)
    _raw: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.file = self.path.name
        raw: Any = self.path.open("wb")
        self._raw = [raw]
        if self.packed:
            raw = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=5)
            self._raw.insert(0, raw)
        self._text = io.TextIOWrapper(
            raw, encoding=self.layout.encoding, errors="replace", newline="", write_through=False
        )
        self._writer = csv.writer(
            self._text, delimiter=self.layout.delimiter, lineterminator="\r\n"
        )
        self._writer.writerow(self.layout.columns)

    def add(self, columns: dict[str, Objects]) -> None:
        block = [columns[name] for name in self.layout.columns]
        self._writer.writerows(zip(*block, strict=True))
        self.rows += len(block[0])

    def close(self) -> None:
        self._text.close()
        for handle in self._raw:
            handle.close()


@dataclass
class _Parquet:
    path: Path
    layout: Layout
    file: str = ""
    rows: int = 0

    def __post_init__(self) -> None:
        self.file = self.path.name
        self._schema = pa.schema([(name, pa.string()) for name in self.layout.columns])
        self._writer = pq.ParquetWriter(str(self.path), self._schema)

    def add(self, columns: dict[str, Objects]) -> None:
        arrays = [pa.array(columns[name], pa.string()) for name in self.layout.columns]
        self._writer.write_table(pa.table(arrays, schema=self._schema))
        self.rows += len(arrays[0])

    def close(self) -> None:
        self._writer.close()


@dataclass
class _Xlsx:
    path: Path
    layout: Layout
    file: str = ""
    rows: int = 0

    def __post_init__(self) -> None:
        self.file = self.path.name
        self._book = openpyxl.Workbook(write_only=True)
        self._sheet = self._book.create_sheet(self.layout.name)
        self._sheet.append(list(self.layout.columns))

    def add(self, columns: dict[str, Objects]) -> None:
        block = [columns[name] for name in self.layout.columns]
        if self.rows + len(block[0]) > XLSX_ROWS:
            raise ImpossibleError(
                f"A spreadsheet holds at most {XLSX_ROWS:,} rows, and {self.file} would have more"
            )
        for row in zip(*block, strict=True):
            self._sheet.append(list(row))
        self.rows += len(block[0])

    def close(self) -> None:
        dated = self.path.with_name(f".{self.file}")
        self._book.save(str(dated))
        _undated(dated, self.path)
        dated.unlink()


def _undated(book: Path, out: Path) -> None:
    """The workbook without the time it was written at: the same sheets are the same bytes."""
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name)  # of 1980, where such files begin to count
            entry.compress_type = zipfile.ZIP_DEFLATED
            if name == "docProps/core.xml":
                told = old.read(name).decode("utf-8")
                new.writestr(entry, _STAMP.sub(r"\g<1>1980-01-01T00:00:00Z", told))
                continue
            with old.open(name) as parts, new.open(entry, "w", force_zip64=True) as sink:
                shutil.copyfileobj(parts, sink, 1 << 20)


def open_sheet(folder: Path, layout: Layout, fmt: str, suffix: str = "") -> Sheet:
    """A new file `<layout name><suffix>.<fmt>`. Raises ValueError for an unknown format."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{layout.name}{suffix}.{fmt}"
    if fmt in {"csv", "csv.gz"}:
        return _Csv(path, layout, fmt == "csv.gz")
    if fmt == "parquet":
        return _Parquet(path, layout)
    if fmt == "xlsx":
        return _Xlsx(path, layout)
    raise ValueError(f"unknown format {fmt!r}; known: {', '.join(FORMATS)}")
