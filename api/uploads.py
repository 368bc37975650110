"""Forms with files, read in memory: a file that somebody hands in never lies plain on a disk.

Litestar's own reader puts files above a megabyte into a temporary file.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

MOST_PARTS = 200
_NEVER = 0  # a spooled file of this size limit stays in memory


def read_form(body: bytes, boundary: bytes) -> dict[str, Any]:
    """Field → text or file, a list where it came more than once. ClientException for a broken body."""
    fields: defaultdict[str, list[Any]] = defaultdict(list)
    segment: MultipartSegment | None = None
    content = bytearray()
    try:
        with PushMultipartParser(boundary, max_segment_count=MOST_PARTS) as parser:
            for part in parser.parse(body):
                if isinstance(part, MultipartSegment):
                    segment, content = part, bytearray()
                elif part:
                    content.extend(part)
                elif segment is not None:
                    fields[segment.name].append(_value(segment, bytes(content)))
    except (MultipartError, UnicodeDecodeError, LookupError):
        raise ClientException("The form is broken.") from None
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}


def _value(segment: MultipartSegment, content: bytes) -> str | UploadFile:
    if segment.filename:
        media = segment.content_type or "application/octet-stream"
        return UploadFile(media, segment.filename, content, max_spool_size=_NEVER)
    return content.decode(segment.charset or "utf-8")
