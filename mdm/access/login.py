"""Embedded login: login, password, code. Whatever is wrong, it looks the same and takes as long.

An attempt is counted before the password is looked at, so that many at once gain nothing; a right
one sets the count back. From the fifth wrong one on the account waits, twice as long each time;
a browser that came in before has attempts of its own (see devices.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from mdm import audit
from mdm.access import totp
from mdm.access.alarms import raise_alarms
from mdm.access.devices import known, may_try, new_device
from mdm.access.errors import NotIdentifiedError, OneTimeOverError
from mdm.access.passwords import hash_password, outdated, verify_password
from mdm.access.sessions import end_session, open_session
from mdm.access.staff import ACTIVE, choose_password, end_sessions
from mdm.compose import Hub
from mdm.errors import AccessError, InputError
from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.tables import Staff

FREE = 5  # wrong attempts before the first wait
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)


@dataclass(frozen=True)
class Attempt:
    """What somebody shows at the door: besides login, password and code, the token of a browser
    that came in before, and the session it is in now, which ends."""

    login: str
    password: str
    code: str | None = None
    device: str | None = None
    replaces: str | None = None


def log_in(hub: Hub, attempt: Attempt) -> tuple[str, str]:
    """The id of a new session, and the token of this device. NotIdentifiedError for any mistake; OneTimeOverError
    for who shows all that is asked, too late."""
    staff, locked = _claim(hub, attempt.login, attempt.device)
    right = verify_password(staff.password if staff else None, attempt.password)
    error: AccessError = NotIdentifiedError("login")
    with hub.sessions.begin() as session:
        held = _alone(session, staff.id) if staff else None
        guarded = held is not None and totp.set_up(held)
        step = totp.matches(hub, held, attempt.code, now()) if held and guarded else None
        fits = right and not locked and (step is not None or not guarded)
        if held is not None and held.state == ACTIVE and fits:
            if held.one_time_until is None or now() < held.one_time_until:
                return _enter(hub, session, held, attempt, step), new_device(hub, held.id)
            error = _too_late(session, held, step)
    raise error


def _claim(hub: Hub, login: str, device: str | None = None) -> tuple[Staff | None, bool]:
    """The account, and whether it waits. The attempt is counted as wrong until it proves right.

    Every attempt is on the audit log, that of a login nobody has as well: it costs the same.
    """
    at = now()
    with hub.sessions.begin() as session:
        connection = session.connection()
        dialect_of(connection).exclusive(connection, "login")
        staff = session.exec(select(Staff).where(Staff.login == login).with_for_update()).first()
        locked = False
        if staff is not None and device and known(hub, staff.id, device):
            locked = not may_try(session, device, at)
        elif staff is not None:
            locked = staff.locked_until is not None and at < staff.locked_until
            if not locked:
                _count(session, staff, at)
        audit.record(session, "hub", "session.try", user=staff.id if staff else None)
        return staff, locked


def _alone(session: Session, staff_id: str) -> Staff:
    """The account, for this unit of work alone: of two who show the same code, one is too late."""
    return session.get_one(Staff, staff_id, with_for_update=True)


def _count(session: Session, staff: Staff, at: datetime) -> None:
    staff.failures += 1
    staff.locked_until = at + _wait(staff.failures) if staff.failures >= FREE else None
    if staff.failures == FREE:
        raise_alarms(session, "lockout", {staff.id})


def _wait(failures: int) -> timedelta:
    doubled: timedelta = FIRST_WAIT * 2 ** min(failures - FREE, 16)
    return min(doubled, LONGEST_WAIT)


def _enter(hub: Hub, session: Session, staff: Staff, attempt: Attempt, step: int | None) -> str:
    if attempt.replaces is not None:
        end_session(session, attempt.replaces)
    staff.failures, staff.locked_until = 0, None
    if step is not None:
        staff.totp_step = step
    if staff.password and outdated(staff.password):
        staff.password = hash_password(attempt.password)
    secret = open_session(hub, session, staff.id, second_factor=step is not None)
    audit.record(session, staff.id, "session.begin", kind=None if step is None else "totp")
    return secret


def _too_late(session: Session, staff: Staff, step: int | None) -> OneTimeOverError:
    """Everything was right, but too late. It stays an attempt that failed, and the code is used up; the log says
    why, for it may be a note with the password that somebody else found."""
    if step is not None:
        staff.totp_step = step
    audit.record(session, "hub", "session.late", id=staff.id, user=staff.id)
    return OneTimeOverError()


def log_out(hub: Hub, secret: str, actor: str) -> None:
    """End a session."""
    with hub.sessions.begin() as session:
        end_session(session, secret)
        audit.record(session, actor, "session.end")


def change_password(hub: Hub, staff_id: str, old: str, new: str, *, second_factor: bool) -> str:
    """Choose a password; every session ends, and the id of a new one comes back."""
    with hub.sessions.read() as session:
        login = session.get_one(Staff, staff_id).login
    staff, locked = _claim(hub, login)
    if staff is None or locked or not verify_password(staff.password, old):
        raise AccessError(
            "The old password is not right.", "Check it; too many attempts must wait."
        )
    with hub.sessions.begin() as session:  # it was right, whatever comes of the new one
        held = _alone(session, staff_id)
        held.failures, held.locked_until = 0, None
    if old == new:
        raise InputError("The new password is the old one.", "Choose another.")
    with hub.sessions.begin() as session:
        choose_password(session, _alone(session, staff_id), new)
        return open_session(hub, session, staff_id, second_factor=second_factor)


def begin_second_factor(hub: Hub, staff_id: str) -> tuple[str, str]:
    """A new secret and its address for an authenticator; it counts once a code was shown."""
    with hub.sessions.read() as session:
        staff = session.get_one(Staff, staff_id)
        if staff.password is None:
            raise AccessError("The second factor is your issuer's.", "Set it up there.")
        if totp.set_up(staff):
            raise AccessError(
                "There is a second factor already.", "An administrator can reset the account."
            )
    secret = totp.new_secret()
    with hub.sessions.begin() as session:
        staff = session.get_one(Staff, staff_id)
        totp.keep(hub, staff, secret)
    return secret, totp.address(secret, staff.login)


def confirm_second_factor(hub: Hub, staff_id: str, code: str) -> str:
    """The first code sets the second factor up; a new session that has it."""
    with hub.sessions.begin() as session:
        staff = _alone(session, staff_id)
        step = totp.matches(hub, staff, code, now())
        if step is None:
            raise AccessError("This code does not fit.", "Wait for the next one and try again.")
        staff.totp_step = step
        end_sessions(session, staff_id)
        secret = open_session(hub, session, staff_id, second_factor=True)
        audit.record(session, staff_id, "user.second-factor", id=staff_id, user=staff_id)
    return secret
