"""Who a demonstration has, in a home of its own: a client with its key, so that `dtsen demo` can print
calls ready to paste, and one member of staff per role, with passwords that are told once.

A real home has no such accounts: nothing here is called for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session, func, select

from mdm import audit
from mdm.access import roles, staff, totp
from mdm.access.administration import NOBODY_YET
from mdm.access.agreements import Agreement
from mdm.access.clients import register
from mdm.access.document import load_rules
from mdm.access.keyfiles import make_key, public_of, write_key
from mdm.access.passwords import new_password
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import Client, SealedProfile, Staff

NAME = "demo-pkh"
FILE = "demo-client.jwk"
ACTOR = "demo"
#: What the accounts are called; a role that is not named here is called by its own name.
LOGINS = {
    "steward": ("peninjau", "peninjau2"),
    "supervisor": ("penyelia",),
    "officer": ("petugas",),
    "desa-operator": ("operator.desa",),
    "dinsos-verifier": ("verifikator",),
    "head-of-office": ("kepala.dinas",),
    "auditor": ("pemeriksa",),
    "user-administrator": ("admin.pengguna",),
    "key-administrator": ("admin.kunci",),
}
NATIONAL = frozenset(("steward", "supervisor", "auditor"))
VILLAGE = frozenset(("desa-operator",))  # their place, as deep as the hub can say it: a kecamatan
PROGRAMMES = ("PKH", "SEMBAKO", "PBI-JK", "PIP", "BLT-DD")


def demo_client(hub: Hub) -> Path:
    """The private key of the demo client, made with it the first time; its id is in the file.

    It sees what any programme would see, in the whole country, for a year.
    """
    path = hub.settings.home / "keys" / FILE
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), "demo client")
        if path.exists() and session.exec(select(Client.id).where(Client.name == NAME)).first():
            return path
        path.unlink(missing_ok=True)
        agreement = Agreement(
            number="DEMO-2026-001",
            valid_from=now() - timedelta(minutes=1),
            valid_to=now() + timedelta(days=365),
            programmes=PROGRAMMES,
            purposes=("assistance", "verification", "grievance", "demonstration"),
            regions=("",),
        )
        key = make_key()
        name = NAME
        if session.exec(select(Client.id).where(Client.name == NAME)).first():
            name = f"{NAME}-{now():%Y%m%d%H%M%S}"  # its key file is lost: a new client
        client = register(session, name, agreement, public_of(key), actor=ACTOR)
        write_key(path, {**key, "client_id": client.id})
    return path


@dataclass(frozen=True)
class DemoUser:
    """An account of the demonstration. `secret`: of its second factor, where its role needs one."""

    login: str
    role: str
    region: str
    password: str
    secret: str | None


def demo_staff(hub: Hub) -> list[DemoUser]:
    """One account per role, two stewards; made once. Empty when they were made before: the hub
    keeps no password that could be told again."""
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), "demo staff")
        if session.exec(select(Staff.id).limit(1)).first():
            return []
        regency = _largest(session, 4)
        district = _largest(session, 6, within=regency)
        return [
            _join(hub, session, role, login, district if role in VILLAGE else regency)
            for role, login in _wanted()
        ]


def _wanted() -> Iterator[tuple[str, str]]:
    for role in roles.staff_roles():
        for login in LOGINS.get(role, (role,)):
            yield role, login


def _join(hub: Hub, session: Session, role: str, login: str, place: str) -> DemoUser:
    rule = load_rules().roles[role]
    region = place if rule.regional and role not in NATIONAL else ""
    password, secret = new_password(), totp.new_secret() if rule.second_factor else None
    made = staff.create(session, login, password, actor=ACTOR, until=None)
    roles.grant(session, made.id, role, region, actor=ACTOR, approved_by=NOBODY_YET)
    if secret is not None:
        totp.keep(hub, made, secret)
        made.totp_step = 1  # as if a code had been shown: there is nobody who could show one
        audit.record(session, made.id, "user.second-factor", id=made.id, user=made.id)
    return DemoUser(login, role, region, password, secret)


def _largest(session: Session, digits: int, within: str = "") -> str:
    """The region with most people: where the demonstration's officers work."""
    region = func.substr(SealedProfile.region, 1, digits)
    query = (
        select(region)
        .where(
            SealedProfile.kind == "person",
            func.length(region) == digits,
            func.substr(SealedProfile.region, 1, len(within)) == within,
        )
        .group_by(region)
        .order_by(func.count().desc(), region)
    )
    return str(session.exec(query.limit(1)).first() or within)
