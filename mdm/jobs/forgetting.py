"""Forgetting somebody: jobs that ask about them end, and nothing of them is kept.

A job whose result was not fetched yet ends, waiting, running or done: who asked asks again, and is
told then what the hub still knows. What was fetched is no longer the hub's to take back.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlmodel import Session, col, select

from mdm import audit
from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.hub.columns import now
from mdm.hub.tables import Job
from mdm.jobs import (
    FAILED,
    KIND,
    LIVE,
    REQUEST,
    VOID,
    WRITING,
    file_of,
    remove_files,
    said_of,
    sweep,
)


def forget(hub: Hub, session: Session, niks: Collection[str]) -> int:
    """End the jobs that ask about one of some NIKs, and delete their files; how many.

    Call it only for an erasure that will be done whatever happens to this unit of work, or a restriction that stands:
    the files go at once, so that no crash leaves them.
    """
    wanted = frozenset(niks)
    kept = (Job.kind == KIND, col(Job.state).in_(LIVE))
    jobs = session.exec(select(Job).where(*kept).with_for_update()).all() if wanted else ()
    ended = [job for job in jobs if _asks_about(hub, job, wanted)]
    for job in ended:
        job.state, job.problem, job.worker, job.finished = FAILED, VOID, None, now()
        audit.record(session, "system", "job.failed", **said_of(job), reason=VOID)
        remove_files(hub, job)
    sweep(hub, session, untouched=timedelta())  # what a killed process left might name them, too
    return len(ended)


def _asks_about(hub: Hub, job: Job, niks: frozenset[str]) -> bool:
    """Whether a job names one of the NIKs; also one whose question cannot be read any more, or is being
    written: what will be in it nobody knows yet."""
    if job.state == WRITING:
        return True
    try:
        parts = file_of(hub, job, REQUEST).parts()
        return any(not niks.isdisjoint(part.decode().split("\n")) for part in parts)
    except IntegrityError:
        return True
