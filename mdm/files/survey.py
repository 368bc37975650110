"""A first look at a delivered file: one pass over its bytes gives checksum, format and encoding."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from mdm.errors import InputError

Format = Literal["csv", "csv.gz", "parquet", "xlsx"]
READ = 1 << 20  # bytes
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b")) + b"\x7f"
_GIVEN_UP = "It must be CSV (also gzip), Parquet or XLSX."


@dataclass(frozen=True)
class Survey:
    """What the first pass found. `encoding` is for text only: utf-8, utf-16 or, where neither fits,
    unknown. `told`: the text says of itself that it is UTF-8, by the mark it begins with.
    """

    path: Path
    checksum: str
    format: Format
    size: int
    encoding: Literal["utf-8", "utf-16", "unknown"] | None
    has_final_newline: bool
    ascii: bool
    told: bool

    @property
    def name(self) -> str:
        """Base name, for messages and records."""
        return self.path.name


def survey(path: Path) -> Survey:
    """Look at a file. InputError when it is missing, empty, cut off or no table at all."""
    head, size = _head(path)
    if size == 0:
        raise InputError(f"{path.name} is empty.", "Ask the provider for the whole file.")
    form = _format(path.name, head)
    if form == "xlsx":
        _refuse_archive(path)
    if form in {"parquet", "xlsx"}:
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        return Survey(path, checksum, form, size, None, True, True, False)
    text = _Text(path.name)
    digest = hashlib.sha256()
    for raw, plain in _passes(path, form):
        digest.update(raw)
        text.take(plain)
    return Survey(
        path, digest.hexdigest(), form, size, text.encoding(), text.ends_with_newline, text.ascii, text.told,
    )  # fmt: skip


def open_plain(path: Path, form: Format) -> IO[bytes]:
    """The text bytes of a delimited file, decompressed on the way."""
    if form == "csv.gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _head(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            return file.read(8), path.stat().st_size
    except FileNotFoundError:
        raise InputError(f"{path.name} does not exist.", "Check the path.") from None
    except IsADirectoryError:
        raise InputError(f"{path.name} is a directory.", "Name the files in it.") from None
    except OSError:
        raise InputError(f"{path.name} cannot be read.", "Check its permissions.") from None


def _format(name: str, head: bytes) -> Format:
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\x1f\x8b"):
        return "csv.gz"
    known = {
        b"%PDF": "a PDF",
        b"\xd0\xcf\x11\xe0": "an old Excel file (XLS) or one with a password",
        b"7z\xbc\xaf": "an archive",
    }
    for magic, what in known.items():
        if head.startswith(magic):
            raise InputError(f"{name} is {what}, not a table.", _GIVEN_UP)
    return "csv"


def _refuse_archive(path: Path) -> None:
    """A workbook is a ZIP archive; one that holds anything else is none. A broken one is told when it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            held = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return
    if not any(name.startswith("xl/") for name in held):
        raise InputError(
            f"{path.name} is a ZIP archive, not a table.",
            "Unpack it and land the files in it; what another spreadsheet program wrote must be saved as XLSX.",
        )


def _passes(path: Path, form: Format) -> Iterator[tuple[bytes, bytes]]:
    """Raw bytes for the checksum and plain bytes for the text, side by side."""
    if form == "csv":
        with path.open("rb") as file:
            while part := file.read(READ):
                yield part, part
        return
    expand = zlib.decompressobj(wbits=31)
    try:
        with path.open("rb") as file:
            while part := file.read(READ):
                yield part, b""
                while part:
                    yield b"", expand.decompress(part, READ)
                    part = expand.unconsumed_tail
                    if expand.eof and expand.unused_data.strip(b"\0"):
                        part, expand = expand.unused_data, zlib.decompressobj(wbits=31)
    except zlib.error:
        raise InputError(f"{path.name} is damaged: it does not decompress.", _AGAIN) from None
    if not expand.eof:
        raise InputError(f"{path.name} is cut off: its compressed data ends early.", _AGAIN)


_AGAIN = "Ask the provider to deliver the whole file again."


class _Text:
    """What the bytes say about the text, as they pass by."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._valid_utf8 = True
        self._utf16 = False
        self._first = True
        self._seen = 0
        self._control = 0
        self.ascii = True
        self.told = False
        self.ends_with_newline = False

    def take(self, part: bytes) -> None:
        if not part:
            return
        if self._first:
            self._first = False
            self.told = part.startswith(codecs.BOM_UTF8)
            self._utf16 = part.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _is_wide(
                part
            )
        self._seen += len(part)
        self.ascii = self.ascii and part.isascii()
        self._control += len(part) - len(part.translate(None, _CONTROL))
        if self._valid_utf8 and not self._utf16:
            self._decode(part)
        self.ends_with_newline = part.rstrip(b"\0").endswith((b"\n", b"\r"))

    def _decode(self, part: bytes, *, final: bool = False) -> None:
        if self.ascii and not final:
            return
        try:
            self._utf8.decode(part, final)
        except UnicodeDecodeError:
            self._valid_utf8 = False

    def encoding(self) -> Literal["utf-8", "utf-16", "unknown"]:
        """The encoding, once all bytes have passed. InputError when this is no text."""
        if self._seen == 0:
            raise InputError(f"{self._name} is empty.", "Ask the provider for the whole file.")
        if self._utf16:
            return "utf-16"
        # A stray control character is a spreadsheet habit; one byte in a hundred is a program, an
        # image, noise.
        if self._control > 8 and self._control * 100 > self._seen:
            raise InputError(f"{self._name} is not a text table: it holds binary data.", _GIVEN_UP)
        self._decode(b"", final=True)
        return "utf-8" if self._valid_utf8 else "unknown"


def _is_wide(part: bytes) -> bool:
    """UTF-16 without its mark: every second byte of a plain text is zero."""
    sample = part[:2000]
    return (
        len(sample) >= 8
        and min(sample[0::2].count(0), sample[1::2].count(0)) == 0
        and (
            max(sample[0::2].count(0), sample[1::2].count(0)) > len(sample) // 2 - len(sample) // 8
        )
    )
