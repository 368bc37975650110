"""Alarms: what somebody must look at. One per kind, principal and hour, each on the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlmodel import Session, col, select

from mdm import audit
from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.tables import Alarm

QUIET = timedelta(hours=1)  # the same alarm is raised once in this time
KINDS = {
    "honey": "Somebody asked for a NIK that nobody has: a guess, or a list from elsewhere.",
    "misses": "Too many of the NIKs asked for do not exist: the door is closed for the day.",
    "lockout": "Too many wrong passwords for one account: it is locked for a while.",
}


def raise_alarms(session: Session, kind: str, principals: Iterable[str]) -> None:
    """Raise an alarm for each principal, unless the same was raised within the hour."""
    for principal in sorted(principals):
        dialect_of(session.connection()).exclusive(
            session.connection(), f"alarm {kind} {principal}"
        )
        query = select(Alarm.id).where(
            Alarm.kind == kind, Alarm.principal == principal, col(Alarm.at) > now() - QUIET
        )
        if session.exec(query).first() is None:
            alarm = Alarm(id=f"alarm-{secrets.token_hex(6)}", kind=kind, principal=principal)
            session.add(alarm)
            audit.record(session, "hub", f"alarm.{kind}", id=alarm.id, client=principal)


def alarms(session: Session, limit: int = 100) -> Sequence[Alarm]:
    """The latest alarms, newest first."""
    query = select(Alarm).order_by(col(Alarm.at).desc(), col(Alarm.id)).limit(limit)
    return session.exec(query).all()
