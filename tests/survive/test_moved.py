"""Who moved lives where the registry moved them, unless somebody has seen them since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from matching.engines.duckdb import DuckDBEngine
from mdm.survivorship import Choice, explain, survive
from mdm.survivorship.moved import note_moved
from tests.survive.tables import golden, load, record

BEFORE, NOW, ELSEWHERE = "3322122003", "3528062008", "5171011001"
MOVED, EARLIER, LATER = date(2026, 1, 10), date(2025, 6, 1), date(2026, 2, 1)
CARD = record(
    "kemendagri", "1", registry=True, region_today=NOW, value_date=MOVED, former=f"{MOVED} {BEFORE}"
)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(threads=1)
    yield engine
    engine.close()


def seen(source: str, village: str, day: date, address: str = "JL. X", **more: Any) -> Row:
    said = {"registry": False, "region_today": village, "address": address, "value_date": day}
    return record(source, village, **said, **more)


def domicile(engine: DuckDBEngine, *rows: Row) -> Choice:
    load(engine, "person", rows)
    load(engine, "family", ())
    note_moved(engine)
    survive(engine, "person")
    found = {
        one.attribute: one for one in explain(json.loads(golden(engine, "person")["E"])).choices
    }
    return found["domicile"]


@pytest.mark.parametrize(
    ("field", "village", "losers"),
    [
        ([seen("pemda", BEFORE, EARLIER)], NOW, ["bygone"]),
        ([seen("pemda", BEFORE, EARLIER), seen("kemensos", BEFORE, EARLIER, "JL. Y")], NOW, ["bygone"] * 2),
        ([seen("pemda", BEFORE, LATER)], BEFORE, []),  # met there since
        ([seen("pemda", BEFORE, LATER), seen("kemensos", BEFORE, EARLIER)], BEFORE, ["lower_priority"]),
        ([seen("pemda", NOW, EARLIER), seen("kemensos", BEFORE, EARLIER)], NOW, ["lower_priority", "bygone"]),
        ([seen("pemda", ELSEWHERE, EARLIER)], ELSEWHERE, []),
        ([seen("pemda", BEFORE[:6], EARLIER)], NOW, ["bygone"]),  # the village was not read
        ([seen("pemda", NOW[:6], EARLIER)], NOW[:6], []),  # may be where they are
        ([seen("correction", BEFORE, EARLIER)], BEFORE, []),
        ([seen("pemda", BEFORE, LATER, said_since=EARLIER)], NOW, ["bygone"]),  # without a date, said before already
    ],
)  # fmt: skip
def test_a_visit_of_before_a_move(
    engine: DuckDBEngine, field: list[Row], village: str, losers: list[str]
) -> None:
    found = domicile(engine, CARD, *field)
    assert found.value["region_today"] == village
    assert [one.reason for one in found.losers] == losers
    assert all(one.because.id and one.because.en for one in found.losers)


def test_a_row_that_the_registry_does_not_list_any_more_moves_nobody(engine: DuckDBEngine) -> None:
    found = domicile(engine, CARD | {"left_out": True}, seen("pemda", BEFORE, EARLIER))
    assert (found.value["region_today"], found.losers) == (BEFORE, ())
