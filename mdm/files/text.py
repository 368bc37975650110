"""Any agreed encoding as a stream of UTF-8 bytes, nothing lost on the way."""

from __future__ import annotations

import codecs
import io
from typing import IO

_FALLBACK = "dtsen_single_bytes"


def _single_bytes(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not of the encoding are read one by one as Windows-1252, or as they are where
    that has no sign.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_sign(byte) for byte in wrong), error.end


def _sign(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


codecs.register_error(_FALLBACK, _single_bytes)


class Utf8Stream(io.RawIOBase):
    """A binary stream that gives `source` (in `encoding`) as UTF-8, without a byte order mark."""

    def __init__(self, source: IO[bytes], encoding: str) -> None:
        self._source = source
        # A valid UTF-8 source needs no work; everything else is decoded and encoded again.
        self._decoder = (
            None
            if encoding == "utf-8"
            else codecs.getincrementaldecoder("utf-8" if encoding == "mixed" else encoding)(
                _FALLBACK
            )
        )
        self._held = b""
        self._begun = False
        self._done = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._held and not self._done:
            self._fill(len(buffer))
        size = min(len(buffer), len(self._held))
        buffer[:size] = self._held[:size]
        self._held = self._held[size:]
        return size

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes in one piece; copying through a buffer would double the work."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(1 << 20), b""))
        while not self._held and not self._done:
            self._fill(size)
        part, self._held = self._held[:size], self._held[size:]
        return part

    def skip(self, count: int) -> None:
        """Leave out the next `count` bytes, or what is left."""
        while count and (part := self.read(count)):
            count -= len(part)

    def _fill(self, size: int) -> None:
        part = self._source.read(max(size, 1))
        self._done = not part
        if self._decoder is not None:
            part = self._decoder.decode(part, self._done).encode("utf-8", "replace")
        if not self._begun and part:
            self._begun = True
            part = part.removeprefix(codecs.BOM_UTF8)
        self._held = part

    def close(self) -> None:
        self._source.close()
        super().close()
