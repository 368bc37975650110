"""Whom a name means: people know logins and names of clients, the log knows ids.

An id means whose it is, whatever others are called: an account with another's id for its login would take the blame
for it, and be disabled in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlmodel import Session, col, select

from mdm.errors import InputError
from mdm.hub.tables import Client, Staff

_ID = re.compile(r"(?:staff|client)-[0-9a-f]{12}")
_LONG_NUMBER = re.compile(r"\d(?:[._-]*\d){15}")  # a NIK or KK number, however it is written


def id_of(session: Session, named: str) -> str | None:
    """The id of the client or member of staff of this id, name or login; None for neither."""
    if session.get(Client, named) or session.get(Staff, named):
        return named
    client = select(Client.id).where(Client.name == named)
    staff = select(Staff.id).where(Staff.login == named)
    return session.exec(client).first() or session.exec(staff).first()


def must_be_sayable(name: str) -> None:
    """InputError for a name that reads as the id of an account or a client, or that holds a NIK: names stand in the
    open, in lists, in requests for two and on every page."""
    if _ID.fullmatch(name):
        raise InputError(
            "This name reads as the id of an account or a client.",
            "Choose another name.",
            code="name-id",
        )
    if _LONG_NUMBER.search(name):
        raise InputError(
            "A name holds no NIK or KK number: it stands in the open.",
            "Choose another name.",
            code="name-number",
        )


def as_logged(session: Session, named: str | None) -> str | None:
    """How the log calls whoever is meant: by id, or as written (the command line has no account)."""
    return (id_of(session, named) or named) if named else None


def all_names(session: Session) -> set[str]:
    """Every login and every client's name."""
    logins = session.exec(select(Staff.login)).all()
    return {*logins, *session.exec(select(Client.name)).all()}


def names_of(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Id → the login of a member of staff, the name of a client; of others nothing."""
    asked = set(ids)
    if not asked:
        return {}
    staff = session.exec(select(Staff.id, Staff.login).where(col(Staff.id).in_(asked)))
    clients = session.exec(select(Client.id, Client.name).where(col(Client.id).in_(asked)))
    return {**dict(staff.all()), **dict(clients.all())}
