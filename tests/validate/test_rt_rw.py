"""RT and RW as typed: their own numbers, or a finding."""

from __future__ import annotations

import pytest

from matching import rt_rw
from matching.engines.duckdb import DuckDBEngine
from tests.validate.typed import value


@pytest.fixture(scope="module")
def engine() -> DuckDBEngine:
    return DuckDBEngine(memory_limit="1GB")


@pytest.mark.parametrize(
    ("typed", "pair", "lost"),
    [
        ("003/005", ("3", "5"), False),
        ("3/", ("3", None), False),
        ("/5", (None, "5"), False),
        ("-/005", (None, "5"), False),
        ("000/000", (None, None), False),
        ("3", ("3", None), False),
        ("", (None, None), False),
        ("-", (None, None), False),
        ("Tidak ada", (None, None), False),
        ("RT/RW", (None, None), False),
        ("RT 03/RW 05", ("3", "5"), False),
        ("RT. 3 RW. 5", ("3", "5"), False),
        ("rt003rw005", ("3", "5"), False),
        ("RW 05/RT 03", ("3", "5"), False),
        ("RW 5", (None, "5"), False),
        ("RT 03 / 05", ("3", "5"), False),
        ("RT/RW: 003/005", ("3", "5"), False),
        ("003-005", ("3", "5"), False),
        ("003 005", ("3", "5"), False),
        ("3.5", ("3", "5"), False),
        ("003005", ("3", "5"), False),
        ("III/V", ("3", "5"), False),
        ("1A/2", ("1", "2"), False),
        ("003/005 Dusun Mawar", ("3", "5"), False),
        ("RT 001 / RW 002, Dusun Krajan", ("1", "2"), False),
        ("RT 3 Dusun 2", ("3", None), True),
        ("03-Mei", (None, None), True),
        ("2025-05-03 00:00:00", (None, None), True),
        ("03/05/2025", (None, None), True),
        ("45780", (None, None), True),
        ("0305", (None, None), True),
        ("DUSUN III", (None, None), True),
        ("RT VILLA", (None, None), True),
        ("99999999999999999999/1", (None, "1"), True),
    ],
)
def test_both_in_one_column(
    engine: DuckDBEngine, typed: str, pair: tuple[str | None, str | None], lost: bool
) -> None:
    rt, rw = (value(engine, typed, lambda c, w=which: rt_rw.paired(c, w)) for which in ("RT", "RW"))
    assert (rt, rw) == pair

    def told(c: str) -> str:
        return rt_rw.paired_lost(c, rt_rw.paired(c, "RT"), rt_rw.paired(c, "RW"))

    assert value(engine, typed, told) is lost


@pytest.mark.parametrize(
    ("typed", "which", "expected", "speaks"),
    [
        ("001", "RT", "1", True),
        ("1.0", "RT", "1", True),
        ("RT 01", "RT", "1", True),
        ("RW 05", "RW", "5", True),
        ("IV", "RW", "4", True),
        ("RT 1 RW 2", "RT", "1", True),
        ("RT 1 RW 2", "RW", "2", True),
        ("001/002", "RT", "1", True),
        ("001/002", "RW", "2", True),
        ("RT 01", "RW", None, True),
        ("2.5", "RT", None, True),
        ("01-02", "RT", None, True),
        ("DUSUN 3", "RW", None, True),
        ("-1", "RW", None, True),
        ("1001", "RT", None, True),
        ("satu", "RT", None, True),
        ("000", "RT", None, False),
        ("-", "RT", None, False),
        ("NULL", "RT", None, False),
        ("RT.", "RT", None, False),
    ],
)
def test_a_column_each(
    engine: DuckDBEngine, typed: str, which: rt_rw.Which, expected: str | None, speaks: bool
) -> None:
    assert value(engine, typed, lambda c: rt_rw.alone(c, which)) == expected
    assert value(engine, typed, rt_rw.speaks) is speaks
