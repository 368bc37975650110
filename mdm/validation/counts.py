"""Counts of validation: what became of every delivered file, kept with its batch and in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from mdm import audit
from mdm.audit import changes, vouched
from mdm.compose import Hub
from mdm.contracts.accepted import Kind
from mdm.hub.tables import Batch
from mdm.lake import LakeFile


@dataclass(frozen=True)
class BatchCounts:
    """What became of one delivered file. `landed = accepted + quarantined + erased`, always."""

    batch: str
    source: str
    layout: str
    file: str
    landed: int
    accepted: int
    quarantined: int
    erased: int = 0


@dataclass(frozen=True)
class Counts:
    """What validation did: per batch, and the records of each kind that count now."""

    batches: tuple[BatchCounts, ...]
    current: dict[Kind, int]
    replaced: int
    corrections: int = 0

    @property
    def landed(self) -> int:
        """Rows landed, over all batches."""
        return sum(batch.landed for batch in self.batches)

    @property
    def accepted(self) -> int:
        """Rows accepted, over all batches; `replaced` of them have a later version."""
        return sum(batch.accepted for batch in self.batches)

    @property
    def quarantined(self) -> int:
        """Rows kept out, over all batches."""
        return sum(batch.quarantined for batch in self.batches)

    @property
    def erased(self) -> int:
        """Rows taken out because the law says so, over all batches."""
        return sum(batch.erased for batch in self.batches)

    def as_dict(self) -> dict[str, int]:
        """The same in one number each."""
        whole = {
            "landed": self.landed,
            "accepted": self.accepted,
            "quarantined": self.quarantined,
            "replaced": self.replaced,
        }
        whole |= {"erased": self.erased} if self.erased else {}
        whole |= {"corrections": self.corrections} if self.corrections else {}
        return whole | {str(kind): rows for kind, rows in self.current.items()}


def record(
    hub: Hub, held: Sequence[Batch], counts: Sequence[BatchCounts], files: dict[str, LakeFile]
) -> None:
    """Make the new findings part of the lake and the counts part of their batches, in one unit of
    work.
    """
    new = {batch.id for batch in held if batch.accepted is None}
    if not new:
        return
    with hub.sessions.begin() as session:
        changes.note(session, vouched.FILES, *sorted(new))
        hub.lake.adopt(session, list(files.values()))
        for count in counts:
            if count.batch in new:
                _record_one(session, count)


def _record_one(session: Session, count: BatchCounts) -> None:
    batch = session.get_one(Batch, count.batch)
    batch.accepted, batch.quarantined, batch.status = count.accepted, count.quarantined, "validated"
    session.add(batch)
    audit.record(
        session,
        "system",
        "validate",
        batch=count.batch,
        source=count.source,
        layout=count.layout,
        counts={
            "landed": count.landed,
            "accepted": count.accepted,
            "quarantined": count.quarantined,
            **({"erased": count.erased} if count.erased else {}),
        },
    )
