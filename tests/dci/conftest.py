"""The façade over a small hub, on each database, on a real server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from mdm.compose import create_home
from tests.api.serving import Served, served
from tests.conftest import _with_database
from tests.dci.registry import Sender, enrol, fill


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A served hub with the people of registry.py."""
    url = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        name = f"hub_{secrets.token_hex(6)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        url = _with_database(server, name)
    hub = create_home(tmp_path_factory.mktemp("dci") / "home", database_url=url)
    fill(hub)
    with served(hub, real_identity=True) as running:
        yield running
    hub.close()


@pytest.fixture(scope="session")
def sender(service: Served) -> Sender:
    """A client of the whole country."""
    return enrol(service)
