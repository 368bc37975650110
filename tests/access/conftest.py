"""The whole service as it runs outside tests, on each database; shared by the tests of a module."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest

from mdm.compose import Hub, create_home
from tests.access.people import Person, make_person
from tests.api.serving import Served, served
from tests.conftest import _with_database


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """An open hub of a module; its tests make accounts and clients of their own in it."""
    url = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        name = f"hub_{secrets.token_hex(6)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        url = _with_database(server, name)
    hub = create_home(tmp_path_factory.mktemp("access") / "home", database_url=url)
    yield hub
    hub.close()


@pytest.fixture(scope="module")
def service(shared: Hub) -> Iterator[Served]:
    """The service with real identification."""
    with served(shared, real_identity=True) as running:
        yield running


@pytest.fixture(scope="module")
def administrator(service: Served) -> Person:
    """An administrator of users, with a second factor."""
    return make_person(service, ("user-administrator", ""), strong=True)
