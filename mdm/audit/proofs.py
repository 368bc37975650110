"""Proofs from the live log: that an event is in it, and that it only grew."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from mdm.audit.checkpoints import Checkpoint, covering
from mdm.audit.tiles import TreeOf
from mdm.audit.tree import consistency, inclusion
from mdm.audit.verifier import Proof
from mdm.errors import InputError
from mdm.hub.tables import AuditCheckpoint, AuditEvent


@dataclass(frozen=True)
class Inclusion:
    """One event, its place, and the hashes that lead from it to a checkpoint's root (hex)."""

    seq: int
    event: str
    leaf_hash: str
    path: tuple[str, ...]
    checkpoint: Checkpoint
    proof: str  # the same as a C2SP tlog-proof text, for the offline verifier


@dataclass(frozen=True)
class Consistency:
    """The hashes that prove that a later checkpoint's log begins with an earlier one's (hex)."""

    old: Checkpoint
    new: Checkpoint
    path: tuple[str, ...]


def prove(session: Session, seq: int) -> Inclusion:
    """Prove that event `seq` is in the log; InputError when no checkpoint covers it."""
    row = session.get(AuditEvent, seq) if 0 <= seq < 1 << 62 else None
    signed = covering(session, seq + 1) if row is not None else None
    if row is None or signed is None:
        raise InputError(
            "There is no such event under a checkpoint.",
            "Name the number of an event; the newest are covered within a minute.",
        )
    path = inclusion(TreeOf(session, signed.size), seq, signed.size)
    return Inclusion(
        seq=seq,
        event=row.event.decode(),
        leaf_hash=row.leaf_hash.hex(),
        path=tuple(step.hex() for step in path),
        checkpoint=signed,
        proof=str(Proof(row.event, seq, tuple(path), signed.note)),
    )


def prove_growth(session: Session, old: int, new: int) -> Consistency:
    """Prove that the checkpoint of size `new` grew out of that of size `old`."""
    found = [session.get(AuditCheckpoint, size) for size in (old, new)]
    if old > new or None in found:
        raise InputError("There are no such checkpoints.", "See the list of checkpoints.")
    before, after = (covering(session, size) for size in (old, new))
    assert before is not None
    assert after is not None
    path = consistency(TreeOf(session, new), old, new)
    return Consistency(before, after, tuple(step.hex() for step in path))
