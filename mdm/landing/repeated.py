"""Rows inside a table that name its columns again, as where the tables of several villages were put together."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mdm.contracts import Layout
from mdm.files import REPEATED, BadRow, Chunk
from mdm.landing.headers import Header, plain


def set_apart(
    layout: Layout, header: Header, names: Sequence[str], delimiter: str, chunk: Chunk
) -> Chunk:
    """The chunk with such rows among its bad ones: they name nobody, and would be read as somebody called "Name".

    One is known by a required column that holds its own name, and by names of columns in most of its filled cells.
    `names`: the file's own.
    """
    place = header.places[layout.required[0]]
    own = pa.array([plain(layout.required[0]), plain(names[place])])
    tidy = pc.utf8_lower(pc.utf8_trim_whitespace(chunk.table.column(f"c{place}")))
    hits = np.flatnonzero(pc.is_in(tidy, own).to_numpy(zero_copy_only=False))
    columns = set(map(plain, [*layout.columns, *names]))
    found: dict[int, BadRow] = {}
    for hit in map(int, hits):
        cells = [str(value) for value in chunk.table.slice(hit, 1).to_pylist()[0].values()]
        filled = [cell for cell in map(plain, cells) if cell]
        if sum(cell in columns for cell in filled) * 2 > len(filled):
            text = _line(cells, delimiter)
            found[hit] = BadRow(int(chunk.rows[hit]), text, REPEATED)
    if not found:
        return chunk
    keep = np.ones(chunk.table.num_rows, dtype=bool)
    keep[list(found)] = False
    bad = sorted([*chunk.bad, *found.values()], key=lambda row: row.row)
    return replace(chunk, table=chunk.table.filter(keep), rows=chunk.rows[keep], bad=bad)


def _line(cells: list[str], delimiter: str) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="").writerow(cells)
    return line.getvalue()
