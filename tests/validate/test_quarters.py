"""Quarters as typed: by their name, never by a figure that may be a month."""

from __future__ import annotations

import pytest

from matching import quarters
from matching.engines.duckdb import DuckDBEngine
from tests.validate.typed import value


@pytest.fixture(scope="module")
def engine() -> DuckDBEngine:
    return DuckDBEngine(memory_limit="1GB")


NAMED = (
    "2026Q3", "2026q3", "2026-Q3", "Q3 2026", "TW III 2026", "2026 TW 3", "TW3-2026", "Triwulan III 2026",
    "Triwulan ke-3 2026", "III/2026", "2026-III",
)  # fmt: skip


@pytest.mark.parametrize("typed", NAMED)
def test_a_quarter_by_its_name(engine: DuckDBEngine, typed: str) -> None:
    assert value(engine, typed, quarters.quarter) == "2026Q3"


@pytest.mark.parametrize(
    "typed", ["2026", "2026-09", "3/2026", "20263", "2026Q5", "Q3-26", "3", "Juli 2026", "-", ""]
)
def test_what_may_be_a_month_is_no_quarter(engine: DuckDBEngine, typed: str) -> None:
    assert value(engine, typed, quarters.quarter) is None
