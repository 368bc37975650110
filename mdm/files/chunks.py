"""What every reader gives: a header, then chunks of text columns with exact row numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mdm.errors import InputError

ROWS = 65_536  # of one chunk, where the format does not say
CUT_OFF = (
    "row_truncated"  # the rule that the last row of a file breaks which ends in the middle of it
)
#: The rule that a row breaks which a quotation mark joins to those after it.
JOINED = "rows_in_a_value"
REPEATED = "header_repeated"  # the rule that a row breaks which names the columns again
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BadRow:
    """A row that does not fit the header: its number (1 = first data row), its text and the rule it
    breaks.
    """

    row: int
    text: str
    problem: str


@dataclass(frozen=True)
class Chunk:
    """Some rows: `table` has one string column per header column (`c0`, `c1`, …), `rows` their
    numbers.
    """

    table: pa.Table
    rows: Numbers
    bad: list[BadRow] = field(default_factory=list)


class OpenFile(Protocol):
    """A file whose header is known and whose rows can be read once, in order. `header_row` is where the header
    stands in the file, as an editor or a spreadsheet counts (1 = the first).
    """

    header: list[str]
    header_row: int

    @property
    def delimiter(self) -> str | None:
        """What parts the columns of a text."""

    def chunks(self) -> Iterator[Chunk]:
        """All rows. InputError when the file breaks off or cannot be read on."""


def column_names(count: int) -> list[str]:
    """The names columns go by until the layout gives them theirs."""
    return [f"c{place}" for place in range(count)]


def number_rows(start: int, count: int, taken: list[int]) -> Numbers:
    """Numbers for `count` good rows from `start` on, stepping over those in `taken` (sorted)."""
    size = count
    while True:
        inside = [number for number in taken if start <= number < start + size]
        if size - len(inside) == count:
            break
        size = count + len(inside)
    numbers = np.arange(start, start + size, dtype=np.int64)
    return np.setdiff1d(numbers, np.array(inside, dtype=np.int64), assume_unique=True)


def damaged(name: str, form: str) -> InputError:
    """What is said of a file that its own format cannot read."""
    return InputError(
        f"{name} is damaged: it does not open as {form}.",
        "Ask the provider to deliver the whole file again.",
    )
