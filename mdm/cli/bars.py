"""Where the work is: bars with remaining time on a terminal, plain lines in a log; on stderr."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from mdm.work.progress import Advance, Progress, Silent

SECONDS_BETWEEN_LINES = 10.0


def progress_for(console: Console, *, quiet: bool) -> Progress:
    """Bars where someone can see them move, lines where they would only fill a file; quiet: notices alone."""
    if quiet:
        return Notices(console)
    return Bars(console) if console.is_terminal else Lines(console)


def duration(seconds: float) -> str:
    """0.42 s, 12 s, 3 min 05 s."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


class Bars:
    """One moving bar per open task; a finished task leaves one line with the time it took."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open = 0
        self._lock = threading.Lock()  # tasks of several threads may be open at once
        self._bars = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[count]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            transient=True,
        )

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
        bar = self._bars.add_task(label, total=total, count=_count(0, total))
        done, began = 0, time.monotonic()

        def advance(more: int) -> None:
            nonlocal done
            done += more
            self._bars.update(bar, completed=done, count=_count(done, total))

        self._start()
        try:
            yield advance
            self._finished(label, done, time.monotonic() - began)
        finally:
            self._stop(bar)

    def note(self, message: str) -> None:
        self._console.print(f"  {message}", highlight=False, markup=False)

    def _finished(self, label: str, done: int, seconds: float) -> None:
        count = f"  [dim]{done:,}[/]" if done else ""
        self._console.print(
            f"[green]✓[/] {label}{count}  [dim]{duration(seconds)}[/]", highlight=False
        )

    def _start(self) -> None:
        with self._lock:
            if self._open == 0:
                self._bars.start()
            self._open += 1

    def _stop(self, bar: TaskID) -> None:
        with self._lock:
            self._bars.remove_task(bar)
            self._open -= 1
            if self._open == 0:
                self._bars.stop()


class Notices(Silent):
    """Nothing of how the work goes, and every notice: who asked for quiet still has to know of a missing file."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def note(self, message: str) -> None:
        self._console.print(message, highlight=False, markup=False, soft_wrap=True)


class Lines:
    """A line when a task ends, and one now and then while it is long."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def task(self, label: str, total: int | None = None) -> Iterator[Advance]:
        began = said = time.monotonic()
        done = 0

        def advance(more: int) -> None:
            nonlocal done, said
            done += more
            now = time.monotonic()
            if now - said >= SECONDS_BETWEEN_LINES:
                said = now
                self._say(f"{label}: {_count(done, total)}{_remaining(done, total, now - began)}")

        yield advance
        count = f" {done:,}" if done else ""
        self._say(f"{label}: done{count} in {duration(time.monotonic() - began)}")

    def note(self, message: str) -> None:
        self._say(message)

    def _say(self, line: str) -> None:
        stamp = time.strftime("%H:%M:%S")
        self._console.print(f"{stamp} {line}", highlight=False, markup=False, soft_wrap=True)


def _count(done: int, total: int | None) -> str:
    if total is None:
        return f"{done:,}" if done else ""
    return f"{done:,} of {total:,}"


def _remaining(done: int, total: int | None, elapsed: float) -> str:
    if not total or not done:
        return ""
    return f", {duration(elapsed * (total - done) / done)} left"
