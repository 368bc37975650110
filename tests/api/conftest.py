"""A served hub, on each database, shared by the tests of a module: they only read."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from mdm.compose import Hub, create_home
from tests.api.serving import Served, served
from tests.api.world import fill
from tests.conftest import _with_database


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """The small published hub of world.py."""
    home = tmp_path_factory.mktemp("world") / "home"
    url = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        name = f"hub_{secrets.token_hex(6)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        url = _with_database(server, name)
    hub = create_home(home, database_url=url)
    yield fill(hub)
    hub.close()


@pytest.fixture(scope="module")
def service(world: Hub) -> Iterator[Served]:
    """The service over it, on a real server."""
    with served(world) as running:
        yield running
