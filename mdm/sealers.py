"""Sealing in bulk: batches of golden profiles in, sealed rows out, in this process or in others.

Helper processes get their keys as the first frame of a pipe, never as an argument or an environment
variable, and work over their standard input and output. They end when the pipe ends.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple, Protocol

import pyarrow as pa

from mdm.arrow import pa_schema, rows_of
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


class Sealed(NamedTuple):
    """A profile that changed, sealed. `wrapped` is set when its entity key is new."""

    entity_id: str
    version: int
    ciphertext: bytes
    content_mac: bytes
    digest: bytes
    wrapped: bytes | None


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
        return b"".join(parts)

    @classmethod
    def load(cls, body: bytes) -> SealingKeys:
        """Read the frame that `dump` wrote."""
        key_id, mac, rest = int.from_bytes(body[:4], "big"), body[4:36], body[36:]
        step = 4 + KEY_BYTES
        wrapping = {
            int.from_bytes(rest[i : i + 4], "big"): rest[i + 4 : i + step]
            for i in range(0, len(rest), step)
        }
        return cls(key_id, wrapping, mac)


def seal_batch(keys: SealingKeys, work: pa.RecordBatch) -> list[Sealed]:
    """Seal every profile of a WORK batch whose content changed."""
    out: list[Sealed] = []
    for entity_id, content, held, held_mac, wrapped, wrapped_key_id in rows_of(work):
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
        digest = ciphertext_digest(place, sealed)
        out.append(Sealed(entity_id, version, sealed, mac, digest, fresh))
    return out


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

    def take(self) -> list[Sealed]:
        """The answer to the batch handed over."""


class InProcess:
    """Seals right here."""

    def __init__(self, keys: SealingKeys) -> None:
        self._keys = keys
        self._work: list[pa.RecordBatch] = []

    def put(self, work: pa.RecordBatch) -> None:
        self._work.append(work)

    def take(self) -> list[Sealed]:
        return seal_batch(self._keys, self._work.pop(0))


class Helper:
    """Seals in a process of its own."""

    def __init__(self, keys: SealingKeys) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mdm.sealers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise _helper_died()
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        _send(self._stdin, keys.dump())

    def put(self, work: pa.RecordBatch) -> None:
        try:
            _send(self._stdin, work.serialize())
        except OSError:
            raise _helper_died() from None

    def take(self) -> list[Sealed]:
        frame = _receive(self._stdout)
        if frame is None:
            raise _helper_died()
        return [Sealed(*row) for row in marshal.loads(frame)]

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            # What was left in a pipe's buffer has no reader any more.
            with suppress(OSError):
                pipe.close()


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


def seal_all(team: list[Sealer], batches: Iterable[pa.RecordBatch]) -> Iterator[list[Sealed]]:
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


def _send(pipe: IO[bytes], frame: Any) -> None:
    """One frame: its length, then its bytes."""
    data = memoryview(frame)
    pipe.write(data.nbytes.to_bytes(8, "big"))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """The next frame; None when the pipe has ended."""
    head = pipe.read(8)
    length = int.from_bytes(head, "big")
    frame = pipe.read(length)
    return frame if len(head) == 8 and len(frame) == length else None


def _helper_died() -> IntegrityError:
    return IntegrityError(
        "A sealing process ended early: out of memory, or a key that does not open.",
        "Run again; nothing of this run is visible.",
    )


def _serve(stdin: IO[bytes], stdout: IO[bytes]) -> None:
    keys = SealingKeys.load(_receive(stdin) or b"")
    while (frame := _receive(stdin)) is not None:
        work = pa.ipc.read_record_batch(pa.py_buffer(frame), WORK)
        sealed = [tuple(row) for row in seal_batch(keys, work)]
        _send(stdout, marshal.dumps(sealed))


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
