"""Export: the whole log up to a signed checkpoint, with what it takes to verify it offline.

A .zip or a folder: `events.log` (one line per event: number, leaf hash, the exact bytes),
`checkpoints.txt`, `proofs.txt` (consistency), `keys.txt`, `verifier.py` and `README.txt`. It holds
no personal data of the people in the hub; it does name who used the hub.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlmodel import Session, col

from mdm.audit import verifier
from mdm.audit.checkpoints import Checkpoint, checkpoint, checkpoints, verifier_keys
from mdm.audit.events import record
from mdm.audit.proofs import prove_growth
from mdm.compose import Hub
from mdm.errors import InputError, UsageError
from mdm.files.sheets import private_file
from mdm.hub.tables import AuditEvent
from mdm.work.progress import Progress

TOGETHER = 8_192
PIECE = 1 << 20  # bytes of a stream handed on at once
FILE = "audit-log.zip"  # what a streamed export is called
README = """The audit log of a DTSEN Hub: {size} events, signed.

Verify it offline with Python and the `cryptography` package:

    python verifier.py {name} --key KEY

KEY is the hub's verifier key. Take it from where the hub made it public, not from here, and the
verifier from a copy you trust. If somebody outside kept a signed checkpoint, add
`--witnessed FILE`: the log must still agree with it.

events.log       number, leaf hash (SHA-256 of 0x00 and the event), and the event itself, by line
checkpoints.txt  signed checkpoints (C2SP tlog-checkpoint), smallest first
proofs.txt       consistency proofs (RFC 9162) from each checkpoint to the next
keys.txt         verifier keys of all times
"""

Create = Callable[[str], IO[bytes]]


@dataclass(frozen=True)
class Exported:
    """What was handed over."""

    events: int
    checkpoints: int
    keys: list[str]
    file: Path


def export(hub: Hub, out: Path, progress: Progress, *, actor: str) -> Exported:
    """Write the log up to a new checkpoint to `out`: a .zip, or a folder that is not there yet.

    The export itself is an event, the last one in it.
    """
    _check_target(out)
    signed = _signed(hub, actor)
    with hub.sessions.read() as session:
        notes = checkpoints(session, below=signed.size + 1)[::-1]
        keys = verifier_keys(session)
        with _written(out) as create, progress.task("export events", signed.size) as advance:
            for events in _write(session, signed, notes, create, out.name):
                advance(events)
    return Exported(signed.size, len(notes), keys, out)


def export_stream(hub: Hub, *, actor: str) -> Iterator[tuple[int, bytes]]:
    """The same as a .zip in pieces, none larger than a few MiB, each with how many events are in it; for who
    takes it away through the service."""
    signed = _signed(hub, actor)
    sink = _Pieces()
    with hub.sessions.read() as session:
        notes = checkpoints(session, below=signed.size + 1)[::-1]
        with _zip(sink) as held:
            for events in _write(session, signed, notes, partial(_created, held), FILE):
                sink.events += events
                if len(sink.held) >= PIECE:
                    yield sink.take()
    yield sink.take()


class _Pieces(io.RawIOBase):
    """What is written, until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.events = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.held += data
        return len(data)

    def take(self) -> tuple[int, bytes]:
        """How many events since the last time, and the bytes."""
        taken = self.events, bytes(self.held)
        self.held, self.events = bytearray(), 0
        return taken


def _signed(hub: Hub, actor: str) -> Checkpoint:
    """The checkpoint of an export, which is itself an event, the last one in it."""
    with hub.sessions.begin() as session:
        record(session, actor, "audit-export")
    return checkpoint(hub)


def _write(
    session: Session, signed: Checkpoint, notes: list[Checkpoint], create: Create, name: str
) -> Iterator[int]:
    """Write the files of an export, as it is called `name`; events written, some at a time."""
    with create(verifier.EVENTS) as sink:
        for lines in _lines(session, signed.size):
            sink.write(b"".join(lines))
            yield len(lines)
    texts = {
        verifier.CHECKPOINTS: verifier.BETWEEN.join(one.note for one in notes),
        verifier.CONSISTENCY: _proofs(session, notes),
        verifier.KEYS: "".join(f"{key}\n" for key in verifier_keys(session)),
        "verifier.py": Path(verifier.__file__).read_text("utf-8"),
        "README.txt": README.format(size=signed.size, name=name),
    }
    for file, text in texts.items():
        with create(file) as sink:
            sink.write(text.encode())


def _lines(session: Session, size: int) -> Iterator[list[bytes]]:
    seq = col(AuditEvent.seq)
    query = sa.select(seq, col(AuditEvent.leaf_hash), col(AuditEvent.event))
    result = (
        session.connection()
        .execution_options(yield_per=TOGETHER)
        .execute(query.where(seq < size).order_by(seq))
    )
    for rows in result.partitions(TOGETHER):
        yield [b"%d %s %s\n" % (at, leaf.hex().encode(), event) for at, leaf, event in rows]


def _proofs(session: Session, notes: list[Checkpoint]) -> str:
    parts = []
    for old, new in pairwise(notes):
        path = prove_growth(session, old.size, new.size).path
        hashes = "".join(f"{verifier.text_of(bytes.fromhex(step))}\n" for step in path)
        parts.append(f"{old.size} {new.size}\n{hashes}")
    return verifier.BETWEEN.join(parts)


def _check_target(out: Path) -> None:
    if out.suffix.lower() not in ("", ".zip"):
        raise UsageError("An export is a .zip or a folder.", "Name a file that ends in .zip.")
    if not out.parent.is_dir():
        raise InputError("The folder for the export does not exist.", "Make it first.")
    if not out.suffix and out.exists():
        raise InputError("The folder to write is there already.", "Name a new one.")


@contextmanager
def _written(out: Path) -> Iterator[Create]:
    """How to create the files of an export; a zip appears whole or not at all, for its owner only."""
    if not out.suffix:
        out.mkdir(mode=0o700)
        try:
            yield lambda name: (out / name).open("wb")
        except BaseException:
            shutil.rmtree(out)  # half an export would be in the way of a whole one
            raise
        return
    with private_file(out) as sink, _zip(sink) as held:
        yield partial(_created, held)


def _zip(sink: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1)


def _created(held: zipfile.ZipFile, name: str) -> IO[bytes]:
    return held.open(name, "w", force_zip64=True)
