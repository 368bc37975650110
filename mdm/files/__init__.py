"""Reading what providers send: text with a delimiter (plain or gzip), Parquet, XLSX; always in
chunks of text columns. What goes back to them is written by `sheets.py`.
"""

from __future__ import annotations

from mdm.files.chunks import CUT_OFF, JOINED, REPEATED, BadRow, Chunk, OpenFile
from mdm.files.opening import open_file
from mdm.files.survey import Survey, survey

__all__ = [
    "CUT_OFF",
    "JOINED",
    "REPEATED",
    "BadRow",
    "Chunk",
    "OpenFile",
    "Survey",
    "open_file",
    "survey",
]
