"""Verify the live log: every event, every kept hash, every checkpoint; then what the log vouches for.

Everything is made again from the events' bytes. What was signed, here or by a witness, decides
what is true; what does not agree with it is named in plain words.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlmodel import Session, func, select

from mdm.audit.checkpoints import own_verifiers, verifier_keys
from mdm.audit.expected import Expected
from mdm.audit.held import KeptTile, KeptTiles, Signed, checkpoints, events
from mdm.audit.indexed import Index
from mdm.audit.logged import LoggedEvent
from mdm.audit.tiles import HASH, WIDTH
from mdm.audit.tree import fold, nodes_of, root
from mdm.audit.verified import Verified
from mdm.audit.verifier import (
    KEY_EVENT,
    Growing,
    Note,
    VerifierKey,
    node_hash,
    read_key,
    read_note,
)
from mdm.compose import Hub
from mdm.hub.tables import AuditEvent
from mdm.work.progress import Progress


def verify(
    hub: Hub, progress: Progress, witnessed: Sequence[Note] = (), *, profiles: bool = True
) -> Verified:
    """Check the log, its index, and (unless `profiles` is off) every ciphertext it vouches for, whether people are
    found by their own numbers, and the lake.

    `witnessed` are checkpoints that somebody outside kept. Changes nothing.
    """
    found = Verified()
    with hub.sessions.read() as session:
        total = int(session.exec(select(func.count()).select_from(AuditEvent)).one())
        with progress.task("verify events", total) as advance:
            log = _Log(session, found, witnessed)
            log.check_keys(own_verifiers(hub, session))
            for rows in events(session):
                log.take(rows)
                advance(len(rows))
            log.finish()
        with progress.task("verify the index of events"):
            for sentence in log.index.differences(session):
                found.fault("index", sentence)
        log.expected.verify(hub, session, progress, found)
        if profiles:
            log.expected.verify_profiles(hub, session, progress, found)
    return found


class _Log:
    """The log on its way past: a tile of events at a time."""

    def __init__(self, session: Session, found: Verified, witnessed: Sequence[Note]) -> None:
        self._session, self._found, self._witnessed = session, found, witnessed
        self._tiles = KeptTiles(session)
        self._above = Growing()  # over the roots of full tiles
        self._leaves: list[bytes] = []  # of the tile that is not full yet
        self._roots: dict[int, bytes] = {}
        self._signed = checkpoints(session)
        self._wanted = sorted({s.size for s in self._signed} | {n.size for n in witnessed})
        self._announced: set[str] = set()
        self._decode = msgspec.json.Decoder(LoggedEvent).decode
        self._next = 0
        self._moments: list[str] = []  # of the tile that is not full yet
        self.index = Index(session)
        self.expected = Expected()

    def check_keys(self, own: Sequence[str]) -> None:
        """The hub's own keys must be among those kept: nobody else's signatures count."""
        if not set(own) <= set(verifier_keys(self._session)):
            self._found.fault("key", "The verifier keys kept are not those of this hub's own keys.")

    def take(self, rows: Sequence[Any]) -> None:
        """Some more events, in order."""
        seqs, events, kept = zip(*rows, strict=True)
        made = [sha256(b"\x00" + event).digest() for event in events]
        whole = seqs[0] == self._next and seqs[-1] == self._next + len(seqs) - 1
        if whole and tuple(made) == kept:
            self._add(made)
        else:
            self._look_closer(seqs, kept, made)
        self._next = seqs[-1] + 1
        for seq, event in zip(seqs, events, strict=True):
            self._note(seq, event)

    def _add(self, leaves: Sequence[bytes]) -> None:
        at = 0
        while at < len(leaves):
            some = leaves[at : at + WIDTH - len(self._leaves)]
            self._leaves += some
            at += len(some)
            if len(self._leaves) == WIDTH:
                self._full()

    def _look_closer(
        self, seqs: Sequence[int], kept: Sequence[bytes], made: Sequence[bytes]
    ) -> None:
        for seq, held, leaf in zip(seqs, kept, made, strict=True):
            if seq != self._next:
                self._gap(seq)
            if leaf != held:
                self._found.fault("altered", self._altered(seq, leaf), seq)
            self._add([leaf])
            self._next = seq + 1

    def finish(self) -> None:
        """All events have passed."""
        self._ask(self._size)
        found = self._found
        found.events, found.root = self._size, self._root_at(self._size).hex()
        found.checkpoints = len(self._signed)
        self._check_signed()
        for note in self._witnessed:
            self._check_witnessed(note)
        found.unsigned = self._size - max((s.size for s in self._signed), default=0)

    @property
    def _size(self) -> int:
        return self._above.size * WIDTH + len(self._leaves)

    def _gap(self, seq: int) -> None:
        """Events are missing. What was kept of them takes their place, so that what comes after is
        still held against what was signed."""
        first, last = self._next, seq - 1
        named = f"Event {first} is" if first == last else f"Events {first} to {last} are"
        self._found.fault("missing", f"{named} missing.", first)
        if seq <= max((s.size for s in self._signed), default=0):
            for at in range(first, seq):
                self._add([self._tiles.leaf(at)])

    def _altered(self, seq: int, made: bytes) -> str:
        other = self._place_of(made)
        if other is not None and other != seq:
            return f"Event {seq} was replaced by event {other}."
        return f"Event {seq} was altered: its bytes do not agree with its leaf hash."

    def _place_of(self, made: bytes) -> int | None:
        query = select(AuditEvent.seq).where(AuditEvent.leaf_hash == made)
        return self._session.exec(query).first()

    def _note(self, seq: int, event: bytes) -> None:
        try:
            said = self._decode(event)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._found.fault("altered", f"Event {seq} cannot be read: it was altered.", seq)
            return
        self.index.add(seq, said)
        if said.action == KEY_EVENT and said.verifier:
            self._announced.add(said.verifier)
        self.expected.add(seq, said)
        self._note_moment(seq, said.at)

    def _note_moment(self, seq: int, at: str) -> None:
        """When events of a tile were: a search by time passes over tiles that say they have none."""
        if seq % WIDTH == 0:
            self._moments = []
        self._moments.append(at)
        kept = self._tiles.of(seq // WIDTH) if (seq + 1) % WIDTH == 0 else None
        if kept is None or len(self._moments) != WIDTH:
            return  # of one that is not whole it is told already
        if (kept.earliest, kept.latest) != (min(self._moments), max(self._moments)):
            first = seq + 1 - WIDTH
            self._found.fault(
                "tile",
                f"The times kept of events {first} to {seq} were altered: a search by time may miss them.",
                first,
            )

    def _full(self) -> None:
        """A tile is full: compare it with the one kept, and go on above it."""
        n, levels = self._above.size, fold(self._leaves)
        kept = self._tiles.of(n)
        if kept is not None:
            self._compare(n, levels, kept)
        self._ask((n + 1) * WIDTH - 1)
        self._above.add(levels[-1][0])
        self._leaves = []
        self._ask((n + 1) * WIDTH)

    def _compare(self, n: int, levels: list[list[bytes]], kept: KeptTile) -> None:
        first, hashes = n * WIDTH, kept.hashes
        held = [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]
        differ = [at for at, leaf in enumerate(levels[0]) if held[at : at + 1] != [leaf]]
        places = {leaf: first + at for at, leaf in enumerate(held)}
        for at in differ:
            seq, was = first + at, places.get(levels[0][at])
            sentence = (
                f"At place {seq} stands what was event {was} when hashes were last kept."
                if was is not None
                else f"Event {seq} is another than when hashes were last kept."
            )
            self._found.fault("moved" if was is not None else "altered", sentence, seq)
        if not differ and kept.root != levels[-1][0]:
            self._found.fault("tile", f"The kept hash over events {first} on was altered.", first)

    def _ask(self, upto: int) -> None:
        """Keep the root at every wanted size up to one that can be told now."""
        while self._wanted and self._wanted[0] <= upto:
            size = self._wanted.pop(0)
            self._roots[size] = self._root_at(size)

    def _root_at(self, size: int) -> bytes:
        behind = size - self._above.size * WIDTH
        if behind <= 0:
            return self._above.root()
        top = root(nodes_of(self._leaves[:behind]), behind)
        full = self._above.peaks()
        for left in reversed(full):
            top = node_hash(left, top)
        return top

    def _check_signed(self) -> None:
        kept = verifier_keys(self._session)
        if not set(kept) <= self._announced:
            self._found.fault("key", "A verifier key is kept that no event announces.")
        keys = [key for text in kept for key in _key(text)]
        good = 0
        for signed in self._signed:
            made = self._roots.get(signed.size)
            if made is None:
                sentence = (
                    f"The last events are missing: {signed.size} were signed, "
                    f"{self._size} are there."
                )
                self._found.fault("missing", sentence, self._size)
            elif made != signed.root or not _agrees(signed, made):
                sentence = (
                    f"Among events {good} to {signed.size - 1} one was altered, removed, added or "
                    f"moved: the root signed for {signed.size} events is another."
                )
                self._found.fault("root", sentence, good)
            else:
                good = signed.size
            self._check_signature(signed, keys)

    def _check_signature(self, signed: Signed, keys: Sequence[VerifierKey]) -> None:
        note = _note_of(signed.note)
        if note is None or not note.signed_by(keys):
            sentence = f"The signature of the checkpoint of {signed.size} events does not hold."
            self._found.fault("signature", sentence)

    def _check_witnessed(self, note: Note) -> None:
        made = self._roots.get(note.size)
        if made is None:
            sentence = f"A witness saw {note.size} events; {self._size} are there."
            self._found.fault("witness", sentence)
        elif made != note.root:
            sentence = f"The first {note.size} events are not those that a witness saw."
            self._found.fault("witness", sentence)


def _key(text: str) -> list[VerifierKey]:
    try:
        return [read_key(text)]
    except ValueError:
        return []


def _agrees(signed: Signed, made: bytes) -> bool:
    note = _note_of(signed.note)
    return note is None or (note.size, note.root) == (signed.size, made)


def _note_of(text: str) -> Note | None:
    try:
        return read_note(text)
    except ValueError:
        return None
