"""Jobs: work that outlives its request. Asked for, worked off in parts, fetched once.

A job's NIKs and its answers stand in sealed files of the home; the hub knows who asked, what, and
how far it is. `asking.py`, `exports.py` and `checks.py` take jobs, `work.py` works them off, `forgetting.py` ends
those about somebody who was erased. What eligibility is answered depends on what was asked alone: the
run, the rules and the day are fixed when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, and_, col, or_, select

from mdm import audit
from mdm.compose import Hub
from mdm.errors import InputError, IntegrityError
from mdm.hub.columns import now
from mdm.hub.tables import Job
from mdm.seal.files import SealedFile, folder_of, path_of

KIND = "eligibility"
KEPT = timedelta(days=7)  # a result that nobody fetches
LOST = timedelta(hours=1)  # after it, whoever was writing or delivering a file is believed dead
WRITING, WAITING, RUNNING, DONE, FAILED, CANCELLED, DELIVERED, EXPIRED = (
    "writing",  # its request is not whole yet
    "waiting",
    "running",
    "done",
    "failed",
    "cancelled",
    "delivered",
    "expired",
)
LIVE = (WRITING, WAITING, RUNNING, DONE)  # states in which a job needs its files
REQUEST, RESULT = "request", "result"
VOID = "void"  # the problem of a job whose answers may not be given any more


def look(session: Session, job_id: str, owner: str) -> Job:
    """One's own job; InputError for any other, whether it is there or not."""
    job = session.get(Job, job_id)
    if job is None or job.owner != owner:
        raise InputError("There is no such job of yours.", "Ask for one by the id it was given.")
    return job


def cancel(hub: Hub, job_id: str, owner: str) -> Job:
    """End a job that is not done; its files go. A job that has ended stays as it is."""
    with hub.sessions.begin() as session:
        job = look(session, job_id, owner)
        session.refresh(job, with_for_update=True)
        if job.state not in (WAITING, RUNNING):
            return job
        job.state, job.finished = CANCELLED, now()
        audit.record(session, owner, "job.cancel", **said_of(job))
    remove_files(hub, job)
    return job


def collect(hub: Hub, job_id: str, owner: str) -> Iterator[bytes]:
    """A finished job's result, a part at a time; once. InputError when there is
    nothing to fetch: not yet, or not any more; IntegrityError when some of it is gone."""
    with hub.sessions.begin() as session:
        job = look(session, job_id, owner)
        session.refresh(job, with_for_update=True)  # of two who fetch it, one is too late
        if job.state != DONE:
            raise InputError(
                f"There is no result to fetch: the job is {job.state}.",
                "Look at the job; a result can be fetched once, when the job is done.",
            )
        result = path_of(hub, job.id, RESULT)
        if not result.exists() or result.stat().st_size != job.result_bytes:
            raise not_whole()  # its parts are sealed, but how many there are is said here alone
        result.touch()  # who sweeps up leaves it alone meanwhile
        job.state = DELIVERED
        audit.record(session, owner, "job.read", **said_of(job), count=job.total)
    return _delivered(hub, job)


def not_whole() -> IntegrityError:
    """What is said of a job whose file has lost some of its parts."""
    return IntegrityError("A file of this job is not whole.", "Ask again.")


def _delivered(hub: Hub, job: Job) -> Iterator[bytes]:
    try:
        yield from file_of(hub, job, RESULT).parts()
    finally:
        remove_files(hub, job)


def tidy(hub: Hub) -> int:
    """Let go of results that nobody fetched in time, and of jobs that were never taken to the end, because
    their process was killed; how many."""
    old = or_(
        and_(col(Job.state) == DONE, col(Job.finished) < now() - KEPT),
        and_(col(Job.state) == WRITING, col(Job.created) < now() - LOST),
    )
    with hub.sessions.read() as session:
        if session.exec(select(Job.id).where(old).limit(1)).first() is None:
            return 0
    with hub.sessions.begin() as session:
        jobs = session.exec(select(Job).where(old).with_for_update()).all()
        for job in jobs:
            job.state = EXPIRED
            audit.record(session, "system", "job.expired", **said_of(job))
    for job in jobs:
        remove_files(hub, job)
    return len(jobs)


def sweep(hub: Hub, session: Session, untouched: timedelta = LOST) -> int:
    """Delete files that no job needs, as a kill between a commit and the disk leaves them; how many. Only
    those that nobody touched for so long."""
    before, found = now() - untouched, []
    for path in folder_of(hub).glob("*.*"):
        with suppress(FileNotFoundError):
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) <= before:
                found.append(path)
    # A job's row is there before its files: the files are looked at first.
    live = set(session.exec(select(Job.id).where(col(Job.state).in_(LIVE))).all()) if found else ()
    gone = [path for path in found if path.stem not in live]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def file_of(hub: Hub, job: Job, name: str) -> SealedFile:
    """A job's file: what was asked, or what was answered."""
    return SealedFile.of(hub, job.id, name, job.key_version)


def remove_files(hub: Hub, job: Job) -> None:
    """Delete a job's files; whether their key still stands or not."""
    for name in (REQUEST, RESULT):
        path_of(hub, job.id, name).unlink(missing_ok=True)


def said_of(job: Job) -> dict[str, Any]:
    """What the audit log says of a job."""
    said = ("purpose", "case", "programmes", "run_seq", "snapshot", "rules")
    return {"job": job.id, "kind": job.kind, **{name: job.asked.get(name) for name in said}}
