"""Suppressing: no published table lets anybody find a number from 1 to 10.

Small cells are hidden (primary), and then others (complementary), until

- in every sum nothing is hidden, or at least two cells that together hold at least `LEAST`;
- no hidden cell follows from all sums together. Rows and columns are the points of a graph, hidden
  cells its edges: a cell follows exactly when it is a bridge, so every edge must lie on a circle;
- whatever a table above hides of the sums can vary here too: one row hides all of those columns.

Nought is not hidden for itself: it tells of nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LEAST = 11  # people or families that a published number stands for, at least

Cell = tuple[int, int]  # row, column of a table
Sum = Sequence[Cell]  # the last is the sum of the others


class Table:
    """A table of counts with its sums: the last row sums the columns, the last column the rows.

    `above`: the columns of the last row that the table above it hides already: they stay as they
    are, hidden or shown. None: this table has none above it.
    """

    def __init__(self, inner: Sequence[Sequence[int]], above: Sequence[bool] | None = None) -> None:
        rows = [[*row, sum(row)] for row in inner]
        totals = [sum(column) for column in zip(*rows, strict=True)]
        self.values: list[list[int]] = [*rows, totals]
        self._height, self._width = len(rows), len(totals) - 1
        self.hidden: set[Cell] = {
            (r, c)
            for r, row in enumerate(self.values)
            for c, value in enumerate(row)
            if 0 < value < LEAST
        }
        self._fixed = {(self._height, c) for c in range(self._width + 1)} if above else set()
        if above is not None:
            self.hidden -= self._fixed
            self.hidden |= {(self._height, c) for c, hides in enumerate(above) if hides}
        if above is not None and self._height == 1:  # its one row is the row above
            self.hidden = {(r, c) for r in (0, 1) for c, hides in enumerate(above) if hides}
            return
        self._follow_above()
        while self._mend_a_sum() or self._mend_a_bridge():
            pass

    def shown(self, row: int, column: int) -> int | None:
        """What is published of a cell; None for what is hidden."""
        return None if (row, column) in self.hidden else self.values[row][column]

    def hides(self, row: int) -> list[bool]:
        """Which cells of a row are hidden: what the table below it must keep to."""
        return [(row, c) in self.hidden for c in range(self._width + 1)]

    def _sums(self) -> Iterable[Sum]:
        for r in range(self._height + 1):
            yield [(r, c) for c in range(self._width + 1)]
        for c in range(self._width + 1):
            yield [(r, c) for r in range(self._height + 1)]

    def _mend_a_sum(self) -> bool:
        """Hide one more cell of a sum that would give something away; whether there was need."""
        for line in self._sums():
            hidden = [cell for cell in line if cell in self.hidden]
            whole = line[-1] in self.hidden
            enough = whole or sum(self._value(cell) for cell in hidden) >= LEAST
            if hidden and not (len(hidden) > 1 and enough) and self._hide_one(line):
                return True
        return False

    def _mend_a_bridge(self) -> bool:
        """Hide one more cell beside one that would follow from the others."""
        for row, column in sorted(self.hidden):
            if not self._joined(row, column):
                lines = [(row, c) for c in range(self._width + 1)]
                lines += [(r, column) for r in range(self._height + 1)]
                if self._hide_one(lines):
                    return True
        return False

    def _joined(self, row: int, column: int) -> bool:
        """Whether row and column hang together without their own cell: it lies on a circle."""
        edges = self.hidden - {(row, column)}
        rows, columns = {row}, set[int]()
        while True:
            found = {c for r, c in edges if r in rows} - columns
            columns |= found
            if column in columns:
                return True
            more = {r for r, c in edges if c in columns} - rows
            rows |= more
            if not more:
                return False

    def _follow_above(self) -> None:
        """Let one row hide every column whose sum is hidden above."""
        columns = [c for r, c in self.hidden & self._fixed]
        if columns:
            rows = range(self._height)
            best = min(rows, key=lambda r: (sum(self.values[r][c] for c in columns), r))
            self.hidden |= {(best, c) for c in columns}

    def _hide_one(self, line: Sum) -> bool:
        free = [cell for cell in line if cell not in self.hidden and cell not in self._fixed]
        if not free:
            return False
        # Rather an inner cell than a sum, rather a small one than a large one, nought last of all.
        self.hidden.add(
            min(free, key=lambda at: (self._value(at) == 0, self._sum(at), self._value(at), at))
        )
        return True

    def _sum(self, cell: Cell) -> bool:
        return cell[0] == self._height or cell[1] == self._width

    def _value(self, cell: Cell) -> int:
        return self.values[cell[0]][cell[1]]
