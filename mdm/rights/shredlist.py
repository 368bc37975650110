"""The shred list: who was erased, so that no backup and no later delivery brings them back.

It names no one. An entry holds entity ids, which say nothing, and keyed MACs of the source records
that were taken out. It stands twice: in the database, where an entry means that it was carried out
here, and in a file of the home, which outlives a database restored from an older backup. Lines only
ever come at the end; each carries a MAC over itself and the line before, under a key of the list's
own, which its first line holds, wrapped by the root key.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, func, select

from mdm.compose import Hub
from mdm.contracts.ties import FIGURES
from mdm.errors import HomeError, InputError, IntegrityError
from mdm.hub.tables import ShredEntry
from mdm.keys.keyfile import sync_to_disk
from mdm.seal import length_prefixed, new_key

FILE = "shredded.list"
CONTEXT = b"dtsen/shred-list"
MAC_BYTES = 16  # of a record's MAC
Record = tuple[str, str, str]  # source, layout, record key
ANY_KEY = ""  # under which no row lands: of a record that may come under any key


@dataclass(frozen=True)
class Erasure:
    """One erasure. `records` are MACs of (source, layout, record key); `rows`, for records that share their key with
    another, MACs of that key and their tie (in older lists: the digest of one row), and of what identifies a record
    that was found again under another key; `others` those of that key and the ties of records that stay; `handed` those
    of `records` whose key changed hands, so that only their rows are meant; `layouts` where they came from."""

    at: str
    entities: tuple[str, ...]
    layouts: tuple[tuple[str, str], ...]
    records: tuple[str, ...]
    rows: tuple[str, ...]
    reason: str
    actor: str
    approved_by: str | None
    others: tuple[str, ...] = ()
    handed: tuple[str, ...] = ()


class ShredList:
    """The lines of a list, checked. `key` is the list's own."""

    def __init__(self, lines: Sequence[bytes], key: bytes) -> None:
        self.lines = list(lines)
        self._key = key
        before = b""
        for n, line in enumerate(self.lines):
            text, mac = _parts(line)
            if not hmac.compare_digest(mac, self._chain(before, text)) or _read(text)["n"] != n:
                raise _altered()
            before = mac

    @cached_property
    def erasures(self) -> list[tuple[int, Erasure]]:
        """Number and content of every erasure."""
        said = [_read(_parts(line)[0]) for line in self.lines]
        return [(one["n"], _erasure(one)) for one in said if one["do"] == "erase"]

    @cached_property
    def records(self) -> frozenset[str]:
        """MACs of every record that was erased, and all rows of whose key were."""
        return frozenset(mac for _, one in self.erasures for mac in {*one.records} - {*one.handed})

    @cached_property
    def rows(self) -> frozenset[str]:
        """MACs of every single row that was erased."""
        return frozenset(mac for _, one in self.erasures for mac in one.rows)

    @cached_property
    def others(self) -> frozenset[str]:
        """MACs of the rows that stay though a record of their key was erased."""
        return frozenset(mac for _, one in self.erasures for mac in one.others) - self.rows

    def behind(self, erasure: Erasure) -> Callable[[Record], bool]:
        """Whether a source record stood behind who was erased, to be asked while that is carried out: once it is done
        the same key may be somebody else's, to whom the number was given, too."""
        own = frozenset(erasure.records)
        return lambda record: self.mac(*record) in own

    @property
    def shared(self) -> bool:
        """Whether a key that was erased may be others' too."""
        return bool(self.rows or self.others)

    def names(self, source: str, layout: str, landed: str, *, behind: str, digest: str) -> bool:
        """Whether a landed row was erased. What identifies it behind its key, and its digest, are looked at where a key
        may be others' too."""
        whole = self.mac(source, layout, landed) in self.records
        if not self.shared:
            return whole
        tie = behind[:FIGURES]
        own, row = (self.mac(source, layout, landed, one) for one in (tie, digest))
        anywhere = self.mac(source, layout, ANY_KEY, behind)
        return not self.rows.isdisjoint((own, row, anywhere)) or (whole and own not in self.others)

    def mac(self, *parts: str) -> str:
        """The MAC of a record (source, layout, record key) or of rows of it (and their tie)."""
        text = length_prefixed(b"record", *(part.encode() for part in parts))
        return hmac.digest(self._key, text, "sha256")[:MAC_BYTES].hex()

    def next_line(self, said: dict[str, Any]) -> bytes:
        """The line that says something after all others."""
        before = _parts(self.lines[-1])[1] if self.lines else b""
        text = json.dumps({"n": len(self.lines), **said}, sort_keys=True).encode()
        return text + b"\t" + self._chain(before, text).hex().encode() + b"\n"

    def _chain(self, before: bytes, text: bytes) -> bytes:
        return hmac.digest(self._key, length_prefixed(b"line", before, text), "sha256")


def load(hub: Hub, session: Session) -> ShredList | None:
    """The list as far as this database has carried it out; None before the first erasure."""
    lines = session.exec(select(ShredEntry.line).order_by(col(ShredEntry.n))).all()
    return opened(hub, lines) if lines else None


def opened(hub: Hub, lines: Sequence[bytes]) -> ShredList:
    """A list from its lines; IntegrityError when it was altered or is another hub's, InputError when it is empty."""
    if not lines:
        raise InputError(
            "The file holds no shred list.",
            "When it was written nobody had been erased, or it is not whole: look for another copy.",
        )
    try:
        key = hub.keys.provider.unwrap(_newest_key(lines), CONTEXT)
    except IntegrityError:
        hub.keys.check()  # says so where the root key is another one: the list may be as it was
        raise IntegrityError(
            "The shred list does not open: its root key is not here, or it was altered, or is another hub's.",
            "Where the root key was rotated since this backup, put the newest root key file back. Else restore the "
            "list from its newest copy.",
        ) from None
    return ShredList(lines, key)


def begin(hub: Hub) -> ShredList:
    """A new list, with its key as the first line."""
    key = new_key()
    fresh = ShredList([], key)
    return ShredList([fresh.next_line(_key_said(hub.keys.provider.wrap(key, CONTEXT)))], key)


def with_erasure(held: ShredList, erasure: Erasure) -> bytes:
    """The line of one more erasure."""
    return held.next_line({"do": "erase", **asdict(erasure)})


def path_of(hub: Hub) -> Path:
    """Where the list's file is."""
    return hub.settings.shred_list or hub.settings.home / FILE


def count(session: Session) -> int:
    """How many erasures this database has carried out."""
    lines = session.exec(select(ShredEntry.line)).all()
    return sum(_read(_parts(line)[0])["do"] == "erase" for line in lines)


def agrees(hub: Hub) -> bool:
    """Whether file and database have as many lines: nothing is to be caught up with."""
    with hub.sessions.read() as session:
        done = session.exec(select(func.count()).select_from(ShredEntry)).one()
    return done == len(read_file(path_of(hub)))


def read_file(path: Path) -> list[bytes]:
    """The whole lines of a list's file; what a killed process left of a line does not count."""
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    return lines[:-1] if lines and not lines[-1].endswith(b"\n") else lines


def write_ahead(hub: Hub, lines: Iterable[bytes]) -> None:
    """Make the file hold exactly these lines, on disk before this returns.

    Lines it has already stay as they are: IntegrityError where they differ.
    """
    path, wanted = path_of(hub), list(lines)
    held = read_file(path)
    if held != wanted[: len(held)]:
        raise IntegrityError(
            "The shred list's file and the database tell different stories.",
            "Keep both, and replay a copy of the file: dtsen keys shred-list replay FILE.",
        )
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        raise HomeError(
            "The folder of the shred list is not there.",
            "Make it, or mount its disk; `shred_list` in dtsen.yaml says where it is.",
        ) from None
    with os.fdopen(descriptor, "r+b") as file:
        file.seek(sum(map(len, held)))
        file.truncate()
        file.writelines(wanted[len(held) :])
        file.flush()
        os.fsync(file.fileno())
    sync_to_disk(path.parent)


def mend_file(hub: Hub) -> None:
    """Bring the file up to what the database has carried out, where it has less."""
    with hub.sessions.read() as session:
        held = load(hub, session)
    if held is not None and len(read_file(path_of(hub))) < len(held.lines):
        write_ahead(hub, held.lines)


def wrapped_key(session: Session) -> list[bytes]:
    """The list's key as it is wrapped now; nothing before the first erasure."""
    lines = session.exec(select(ShredEntry.line).order_by(col(ShredEntry.n))).all()
    return [_newest_key(lines)] if lines else []


def rewrap(hub: Hub, session: Session) -> int:
    """After a rotation of the root key: the list's key once more, wrapped anew; 0 without a list."""
    held = load(hub, session)
    if held is None:
        return 0
    wrapped = hub.keys.provider.rewrap(_newest_key(held.lines), CONTEXT)
    session.add(ShredEntry(n=len(held.lines), line=held.next_line(_key_said(wrapped))))
    return 1


def _key_said(wrapped: bytes) -> dict[str, Any]:
    return {"do": "key", "wrapped": base64.b64encode(wrapped).decode()}


def _newest_key(lines: Sequence[bytes]) -> bytes:
    for line in reversed(lines):
        said = _read(_parts(line)[0])
        if said["do"] == "key":
            try:
                return base64.b64decode(said["wrapped"])
            except (KeyError, ValueError, TypeError):
                raise _altered() from None
    raise _altered()


def _parts(line: bytes) -> tuple[bytes, bytes]:
    text, _, mac = line.rstrip(b"\n").rpartition(b"\t")
    try:
        return text, bytes.fromhex(mac.decode("ascii"))
    except ValueError:
        raise _altered() from None


def _read(text: bytes) -> dict[str, Any]:
    try:
        said = json.loads(text)
        return {"n": said["n"], "do": said["do"], **said}
    except (ValueError, KeyError, TypeError):
        raise _altered() from None


def _erasure(said: dict[str, Any]) -> Erasure:
    return Erasure(
        at=said["at"],
        entities=tuple(said["entities"]),
        layouts=tuple((source, layout) for source, layout in said["layouts"]),
        records=tuple(said["records"]),
        rows=tuple(said["rows"]),
        reason=said["reason"],
        actor=said["actor"],
        approved_by=said["approved_by"],
        others=tuple(said.get("others", ())),  # lists of before have none
        handed=tuple(said.get("handed", ())),  # nor these
    )


def _altered() -> IntegrityError:
    return IntegrityError(
        "The shred list was altered, or is another hub's.", "Restore it from its newest copy."
    )
