"""Whether a run fits into memory, asked before it starts: its engine keeps all records there, and puts none on a disk
that is not declared encrypted: what it spills would be plain text."""

from __future__ import annotations

import math

from sqlmodel import col, func, select

from matching.engine import Engine
from mdm.compose import Hub
from mdm.errors import CapacityError
from mdm.hub.runs import published_run
from mdm.hub.tables import Batch

# Measured with deliveries of the three providers: 300,000 records ran in 1.4 GB and not in 1.2, a million in 3.0 GB and
# not in 2.5. So many bytes for each are never enough, and so many, with a part that every run needs, are.
TOO_LITTLE, ENOUGH, ALWAYS = 2_300, 2_600, 700_000_000
_GB = 1_000_000_000


def require_room(hub: Hub, engine: Engine) -> None:
    """CapacityError where the records of a run can in no way fit into what `engine`, still empty, may take. What stands
    between too little and enough is tried."""
    records = _records(hub)
    if hub.settings.spill is None and records * TOO_LITTLE > engine.room():
        needs = math.ceil((records * ENOUGH + ALWAYS) / _GB)
        raise CapacityError(
            f"{records:,} records do not fit into memory: they need about {needs} GB, and memory_limit is "
            f"{hub.settings.memory_limit}.",
            "Raise memory_limit in dtsen.yaml where the machine has more, name an encrypted `spill` directory there, "
            "or keep a hub for each province.",
        )


def _records(hub: Hub) -> int:
    """How many records a run works on at least: those of the published run, or those that came since, if more."""
    with hub.sessions.read() as session:
        run = published_run(session)
        came = select(func.sum(Batch.landed - func.coalesce(Batch.unchanged, 0)))
        new = int(session.exec(came.where(col(Batch.accepted).is_(None))).one() or 0)
    known = run.counts.get("validate", {}) if run else {}
    return max(new, sum(int(known.get(kind, 0)) for kind in ("person", "family", "household")))
