"""Small helpers for columns of text held as numpy object arrays (fast to gather, join and patch
in place)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

Objects = np.ndarray[Any, np.dtype[np.object_]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


def objects(values: Iterable[Any]) -> Objects:
    """A one-dimensional object array of any values (lists stay elements, they do not become
    axes)."""
    listed = list(values)
    column: Objects = np.empty(len(listed), dtype=object)
    column[:] = listed
    return column


def blank(rows: int) -> Objects:
    """A column of empty text."""
    return np.full(rows, "", dtype=object)


def padded(numbers: Ints, width: int) -> Objects:
    """Numbers as text with leading zeros; formatted once per distinct value."""
    distinct, where = np.unique(numbers, return_inverse=True)
    return objects(f"{int(n):0{width}d}" for n in distinct)[where]


def texts(numbers: Ints) -> Objects:
    """Numbers as plain text; formatted once per distinct value."""
    distinct, where = np.unique(numbers, return_inverse=True)
    return objects(str(int(n)) for n in distinct)[where]


def each(column: Objects, change: Callable[[Any], Any]) -> Objects:
    """`change` applied to every value."""
    return objects(map(change, column))


def days(year: Ints, month: Ints, day: Ints) -> Ints:
    """Days since 1970-01-01 of calendar dates; a day past the end of its month becomes the
    month's last."""
    months = (np.asarray(year, dtype=np.int64) - 1970) * 12 + np.asarray(month, dtype=np.int64) - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    after = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.minimum(first + np.asarray(day, dtype=np.int64) - 1, after - 1)


def calendar(day: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of the month of days since 1970-01-01."""
    dates = np.asarray(day, dtype=np.int64).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month_number = months.astype(np.int64)
    in_month = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    return month_number // 12 + 1970, month_number % 12 + 1, in_month


def dates(day: Ints, style: str = "%Y-%m-%d") -> Objects:
    """Days since 1970-01-01 as text in a strftime style; formatted once per distinct day."""
    distinct, where = np.unique(np.asarray(day, dtype=np.int64), return_inverse=True)
    values = distinct.astype("datetime64[D]").tolist()
    return objects(value.strftime(style) for value in values)[where]


def groups(keys: Ints) -> Iterator[tuple[int, Ints]]:
    """(value, rows that hold it) for each distinct key, in order; rows keep their order."""
    order = np.argsort(keys, kind="stable")
    values, starts = np.unique(keys[order], return_index=True)
    for k, value in enumerate(values):
        end = starts[k + 1] if k + 1 < len(starts) else len(order)
        yield int(value), order[starts[k] : end]


def pick(rng: np.random.Generator, choices: Objects, rows: int) -> Objects:
    """`rows` even draws from `choices`."""
    return choices[rng.integers(len(choices), size=rows)]
