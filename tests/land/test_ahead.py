"""Working ahead changes nothing but the clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from mdm.work.ahead import ahead


def test_same_items_same_order() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))


def test_an_error_comes_where_its_item_would_have_come() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    items = ahead(broken())
    assert next(items) == 1
    with pytest.raises(ValueError, match="broken"):
        next(items)


def test_a_reader_that_stops_stops_the_maker() -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 1

    items = ahead(endless())
    assert next(items) == 1
    items.close()
    assert all(thread.name != "ahead" for thread in threading.enumerate())


def test_a_maker_that_reads_from_another_stops_it_too() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    items = ahead(one + 1 for one in ahead(endless()))
    assert next(items) == 2
    items.close()
    assert closed.is_set()
    assert all(thread.name != "ahead" for thread in threading.enumerate())
