"""Work over the whole log that is under way: what, how far it is, how long it takes still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mdm.hub.columns import now
from mdm.hub.tables import Job
from mdm.jobs import RUNNING, WAITING


@dataclass(frozen=True)
class Working:
    """A job under way. `step`: the key of what it does now, "" while it waits for its turn; `left`: seconds that this
    step takes still, None where that cannot be told yet."""

    step: str
    done: int
    total: int
    left: float | None


def working(job: Job | None, step: str = "") -> Working | None:
    """How far a job is; None for one that is not under way. `step`: what a job does that does not say so itself."""
    if job is None or job.state not in (WAITING, RUNNING):
        return None
    if job.state == WAITING:
        return Working("", 0, 0, None)
    since = job.asked.get("since")
    begun = datetime.fromisoformat(since) if since else job.created
    left = None
    if 0 < job.done <= job.total:
        left = (now() - begun).total_seconds() / job.done * (job.total - job.done)
    return Working(job.asked.get("step", step), job.done, job.total, left)
