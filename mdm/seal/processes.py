"""Who seals: this process, or a helper beside it that works while this one reads and writes.

The helper gets its keys as the first frame of a pipe, never as an argument or an environment
variable, and works over its standard input and output. It ends when the pipe ends.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any, Protocol

import pyarrow as pa

from mdm.errors import IntegrityError
from mdm.seal.profiles import NIKS, WORK, Sealed, SealingKeys, seal_batch, token_batch
from mdm.work.background import in_background
from mdm.work.frames import receive, send, widen

TOKENS = {"person": b"N", "family": b"K"}  # the job that makes the tokens of a kind
PARALLEL_FROM = 20_000  # profiles; below this a helper process costs more than it brings
AHEAD = 3  # batches handed over before the first answer is waited for

_JOBS: dict[bytes, tuple[pa.Schema, Callable[[SealingKeys, pa.RecordBatch], Any]]] = {
    b"P": (WORK, seal_batch),
    b"N": (NIKS, partial(token_batch, kind="person")),
    b"K": (NIKS, partial(token_batch, kind="family")),
}


class Sealer(Protocol):
    """Turns batches into answers, in their order, as they come: each with the batch it answers."""

    def profiles(
        self, batches: Iterable[pa.RecordBatch]
    ) -> Iterator[tuple[pa.RecordBatch, Sealed]]:
        """Seal WORK batches."""

    def tokens(
        self, batches: Iterable[pa.RecordBatch], kind: str
    ) -> Iterator[tuple[pa.RecordBatch, bytearray]]:
        """Make the tokens of batches of one kind of entity with the column of NIKS; others go with it."""


class InProcess:
    """Seals right here."""

    def __init__(self, keys: SealingKeys) -> None:
        self._keys = keys

    def profiles(
        self, batches: Iterable[pa.RecordBatch]
    ) -> Iterator[tuple[pa.RecordBatch, Sealed]]:
        return ((batch, seal_batch(self._keys, batch)) for batch in batches)

    def tokens(
        self, batches: Iterable[pa.RecordBatch], kind: str
    ) -> Iterator[tuple[pa.RecordBatch, bytearray]]:
        return ((batch, token_batch(self._keys, batch, kind)) for batch in batches)


class Helper:
    """Seals in a process of its own, some batches behind what it is handed."""

    def __init__(self, keys: SealingKeys) -> None:
        self._process = in_background(
            lambda: subprocess.Popen(
                [sys.executable, "-P", "-m", "mdm.seal.processes"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise _helper_died()
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        for pipe in (self._stdin, self._stdout):
            widen(pipe)
        send(self._stdin, marshal.dumps(astuple(keys)))

    def profiles(
        self, batches: Iterable[pa.RecordBatch]
    ) -> Iterator[tuple[pa.RecordBatch, Sealed]]:
        for batch in self._done(b"P", batches):
            yield batch, Sealed(*(self._take() for _ in Sealed._fields))

    def tokens(
        self, batches: Iterable[pa.RecordBatch], kind: str
    ) -> Iterator[tuple[pa.RecordBatch, bytearray]]:
        for batch in self._done(TOKENS[kind], batches):
            yield batch, self._take()

    def _done(self, job: bytes, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The batches, each when its answer is to be taken."""
        asked: deque[pa.RecordBatch] = deque()
        for batch in batches:
            self._put(job, batch)
            asked.append(batch)
            if len(asked) > AHEAD:
                yield asked.popleft()
        yield from asked

    def _put(self, job: bytes, batch: pa.RecordBatch) -> None:
        schema, _ = _JOBS[job]
        try:
            send(self._stdin, job)
            send(self._stdin, batch.select(schema.names).serialize())
        except OSError:
            raise _helper_died() from None

    def _take(self) -> bytearray:
        answer = receive(self._stdout)
        if answer is None:
            raise _helper_died()
        return answer

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            # What was left in a pipe's buffer has no reader any more.
            with suppress(OSError):
                pipe.close()


@contextmanager
def sealer(keys: SealingKeys, profiles: int) -> Iterator[Sealer]:
    """The sealer that the work and the machine deserve.

    One helper is enough: sealing a profile takes less time than reading and writing it.
    """
    if profiles < PARALLEL_FROM or (os.cpu_count() or 1) < 2:
        yield InProcess(keys)
        return
    helper = Helper(keys)
    try:
        yield helper
    finally:
        helper.close()


def _helper_died() -> IntegrityError:
    return IntegrityError(
        "A sealing process ended early: out of memory, or a key that does not open.",
        "Run again; nothing of this run is visible.",
    )


def _serve(stdin: IO[bytes], stdout: IO[bytes]) -> None:
    """Answer every batch in turn. A thread reads ahead: whoever hands over never waits for whoever
    is to take, so that the two pipes cannot block each other."""
    keys = SealingKeys(*marshal.loads(receive(stdin) or b""))
    frames: SimpleQueue[bytearray | None] = SimpleQueue()

    def read() -> None:
        try:
            while (frame := receive(stdin)) is not None:
                frames.put(frame)
        finally:
            frames.put(None)

    sys.setswitchinterval(0.0005)  # the reader needs little, but needs it soon
    Thread(target=read, daemon=True).start()
    while (job := frames.get()) is not None and (frame := frames.get()) is not None:
        schema, work = _JOBS[bytes(job)]
        answer = work(keys, pa.ipc.read_record_batch(pa.py_buffer(frame), schema))
        for values in answer if isinstance(answer, Sealed) else (answer,):
            send(stdout, values)


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
