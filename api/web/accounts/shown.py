"""Accounts as lists and pages show them: without their secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from mdm.access import totp
from mdm.access.directory import held_by, vouched_for
from mdm.access.staff import ACTIVE
from mdm.hub.columns import now
from mdm.hub.tables import Staff


@dataclass(frozen=True)
class Account:
    """One account. `held`: its roles with their regions, now, and where an issuer vouches, those of the session that
    runs; `waits_until`: after too many wrong passwords; `invited`: nobody has come in with it yet;
    `one_time_until`: how long a password that was handed over holds, `one_time_over`: no longer; `issuer`: it signs in
    elsewhere."""

    id: str
    login: str
    active: bool
    held: list[tuple[str, str]]
    factor: bool
    entered: datetime | None
    created: datetime
    waits_until: datetime | None
    invited: bool
    one_time_until: datetime | None
    one_time_over: bool
    issuer: bool


def shown(session: Session, found: Sequence[Staff]) -> list[Account]:
    """Accounts with the roles that they hold."""
    held, at = held_by(session, [one.id for one in found]), now()
    vouched = vouched_for(session, [one.id for one in found if one.subject is not None])
    return [
        Account(
            id=one.id,
            login=one.login,
            active=one.state == ACTIVE,
            held=vouched.get(one.id, [])
            if one.subject is not None
            else [(grant.role, grant.region) for grant in held.get(one.id, [])],
            factor=totp.set_up(one),
            entered=one.entered,
            created=one.created,
            waits_until=one.locked_until if one.locked_until and one.locked_until > at else None,
            invited=one.must_change and one.entered is None,
            one_time_until=one.one_time_until,
            one_time_over=one.one_time_until is not None and one.one_time_until <= at,
            issuer=one.subject is not None,
        )
        for one in found
    ]
