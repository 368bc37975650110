"""One engine per test, small and in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from matching.engines.duckdb import DuckDBEngine


@pytest.fixture
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()
