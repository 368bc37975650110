"""Jobs: work that outlives its request. Asked for, worked off in parts, fetched once.

A job's NIKs and its answers stand in sealed files of the home; the hub knows who asked, what, and
how far it is; mdm/jobs/work.py works it off. What it answers depends on what was asked alone: the
run, the rules and the day are fixed when it is asked.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.eligibility.asking import Asked, ask, keep_rules
from mdm.errors import InputError
from mdm.hub.columns import now
from mdm.hub.tables import Job
from mdm.seal.files import SealedFile

KIND = "eligibility"
MOST = 200_000  # NIKs in one job
PART = 2_000  # NIKs answered between two looks at whether to stop
KEPT = timedelta(days=7)  # a result that nobody fetches
WAITING, RUNNING, DONE, FAILED, CANCELLED, DELIVERED, EXPIRED = (
    "waiting",
    "running",
    "done",
    "failed",
    "cancelled",
    "delivered",
    "expired",
)
REQUEST, RESULT = "request", "result"
VOID = "void"  # the problem of a job whose answers may not be given any more


@dataclass(frozen=True)
class Wish:
    """What is asked of a job: about whom, for what, by which programmes' rules, as of when."""

    principal: Principal
    purpose: str
    programmes: Sequence[str]
    niks: Sequence[str] = field(repr=False)
    case: str | None = None
    snapshot: str | None = None
    on: date | None = None


def submit(hub: Hub, wish: Wish) -> Job:
    """Take a job: its NIKs sealed, its moment fixed. InputError when it cannot be answered."""
    if not 0 < len(wish.niks) <= MOST:
        raise InputError(f"A job asks about 1 to {MOST:,} NIKs.", "Split the list.")
    with hub.sessions.read() as session:
        asked = ask(hub, session, wish.programmes, snapshot=wish.snapshot, on=wish.on)
    keep_rules(hub, asked)
    job = Job(
        id=secrets.token_hex(16),
        kind=KIND,
        owner=wish.principal.id,
        state=WAITING,
        asked=_fixed(wish, asked),
        total=len(wish.niks),
        key_version=hub.keys.domain("export").version,
    )
    request, end = file_of(hub, job, REQUEST), 0
    for number, start in enumerate(range(0, len(wish.niks), PART)):
        end = request.append(number, "\n".join(wish.niks[start : start + PART]).encode(), end)
    with hub.sessions.begin() as session:
        session.add(job)
        audit.record(session, job.owner, "job.submit", **said_of(job), count=job.total)
    return job


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
    nothing to fetch: not yet, or not any more."""
    with hub.sessions.begin() as session:
        job = look(session, job_id, owner)
        if job.state != DONE:
            raise InputError(
                f"There is no result to fetch: the job is {job.state}.",
                "Look at the job; a result can be fetched once, when the job is done.",
            )
        job.state = DELIVERED
        audit.record(session, owner, "job.read", **said_of(job), count=job.total)
    return _delivered(hub, job)


def _delivered(hub: Hub, job: Job) -> Iterator[bytes]:
    try:
        yield from file_of(hub, job, RESULT).parts()
    finally:
        remove_files(hub, job)


def tidy(hub: Hub) -> int:
    """Let go of results that nobody fetched in time; how many."""
    old = (Job.state == DONE, col(Job.finished) < now() - KEPT)
    with hub.sessions.read() as session:
        if session.exec(select(Job.id).where(*old)).first() is None:
            return 0
    with hub.sessions.begin() as session:
        jobs = session.exec(select(Job).where(*old)).all()
        for job in jobs:
            job.state = EXPIRED
            audit.record(session, "system", "job.expired", **said_of(job))
    for job in jobs:
        remove_files(hub, job)
    return len(jobs)


def _fixed(wish: Wish, asked: Asked) -> dict[str, Any]:
    """All that the answer depends on but the NIKs: nothing in it is about anybody asked for."""
    return {
        "purpose": wish.purpose,
        "case": wish.case,
        "programmes": sorted(set(wish.programmes)),
        "snapshot": wish.snapshot,
        "run_seq": asked.as_of.run_seq,
        "rules": asked.as_of.library.digest,
        "on": asked.as_of.on.isoformat(),
        "principal": _plain(wish.principal),
    }


def _plain(principal: Principal) -> dict[str, Any]:
    fields = principal.fields
    return {
        "id": principal.id,
        "kind": principal.kind,
        "roles": sorted(principal.roles),
        "regions": list(principal.regions),
        "purposes": sorted(principal.purposes),
        "programmes": sorted(principal.programmes),
        "fields": None if fields is None else {kind: sorted(of) for kind, of in fields.items()},
        "agreement": principal.agreement,
        "limits": principal.limits.model_dump() if principal.limits else None,
    }


def file_of(hub: Hub, job: Job, name: str) -> SealedFile:
    """A job's file: what was asked, or what was answered."""
    return SealedFile.of(hub, job.id, name, job.key_version)


def remove_files(hub: Hub, job: Job) -> None:
    """Delete a job's files."""
    for name in (REQUEST, RESULT):
        file_of(hub, job, name).remove()


def said_of(job: Job) -> dict[str, Any]:
    """What the audit log says of a job."""
    said = ("purpose", "case", "programmes", "run_seq", "snapshot", "rules")
    return {"job": job.id, "kind": job.kind, **{name: job.asked.get(name) for name in said}}
