"""A job of which nobody needs two at once: asking again while it is under way gives the same."""

from __future__ import annotations

import secrets
from typing import Any

from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.terms import Principal
from mdm.audit.events import size
from mdm.compose import Hub
from mdm.hub.tables import Job
from mdm.jobs import CANCELLED, RUNNING, WAITING, said_of


def submit(hub: Hub, principal: Principal, kind: str, **asked: Any) -> Job:
    """Ask for work over the whole audit log; the job of this kind that is under way already, if there is one."""
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), f"{kind} {principal.id}")
        query = select(Job).where(Job.owner == principal.id, Job.kind == kind)
        standing = session.exec(query.where(col(Job.state).in_((WAITING, RUNNING)))).first()
        if standing is not None:
            return standing
        job = Job(
            id=secrets.token_hex(16),
            kind=kind,
            owner=principal.id,
            state=WAITING,
            asked=asked,
            total=size(session),
            key_version=hub.keys.domain("export").version,
        )
        session.add(job)
        audit.record(session, job.owner, "job.submit", **said_of(job))
        return job


def newest(session: Session, owner: str, kind: str) -> Job | None:
    """Somebody's last job of a kind that was not given up."""
    query = select(Job).where(Job.owner == owner, Job.kind == kind, Job.state != CANCELLED)
    return session.exec(query.order_by(col(Job.created).desc(), col(Job.id)).limit(1)).first()
