"""Following: who appends all the time keeps the log on the way, and knows its tree by heart.

A keeper reads what was appended and commits beside who appends; on SQLite each such commit takes from the others'
connections what they remember of the database, and whoever waits is answered late. Here the tiles and the checkpoints
are made from what was just written, in the same unit of work, and so is the index where much stands behind it. What
happens rarely is left to the keeper: the first checkpoint, a new key, and whatever is not as it should be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlmodel import Session

from mdm.audit import events as log
from mdm.audit.checkpoints import (
    EVERY_EVENTS,
    latest,
    must_stand,
    newest,
    sign_within,
    signer_in_use,
)
from mdm.audit.indexed import BEHIND
from mdm.audit.parts import Filing
from mdm.audit.parts import edge as edge_of_index
from mdm.audit.signing import Signer
from mdm.audit.tiles import WIDTH, Leaf, TreeOf, add_tile, check_leaves, made
from mdm.audit.verifier import Growing
from mdm.errors import IntegrityError

if TYPE_CHECKING:
    from mdm.compose import Hub

NEAR = 4  # tiles that are made on the way, and as many events of others read; more is left to the keeper
# Events read, or entries written, with a group, which has some 16 events with 4 entries each.
A_LITTLE = (64, 128)
EARLY = WIDTH  # events before a checkpoint is due: it is signed once all it covers is on disk


class Follower:
    """Appends events, and keeps the log; for one thread. Elsewhere than in an embedded database it only appends."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._edge: _Edge | None = None

    def record(self, session: Session, events: Sequence[log.Event], lasting: int) -> int:
        """Append events in the caller's unit of work; how many the log holds then. The first `lasting` are on disk.

        Errors as `record_many`. Whoever's unit of work came to nothing says so: `forget`.
        """
        rows = log.append(session, events)
        if not rows:
            return lasting
        size = rows[-1][0] + 1
        if self._hub.dialect.embedded:
            with suppress(IntegrityError):  # who answers goes on; the keeper meets it, and tells
                edge, self._edge = self._edge, None
                self._edge = self._followed(session, edge, rows[0][0], rows, lasting)
        return size

    def forget(self) -> None:
        """What was appended last never was."""
        self._edge = None

    def _followed(
        self,
        session: Session,
        edge: _Edge | None,
        first: int,
        rows: Sequence[log.Row],
        lasting: int,
    ) -> _Edge | None:
        size = first + len(rows)
        if edge is None or not 0 <= first - edge.tree.size <= NEAR * WIDTH:
            # To begin is dear, and in vain where tiles are missing: it is tried where one ends.
            return _begun(self._hub, session, size) if first // WIDTH < size // WIDTH else None
        if first > edge.tree.size:  # somebody else appended
            edge.add(session, self._hub, check_leaves(session, edge.tree.size, first))
        edge.add(session, self._hub, ((leaf, event) for _, event, leaf in rows))
        edge.index(session, self._hub)
        return edge if edge.sign(session, self._hub, lasting) else None


class _Edge:
    """The end of the log: its tree, and what stands behind the last full tile."""

    def __init__(self, tree: Growing, rest: Sequence[Leaf], signed: int, signer: Signer) -> None:
        self.tree = tree
        self._rest = list(rest)
        self._signed = signed  # size of the last checkpoint, with which the tree agrees
        self._signer = signer
        self._next: tuple[int, bytes] | None = None  # to be signed once all of it is on disk
        self._part: Filing | None = None  # of the index, which is under way

    def add(self, session: Session, hub: Hub, leaves: Iterable[Leaf]) -> None:
        """What came behind it."""
        for leaf in leaves:
            self.tree.add(leaf[0])
            self._rest.append(leaf)
            if len(self._rest) == WIDTH:
                add_tile(hub, session, self.tree.size // WIDTH - 1, self._rest)
                self._rest = []
                self._begin_part(session)
        if self._next is None and self.tree.size - self._signed >= EVERY_EVENTS - EARLY:
            self._next = self.tree.size, self.tree.root()

    def _begin_part(self, session: Session) -> None:
        """Where as much stands behind the index as may, long before the keeper would have to do it."""
        if self._part is None and self.tree.size - (first := edge_of_index(session)) >= BEHIND // 2:
            self._part = Filing(first, *A_LITTLE)

    def index(self, session: Session, hub: Hub) -> None:
        """Take a step with the part of the index that is under way."""
        if self._part and not self._part.read(session) and not self._part.write(hub, session):
            self._part = None

    def sign(self, session: Session, hub: Hub, lasting: int) -> bool:
        """Sign what is to be signed once all of it is on disk. False where somebody else signed meanwhile, or another
        key is in use: whether this tree agrees with what they signed is not known."""
        if self._next is None or self._next[0] > lasting:
            return True
        signer, key = self._signer, hub.keys.domain("audit")
        if key.version != signer.version or newest(session) != (self._signed, signer.version):
            return False
        sign_within(session, *self._next, signer)
        self._signed, self._next = self._next[0], None
        return True


def _begun(hub: Hub, session: Session, size: int) -> _Edge | None:
    """The end of a log of so many events, held against its last checkpoint; None where there is none, or where many
    tiles are to be made first."""
    last, full = latest(session), size // WIDTH
    if last is None or full - (first := made(session, 0)) > NEAR:
        return None
    for n in range(first, full):
        add_tile(hub, session, n, check_leaves(session, n * WIDTH, (n + 1) * WIDTH))
    must_stand(session, last)
    nodes = TreeOf(session, size)
    peaks = [nodes(at, (size >> at) - 1) for at in range(size.bit_length()) if size >> at & 1]
    rest = check_leaves(session, size - size % WIDTH, size)
    return _Edge(Growing(size, peaks[::-1]), rest, last.size, signer_in_use(hub, session))
