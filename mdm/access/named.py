"""Whom a name means: people know logins and names of clients, the log knows ids."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, or_, select

from mdm.hub.tables import Client, Staff


def id_of(session: Session, named: str) -> str | None:
    """The id of the client or member of staff of this id, name or login; None for neither."""
    client = select(Client.id).where(or_(Client.id == named, Client.name == named))
    staff = select(Staff.id).where(or_(Staff.id == named, Staff.login == named))
    return session.exec(client).first() or session.exec(staff).first()


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
