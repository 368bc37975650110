"""What makes the tests quick and changes nothing that they see."""

from __future__ import annotations

import gc
import os
import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from matching.engines.duckdb import DuckDBEngine
from mdm import homes
from mdm.access import passwords
from mdm.hub.migrate import Revision, stands_at
from mdm.hub.sessions import Sessions

MEMORY = Path("/dev/shm")
ROOM = 8 << 30  # bytes; homes of tests that passed are removed, so that they need far less
CAREFUL = passwords._HASHER  # the product's own


def temporary_files_in_memory(config: pytest.Config) -> None:
    """Let homes of tests live in memory where there is room: every commit waits for the disk."""
    chosen = config.option.basetemp or os.environ.get("PYTEST_DEBUG_TEMPROOT")
    if not chosen and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def no_search_for_waste() -> None:
    """Look for no unused objects while tests are collected: what is loaded then stays."""
    gc.disable()


def search_for_new_waste() -> None:
    """Look for unused objects among those of tests only, and let more come together before."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


def let_go_of_everything() -> None:
    """Let Python free at its end what stood when the tests began: DuckDB's binding would tell of leaks."""
    gc.unfreeze()


def light_passwords(patch: pytest.MonkeyPatch) -> None:
    """Hash passwords with argon2id at its least; tests/access/test_passwords.py asks for more."""
    least = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    patch.setattr(passwords, "_HASHER", least)


def remembered_certificates(patch: pytest.MonkeyPatch) -> None:
    """Read the authorities that a client of ours trusts once: each client would read all of them again."""
    from httpx._transports import default  # noqa: PLC0415 - as below

    read = default.create_ssl_context
    known: dict[bool, ssl.SSLContext] = {}

    def create_ssl_context(
        verify: Any = True, cert: Any = None, trust_env: bool = True
    ) -> ssl.SSLContext:
        if verify is not True or cert is not None:
            return read(verify, cert, trust_env)
        if trust_env not in known:
            known[trust_env] = read(verify, cert, trust_env)
        return known[trust_env]

    patch.setattr(default, "create_ssl_context", create_ssl_context)


def remembered_tables(patch: pytest.MonkeyPatch) -> None:
    """Make the tables of a new SQLite hub as the migrations left those of the first: one statement each, where
    Alembic goes through every revision again. tests/hub asks more of the migrations themselves."""
    migrate = homes.upgrade
    known: list[tuple[tuple[Revision, ...], list[str]]] = []

    def upgrade(sessions: Sessions) -> tuple[Revision, ...]:
        if sessions.engine.dialect.name != "sqlite" or stands_at(sessions) is not None:
            return migrate(sessions)
        if known:
            revisions, statements = known[0]
            with sessions.connect() as connection:
                sessions.dialect.begin_migration(connection)
                for statement in statements:
                    connection.exec_driver_sql(statement)
            return revisions
        revisions = migrate(sessions)
        with sessions.engine.connect() as connection:
            made: Any = connection.connection.driver_connection
            known.append((revisions, list(made.iterdump())[1:-1]))  # without BEGIN and COMMIT
        return revisions

    patch.setattr(homes, "upgrade", upgrade)


def one_core_each(patch: pytest.MonkeyPatch) -> None:
    """Let an engine of a small home use one core where nobody says how many. A query over a few hundred
    rows is over before a second core has woken; test processes use the other cores themselves."""
    begin = DuckDBEngine.__init__

    def __init__(  # noqa: N807 - takes its place
        self: DuckDBEngine,
        *,
        memory_limit: str = "4GB",
        threads: int | None = None,
        spill: Path | None = None,
    ) -> None:
        begin(self, memory_limit=memory_limit, threads=threads or 1, spill=spill)

    patch.setattr(DuckDBEngine, "__init__", __init__)


def remembered_levels(patch: pytest.MonkeyPatch) -> None:
    """Let Splink remember whether a level is an exact match. It takes every level apart again in
    every block of every training, for a third of the time that a small home is linked in."""
    from splink.internals.comparison_level import ComparisonLevel  # noqa: PLC0415 - slow to import

    ask = ComparisonLevel._is_exact_match.fget
    known: dict[tuple[str, str], bool] = {}

    def is_exact_match(level: ComparisonLevel) -> bool:
        key = (level.sql_condition, level.sqlglot_dialect)
        if key not in known:
            known[key] = ask(level)
        return known[key]

    patch.setattr(ComparisonLevel, "_is_exact_match", property(is_exact_match))
