"""Any text, however broken: rows and their numbers agree with a slow reader written here."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mdm.files import survey
from mdm.files.delimited import Delimited
from mdm.files.heading import text_heading

CELL = st.text(alphabet='ab1 "\n;\xe9', max_size=6)
LINE = st.lists(CELL, min_size=1, max_size=5)


def quoted(cell: str, delimiter: str) -> str:
    needs = delimiter in cell or '"' in cell or "\n" in cell or cell == ""
    return '"' + cell.replace('"', '""') + '"' if needs else cell


def known(names: Sequence[str]) -> int:
    return sum(name in {"p", "q", "r"} for name in names)


def read(path: Path, block: int) -> tuple[list[tuple[int, list[str]]], list[int]]:
    looked = survey(path)
    file = Delimited(looked, "utf-8", text_heading(looked, "utf-8", ";", known), block)
    good: list[tuple[int, list[str]]] = []
    bad: list[int] = []
    for chunk in file.chunks():
        cells = [list(row.values()) for row in chunk.table.to_pylist()]
        good += list(zip(chunk.rows.tolist(), cells, strict=True))
        bad += [row.row for row in chunk.bad]
    return good, bad


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(st.one_of(LINE, st.none()), max_size=12),
    block=st.sampled_from([160, 1000]),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    titles=st.lists(st.sampled_from(["", "1 ab", ";;", '"a;b";\xe9']), max_size=3),
)
def test_rows_and_numbers_are_exact(
    lines: list[list[str] | None], block: int, end: str, last: bool, titles: list[str]
) -> None:
    width = 3
    text = end.join(
        [
            *titles,
            "p;q;r",
            *("" if line is None else ";".join(quoted(c, ";") for c in line) for line in lines),
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes((text + (end if last else "")).encode())
        good, bad = read(path, block)
    rows = [line for line in lines if line is not None]
    numbered = list(enumerate(rows, start=1))
    fits = {n for n, row in numbered if len(row) >= width and not "".join(row[width:]).strip()}
    assert good == [(n, row[:width]) for n, row in numbered if n in fits]
    assert bad == [n for n, _ in numbered if n not in fits]
