"""Reading the room's data files: CSV, plain or gzip, as dictionaries or as Arrow tables."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

DATA = Path(__file__).parent / "data"


def read_text(name: str) -> str:
    """Text of a file under `data/`, unpacked if its name ends in .gz."""
    raw = (DATA / name).read_bytes()
    return (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8")


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of a CSV file under `data/`, every value as text."""
    return list(csv.DictReader(io.StringIO(read_text(name))))


def read_table(name: str, types: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    """A CSV file under `data/` as a table: text unless `types` says otherwise, empty text as
    NULL.
    """
    text = read_text(name)
    header = next(csv.reader(io.StringIO(text)))
    options = arrow_csv.ConvertOptions(
        column_types={column: (types or {}).get(column, pa.string()) for column in header},
        null_values=[""],
        strings_can_be_null=True,
    )
    return arrow_csv.read_csv(io.BytesIO(text.encode("utf-8")), convert_options=options)
