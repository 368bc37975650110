"""People with accounts, as the pages meet them: one per role, each with a session made at once.

Signing in costs a password hash; a test that is not about signing in takes its session from here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import httpx

from mdm.access import roles, staff
from mdm.access.demo import demo_staff
from mdm.access.sessions import COOKIE, csrf_of, open_session
from mdm.compose import Hub

PASSWORD = "kuda-lumping-biru-42"
OFFICER_REGION = "3201"
#: Role → the regions it is held for in tests.
ROLES = {
    "steward": ("",),
    "supervisor": ("",),
    "officer": (OFFICER_REGION,),
    "desa-operator": (OFFICER_REGION,),
    "dinsos-verifier": (OFFICER_REGION,),
    "head-of-office": (OFFICER_REGION,),
    "auditor": ("",),
    "user-administrator": ("",),
    "key-administrator": ("",),
}


@dataclass(frozen=True)
class Member:
    """Somebody with an account and a running session that has the second factor."""

    id: str
    login: str
    roles: tuple[str, ...]
    secret: str

    def client(self, url: str) -> httpx.Client:
        """A client that asks for pages in this session; it follows no redirect."""
        headers = {"Accept": "text/html", "Cookie": f"{COOKIE}={self.secret}"}
        return httpx.Client(base_url=url, headers=headers, timeout=60)

    @property
    def csrf(self) -> str:
        """What a form of this session carries."""
        return csrf_of(self.secret)


def join(hub: Hub, *held: tuple[str, str], login: str | None = None) -> Member:
    """An account with these roles and regions, and a session of it."""
    name = login or f"p{secrets.token_hex(5)}"
    with hub.sessions.begin() as session:
        made = staff.create(session, name, PASSWORD, actor="test", until=None)
        for role, region in held:
            roles.grant(session, made.id, role, region, actor="test", approved_by="test")
        secret = open_session(hub, session, made.id, second_factor=True)
        return Member(made.id, name, tuple(role for role, _ in held), secret)


def one_of(hub: Hub, role: str, **more: str) -> Member:
    """An account with this role, for the regions of ROLES."""
    return join(hub, *((role, region) for region in ROLES[role]), **more)


def demo_members(hub: Hub) -> dict[str, Member]:
    """The accounts of a demonstration, made if they are not there, each with a session: role → one."""
    demo_staff(hub)
    found = {}
    with hub.sessions.begin() as session:
        for one in reversed(staff.all_staff(session)):  # the first of two stewards stays
            held = tuple(role for role, _ in roles.held(session, one.id))
            if held:
                secret = open_session(hub, session, one.id, second_factor=True)
                found[held[0]] = Member(one.id, one.login, held, secret)
    return found
