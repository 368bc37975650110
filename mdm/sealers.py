"""Sealing in bulk: batches of golden profiles in, sealed rows out, in this process or in others.

Helper processes get their keys as the first frame of a pipe, never as an argument or an environment
variable, and talk Arrow over their standard input and output. They end when the pipe ends.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, Literal, Protocol

import pyarrow as pa

from mdm.arrow import pa_schema
from mdm.errors import IntegrityError
from mdm.seal import (
    KEY_BYTES,
    Place,
    content_mac,
    new_key,
    seal,
    unwrap_entity_key,
    wrap_entity_key,
)

#: What is to be sealed: the content, and what the hub holds of the entity (NULL: nothing).
WORK = pa_schema(
    entity_id=pa.string(),
    content=pa.binary(),
    version=pa.int32(),
    content_mac=pa.binary(),
    wrapped=pa.binary(),
    wrapped_key_id=pa.int32(),
)
#: What comes back: only profiles that changed. `wrapped` is set when the entity key is new.
SEALED = pa_schema(
    entity_id=pa.string(),
    version=pa.int32(),
    ciphertext=pa.binary(),
    content_mac=pa.binary(),
    digest=pa.binary(),
    wrapped=pa.binary(),
)
PARALLEL_FROM = 20_000  # profiles; below this a helper process costs more than it brings


@dataclass(frozen=True)
class SealingKeys:
    """What sealing needs: the active version, wrapping keys by version, the MAC key."""

    key_id: int
    wrapping: dict[int, bytes] = field(repr=False)
    mac: bytes = field(repr=False)

    def dump(self) -> bytes:
        """As one frame for a pipe."""
        parts = [self.key_id.to_bytes(4, "big"), self.mac]
        parts += [n.to_bytes(4, "big") + key for n, key in sorted(self.wrapping.items())]
        body = b"".join(parts)
        return len(body).to_bytes(4, "big") + body

    @classmethod
    def load(cls, pipe: IO[bytes]) -> SealingKeys:
        """Read the frame that `dump` wrote."""
        body = pipe.read(int.from_bytes(pipe.read(4), "big"))
        key_id, mac, rest = int.from_bytes(body[:4], "big"), body[4:36], body[36:]
        step = 4 + KEY_BYTES
        wrapping = {
            int.from_bytes(rest[i : i + 4], "big"): rest[i + 4 : i + step]
            for i in range(0, len(rest), step)
        }
        return cls(key_id, wrapping, mac)


def seal_batch(keys: SealingKeys, work: pa.RecordBatch) -> pa.RecordBatch:
    """Seal every profile of a WORK batch whose content changed; a SEALED batch."""
    out: list[tuple[str, int, bytes, bytes, bytes, bytes | None]] = []
    columns = [column.to_pylist() for column in work.columns]
    for entity_id, content, held, held_mac, wrapped, wrapped_key_id in zip(*columns, strict=True):
        mac = content_mac(keys.mac, content)
        if mac == held_mac:
            continue
        fresh = None
        if wrapped is None:
            key = new_key()
            fresh = wrap_entity_key(keys.wrapping[keys.key_id], entity_id, keys.key_id, key)
        else:
            wrapping = keys.wrapping[wrapped_key_id]
            key = unwrap_entity_key(wrapping, entity_id, wrapped_key_id, wrapped)
        version = (held or 0) + 1
        place = profile_place(entity_id, version, keys.key_id)
        sealed = seal(key, place, content)
        out.append((entity_id, version, sealed, mac, ciphertext_digest(place, sealed), fresh))
    arrays = zip(*out, strict=True) if out else ([] for _ in SEALED)
    return pa.record_batch(
        [pa.array(a, f.type) for a, f in zip(arrays, SEALED, strict=True)], schema=SEALED
    )


def profile_place(entity_id: str, version: int, key_id: int) -> Place:
    """Where a golden profile is sealed."""
    return Place("sealed_profile", "ciphertext", entity_id, version, key_id)


def ciphertext_digest(place: Place, sealed: bytes) -> bytes:
    """SHA-256 over a place and what is sealed there: what the audit log vouches for."""
    return hashlib.sha256(place.associated(b"digest") + sealed).digest()


class Sealer(Protocol):
    """Takes one batch at a time, and gives its answer when asked."""

    def put(self, work: pa.RecordBatch) -> None:
        """Hand over a batch; the answer to the one before must have been taken."""

    def take(self) -> pa.RecordBatch:
        """The answer to the batch handed over."""


class InProcess:
    """Seals right here."""

    def __init__(self, keys: SealingKeys) -> None:
        self._keys = keys
        self._work: list[pa.RecordBatch] = []

    def put(self, work: pa.RecordBatch) -> None:
        self._work.append(work)

    def take(self) -> pa.RecordBatch:
        return seal_batch(self._keys, self._work.pop(0))


class Helper:
    """Seals in a process of its own."""

    def __init__(self, keys: SealingKeys) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mdm.sealers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise _helper_died()
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._stdin.write(keys.dump())
        self._writer = pa.ipc.new_stream(_arrow_file(self._stdin, "w"), WORK)
        self._reader: pa.RecordBatchStreamReader | None = None

    def put(self, work: pa.RecordBatch) -> None:
        try:
            self._writer.write_batch(work)
            self._stdin.flush()
        except OSError:
            raise _helper_died() from None

    def take(self) -> pa.RecordBatch:
        try:
            if self._reader is None:
                self._reader = pa.ipc.open_stream(_arrow_file(self._stdout, "r"))
            return self._reader.read_next_batch()
        except (OSError, StopIteration, pa.ArrowException):
            raise _helper_died() from None

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            try:
                pipe.close()
            except OSError:  # what was left in the pipe's buffer has no reader any more
                continue


@contextmanager
def sealers(keys: SealingKeys, profiles: int) -> Iterator[list[Sealer]]:
    """As many sealers as the work and the machine deserve."""
    processes = min(2, os.cpu_count() or 1)
    if profiles < PARALLEL_FROM or processes < 2:
        yield [InProcess(keys)]
        return
    with ExitStack() as stack:
        helpers: list[Sealer] = []
        for _ in range(processes):
            helper = Helper(keys)
            stack.callback(helper.close)
            helpers.append(helper)
        yield helpers


def seal_all(team: list[Sealer], batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Seal batches in turn: while one answer is used here, the next are sealed elsewhere."""
    waiting: list[Sealer] = []
    free = list(team)
    for batch in batches:
        if free:
            sealer = free.pop()
            sealer.put(batch)
            waiting.append(sealer)
            continue
        sealer = waiting.pop(0)
        answer = sealer.take()
        sealer.put(batch)
        waiting.append(sealer)
        yield answer
    for sealer in waiting:
        yield sealer.take()


def _arrow_file(pipe: Any, mode: Literal["r", "w"]) -> pa.PythonFile:
    return pa.PythonFile(pipe, mode)


def _helper_died() -> IntegrityError:
    return IntegrityError(
        "A sealing process ended early: out of memory, or a key that does not open.",
        "Run again; nothing of this run is visible.",
    )


def _serve(stdin: IO[bytes], stdout: IO[bytes]) -> None:
    keys = SealingKeys.load(stdin)
    source, sink = _arrow_file(stdin, "r"), _arrow_file(stdout, "w")
    with pa.ipc.open_stream(source) as reader, pa.ipc.new_stream(sink, SEALED) as writer:
        for work in reader:
            writer.write_batch(seal_batch(keys, work))
            stdout.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
