"""Staff: accounts of people. What they may do comes from the roles they hold."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.named import must_be_sayable
from mdm.access.passwords import check_password, hash_password
from mdm.errors import ConflictError, InputError, UnknownError
from mdm.hub.tables import Staff, StaffSession

ACTIVE, DISABLED = "active", "disabled"
_LOGIN = re.compile(r"[a-z][a-z0-9._-]{2,40}")


def create(
    session: Session, login: str, password: str, *, actor: str, until: datetime | None
) -> Staff:
    """A new account without a role. `until`: by when its owner must have chosen another password; None for a
    password that the owner chose, and keeps."""
    if not _LOGIN.fullmatch(login):
        raise InputError(
            "A login has 3 to 41 small letters, digits, dots and dashes, a letter first.",
            "For example siti.aminah.",
            code="login-form",
        )
    must_be_sayable(login)
    if session.exec(select(Staff.id).where(Staff.login == login)).first():
        raise ConflictError(
            "There is an account with this login.", "Choose another login.", code="login-taken"
        )
    check_password(password, login)
    staff = Staff(
        id=new_id(),
        login=login,
        state=ACTIVE,
        password=hash_password(password),
        must_change=until is not None,
        one_time_until=until,
    )
    session.add(staff)
    session.flush()
    audit.record(session, actor, "user.create", id=staff.id, user=staff.id)
    return staff


def new_id() -> str:
    """A random id that says nothing."""
    return f"staff-{secrets.token_hex(6)}"


def find(session: Session, who: str) -> Staff:
    """An account by login or id. UnknownError when there is none."""
    named = select(Staff).where(Staff.login == who)
    staff = session.get(Staff, who) or session.exec(named).first()
    if staff is None:
        raise UnknownError("There is no such account.", "See `dtsen admin user list`.")
    return staff


def all_staff(session: Session) -> Sequence[Staff]:
    """Every account, by login."""
    return session.exec(select(Staff).order_by(col(Staff.login))).all()


def disable(session: Session, staff: Staff, *, actor: str) -> None:
    """Let somebody in no more; sessions that run end now."""
    staff.state = DISABLED
    end_sessions(session, staff.id)
    audit.record(session, actor, "user.disable", id=staff.id, user=staff.id)


def enable(session: Session, staff: Staff, *, actor: str, approved_by: str) -> None:
    """Let somebody in again. ConflictError for an account that is not disabled."""
    session.refresh(staff, with_for_update=True)
    must_be_disabled(staff)
    staff.state = ACTIVE
    staff.failures, staff.locked_until = 0, None
    audit.record(session, actor, "user.enable", id=staff.id, user=staff.id, approved_by=approved_by)


def must_be_disabled(staff: Staff) -> None:
    """ConflictError for an account that may come in."""
    if staff.state != DISABLED:
        raise ConflictError(
            "This account is not disabled.", "Nothing is to be done.", code="user-enabled"
        )


def sign_out(session: Session, staff: Staff, *, actor: str) -> None:
    """End every session of somebody, who may sign in again."""
    end_sessions(session, staff.id)
    audit.record(session, actor, "user.sign-out", id=staff.id, user=staff.id)


def reset(
    session: Session,
    staff: Staff,
    password: str,
    *,
    actor: str,
    until: datetime,
    approved_by: str | None = None,
) -> None:
    """A new password, to be changed at once and good until then; the second factor is to be set up anew."""
    must_be_ours(staff)
    check_password(password, staff.login)
    staff.password, staff.must_change = hash_password(password), True
    staff.one_time_until = until
    staff.totp, staff.totp_key, staff.totp_step = None, None, 0
    staff.failures, staff.locked_until = 0, None
    end_sessions(session, staff.id)
    audit.record(session, actor, "user.reset", id=staff.id, user=staff.id, approved_by=approved_by)


def must_be_ours(staff: Staff) -> None:
    """ConflictError for an account that signs in at an OpenID Connect issuer: a password here would be
    a second door, which the issuer knows nothing of."""
    if staff.subject is not None:
        raise ConflictError(
            "This account signs in with OpenID Connect: it has no password here.",
            "Reset it at the issuer. To keep its owner out, disable the account.",
            code="user-oidc",
        )


def choose_password(session: Session, staff: Staff, password: str) -> None:
    """The owner's own password; other sessions end."""
    check_password(password, staff.login)
    staff.password, staff.must_change = hash_password(password), False
    staff.one_time_until = None
    end_sessions(session, staff.id)
    audit.record(session, staff.id, "user.password", id=staff.id, user=staff.id)


def end_sessions(session: Session, staff_id: str) -> None:
    """End every session of an account."""
    session.flush()
    session.execute(sa.delete(StaffSession).where(col(StaffSession.staff_id) == staff_id))
