"""Snapshots as they are made and told about."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from api.schemas.common import SnapshotName
from mdm.eligibility.library import SHOWN
from mdm.hub.tables import Snapshot


class SnapshotQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """The name that the published data and the rules in force are to have."""

    name: SnapshotName


class SnapshotTold(msgspec.Struct):
    """A name for a moment: its run, the digest of its rule documents, the day on which ages are
    counted, and how many families carry a desil of which period."""

    name: str
    run: int
    rule_set: str
    on: date
    desil_periods: dict[str, int]
    created: datetime


class SnapshotList(msgspec.Struct):
    """All snapshots, oldest first."""

    snapshots: list[SnapshotTold]


def told(snapshot: Snapshot) -> SnapshotTold:
    """A snapshot as everybody may see it."""
    return SnapshotTold(
        snapshot.name,
        snapshot.run_seq,
        snapshot.rules[:SHOWN],
        snapshot.on_date,
        dict(snapshot.periods),
        snapshot.created,
    )
