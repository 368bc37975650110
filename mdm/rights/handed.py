"""What cannot be taken back of an erased person: whom the audit log says that something was told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from mdm.audit.search import Wanted, entries
from mdm.hub.tables import Job
from mdm.jobs import DELIVERED


@dataclass(frozen=True)
class HandedOut:
    """What one actor was told for one purpose: how often, first and last. `job`: in whose result."""

    actor: str
    action: str
    purpose: str
    job: str | None
    times: int
    first: datetime
    last: datetime


def handed_out(session: Session, entity_ids: Sequence[str]) -> tuple[HandedOut, ...]:
    """Everything told about some entities, by who asked, the latest first.

    Whatever tells of a person names its purpose. A job told nothing until its result was fetched.
    """
    found: dict[tuple[str, str, str, str | None], list[datetime]] = {}
    for entry in entries(session, Wanted(subjects=tuple(entity_ids))):
        purpose, job = entry.details.get("purpose"), entry.details.get("job")
        if purpose is not None:
            found.setdefault((entry.actor, entry.action, purpose, job), []).append(entry.at)
    fetched = _fetched(session, {job for _, _, _, job in found if job})
    return tuple(
        HandedOut(actor, action, purpose, job, len(at), min(at), max(at))
        for (actor, action, purpose, job), at in found.items()
        if job is None or job in fetched
    )


def _fetched(session: Session, jobs: Iterable[str]) -> frozenset[str]:
    query = select(Job.id).where(col(Job.id).in_(list(jobs)), Job.state == DELIVERED)
    return frozenset(session.exec(query).all())
