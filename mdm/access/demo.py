"""A demo client with its own key, so that `dtsen demo` can print calls ready to paste."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from mdm.access.clients import Agreement, register
from mdm.access.keyfiles import make_key, public_of, write_key
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import Client

NAME = "demo-pkh"
FILE = "demo-client.jwk"
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
        client = register(session, name, agreement, public_of(key), actor="demo")
        write_key(path, {**key, "client_id": client.id})
    return path
