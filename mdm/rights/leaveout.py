"""What an erasure means for later deliveries: records on the shred list do not come back."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import col, select

from mdm import audit
from mdm.compose import Hub
from mdm.hub.tables import Batch
from mdm.rights import shredlist
from mdm.rights.taking import take_landed


def leave_out(hub: Hub, only: Collection[str] | None = None) -> int:
    """Take erased records out of the batches that were not validated yet; how many rows.

    `only` limits it to some batches. The rows leave the lake and count as erased in their batch.
    Call it under the work lock.
    """
    with hub.sessions.read() as session:
        shred = shredlist.load(hub, session)
        fresh = session.exec(select(Batch.id).where(col(Batch.accepted).is_(None))).all()
    fresh = [batch for batch in fresh if only is None or batch in only]
    if shred is None or not fresh:
        return 0
    layouts = {one for _, erasure in shred.erasures for one in erasure.layouts}
    files = [
        file
        for source, layout in sorted(layouts)
        for file in hub.lake.files(f"landed/{source}/{layout}")
        if file.owner in fresh
    ]
    taken = take_landed(hub, shred, files)
    if not taken.swaps:
        return 0
    with hub.sessions.begin() as session:
        taken.adopt(hub, session)
        for batch, rows in taken.rows.items():
            audit.record(session, "system", "leave-out", batch=batch, rows=len(rows))
    hub.lake.remove(old for old, _ in taken.swaps)
    return taken.landed
