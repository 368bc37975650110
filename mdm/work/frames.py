"""Frames over a pipe between this process and a helper of its own: a length, then so many bytes."""

from __future__ import annotations

import fcntl
from contextlib import suppress
from io import BufferedReader
from typing import IO, Any, cast

PIPE_BYTES = 1 << 20  # fewer, larger turns of reading and writing


def send(pipe: IO[bytes], frame: Any) -> None:
    """One frame. OSError when nobody reads any more."""
    data = memoryview(frame)
    pipe.write(data.nbytes.to_bytes(8, "big"))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytearray | None:
    """The next frame; None when the pipe has ended."""
    head = pipe.read(8)
    frame = bytearray(int.from_bytes(head, "big"))
    read = cast(BufferedReader, pipe).readinto(frame)
    return frame if len(head) == 8 and read == len(frame) else None


def widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold more, where the system can."""
    with suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
