"""Do the next piece of work while the last one is being used: two cores, one stream."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T], depth: int = 2) -> Generator[T]:
    """The same items in the same order, made in a thread of their own, at most `depth` ahead.

    An error of the maker is raised where its item would have come. When the reader stops early, and closes what it
    reads, the maker has stopped too, and so has what it made the items from: no thread is left at work.
    """
    made: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(depth)
    stopped = threading.Event()

    def over() -> bool:
        # A program that ends waits for this thread, which must not be cut off inside a library.
        return stopped.is_set() or not threading.main_thread().is_alive()

    def put(item: T | None, error: BaseException | None) -> None:
        while not over():
            try:
                made.put((item, error), timeout=0.1)
            except queue.Full:
                continue
            return

    def make() -> None:
        try:
            for item in items:
                put(item, None)
                if over():
                    return
            put(None, StopIteration())
        except BaseException as error:  # handed over to the reader, who raises it
            put(None, error)
        finally:
            if isinstance(items, Generator):
                items.close()

    maker = threading.Thread(target=make, name="ahead")
    maker.start()
    try:
        while True:
            item, error = made.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        maker.join()
