"""Hubs for the bench of the service: made once, kept in bench/scratch; clients of them with tokens in hand."""

from __future__ import annotations

import csv
import secrets
import shutil
import time
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from mdm.access.agreements import Agreement
from mdm.access.assertions import exchange
from mdm.access.clients import register
from mdm.access.keyfiles import make_key, public_of
from mdm.access.terms import Limits
from mdm.compose import Hub
from mdm.homes import create_home, open_home
from mdm.hub.columns import now
from mdm.landing import land
from mdm.pipeline import run
from mdm.work.progress import Silent
from synthetic.generate import generate

WORK = Path(__file__).parent / "scratch"
SOURCES = ("kemendagri", "kemensos", "pemda")
NO_LIMITS = Limits(
    requests_per_minute=10**9, niks_per_day=10**9, miss_percent=100, miss_floor=10**9
)


def hub_of(people: int) -> Path:
    """The home of a published hub of so many persons."""
    folder = WORK / f"service-{people}"
    home = folder / "home"
    if (folder / "done").exists():
        create_home(home).close()  # of an older version it is brought up to date
        return home
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    delivery = folder / "delivery"
    generate(delivery, people=people, seed=20261121)
    hub = create_home(home)
    for source in SOURCES:
        land(hub, source, sorted((delivery / source).glob("*.csv")), progress=Silent())
    run(hub, Silent(), train=True)
    hub.close()
    (folder / "done").touch()
    return home


def known_niks(home: Path) -> list[str]:
    """NIKs that the civil registry delivered, one per row."""
    path = home.parent / "delivery" / "kemendagri" / "biodata_wni.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        name = next(name for name in rows.fieldnames or () if name.lower() == "nik")
        return [row[name] for row in rows if len(row[name]) == 16 and row[name].isdigit()]


@cache
def _client(home: Path, region: str) -> tuple[str, dict[str, Any]]:
    hub = open_home(home)
    key = make_key()
    with hub.sessions.begin() as session:
        client = register(
            session,
            f"bench-{secrets.token_hex(4)}",
            Agreement(
                number="BENCH-1",
                valid_from=now() - timedelta(days=1),
                valid_to=now() + timedelta(days=1),
                programmes=("PKH", "SEMBAKO", "PBI-JK", "PIP", "BLT-DD"),
                purposes=("assistance",),
                regions=(region,),
                limits=NO_LIMITS,
            ),
            public_of(key),
            actor="bench",
        )
    hub.close()
    return client.id, key


def client_token(home: Path, region: str = "") -> str:
    """A fresh access token of a client that may ask without limits, in one region."""
    client, key = _client(home, region)
    hub = open_home(home)
    try:
        return exchange(hub, _assertion(hub, client, key))[0]
    finally:
        hub.close()


def _assertion(hub: Hub, client: str, key: dict[str, Any]) -> str:
    moment = int(time.time())
    said = {
        "iss": client,
        "sub": client,
        "aud": hub.settings.access.issuer,
        "iat": moment,
        "exp": moment + 60,
        "jti": secrets.token_hex(16),
    }
    head = {"alg": "Ed25519", "kid": key["kid"]}
    return jwt.encode(head, said, OKPKey.import_key(key), algorithms=["Ed25519"])
