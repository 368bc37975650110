"""Who a provider's newest whole delivery no longer lists; a delivery of changed rows says nothing of the others, a part
nothing of other parts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from matching.engines.duckdb import DuckDBEngine
from mdm.validation import validate
from mdm.validation.absent import none_left_out, note_left_out
from mdm.work.progress import Silent
from reference.regions import region_tables
from tests.land.deliveries import land_one, new_hub, write

FIRST_DAY = date(2026, 1, 1)
#: Villages by a letter; in the edition of 2016 "o" was the code of what is "b" today.
VILLAGES = {"a": "3207112008", "b": "1112092011", "o": "1112032018", "none": None}
#: Of whom a delivery tells: by village; "-" before it where their rows were kept out.
Delivery = dict[str, Collection[int]]

ALL, LESS = range(40), range(39)
FORMER, LATTER = range(20), range(20, 40)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    made = DuckDBEngine()
    made.register("ref_place", region_tables()["ref_place"])
    yield made
    made.close()


def _left_out(engine: DuckDBEngine, deliveries: list[Delivery]) -> set[int]:
    """Who, by number, is left out after some deliveries."""
    rows = [
        {
            "record_key": f"{one:03}",
            "delivered_on": FIRST_DAY + timedelta(day),
            "delivery": "08:00",
            "accepted": not village.startswith("-"),
            "region_code": VILLAGES.get(village.strip("-"), village),
            "region_system": "kemendagri",
        }
        for day, delivery in enumerate(deliveries)
        for village, people in delivery.items()
        for one in people
    ]
    engine.register("typed", pa.Table.from_pylist(rows))
    known = "SELECT record_key, (record_key::INTEGER) AS rid FROM typed GROUP BY record_key"
    engine.table("typed_current", known)
    none_left_out(engine, "person")
    note_left_out(engine, "person", "typed")
    return {row["rid"] for row in engine.fetch("SELECT rid FROM person_left_out").to_pylist()}


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([{"a": ALL}], set()),
        ([{"a": ALL}, {"a": LESS}], {39}),
        ([{"a": ALL}, {"a": [*LESS, 50]}], {39}),
        ([{"a": ALL}, {"a": range(10)}], set()),  # changed rows only
        ([{"a": ALL}, {"a": range(100, 140)}], set()),  # other people
        ([{"a": ALL}, {"a": (0, 39)}, {"a": LESS}], {39}),
        ([{"a": ALL}, {"a": LESS}, {"a": [39]}], set()),  # told again since
        ([{"a": ALL}, {"a": LESS}, {"a": ALL}], set()),
        ([{"a": range(6)}, {"a": range(5)}], set()),  # too few to say
        ([{"a": range(3)}, {"a": (0, 1, *range(10, 13))}], set()),  # changed rows and new ones
        ([{"a": range(30)}, {"a": range(24)}], set()),
        ([{"a": range(30)}, {"a": range(28)}], {28, 29}),
    ],
)
def test_a_whole_delivery_leaves_out_whom_it_does_not_list(
    engine: DuckDBEngine, deliveries: list[Delivery], expected: set[int]
) -> None:
    assert _left_out(engine, deliveries) == expected


OTHERS = range(50, 90)


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([{"a": ALL}, {"b": OTHERS}], set()),
        ([{"a": ALL}, {"b": OTHERS}, {"a": LESS}, {"b": OTHERS}], {39}),
        ([{"a": ALL, "b": OTHERS}, {"a": LESS}], {39}),  # the other late, or missing
        ([{"a": ALL, "b": OTHERS}, {"a": FORMER}, {"a": range(20, 39)}], {39}),  # in two parts
        ([{"a": FORMER}, {"a": LATTER}, {"a": range(20, 39)}, {"a": FORMER}], {39}),
        ([{"a": ALL}, {"a": FORMER}], set()),  # the second is to come
        ([{"a": FORMER}, {"a": LATTER}, {"a": FORMER}], set()),
        ([{"a": ALL}, {"a": range(20), "-a": (20, 21)}, {"a": (20, 21)}, {"a": range(22, 39)}], {39}),
        ([{"a": ALL}, {"a": LESS}, {"a": reversed(LESS)}], {39}),  # twice
        ([{"a": ALL}, {"a": [*FORMER, 39]}, {"a": (20, 21)}, {"a": [*FORMER, *range(22, 39)]}], {39}),
        ([{"a": ALL}, {"a": (2, 39)}, {"a": (20, 21)}, {"a": [*FORMER, *range(22, 39)]}], {39}),
        ([{"a": FORMER}, {"a": FORMER}, {"a": LATTER}, {"a": ALL}, {"a": LESS}], {39}),
    ],
)  # fmt: skip
def test_what_comes_in_parts_is_whole_with_the_last(
    engine: DuckDBEngine, deliveries: list[Delivery], expected: set[int]
) -> None:
    assert _left_out(engine, deliveries) == expected


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ([{"a": ALL, "b": OTHERS}, {"a": LESS}], {39}),  # until the village they moved to is told
        ([{"a": ALL, "b": OTHERS}, {"a": LESS}, {"b": [*OTHERS, 39]}], set()),
        ([{"a": ALL, "b": OTHERS}, {"b": [*OTHERS, 39]}, {"a": LESS}], set()),
        # Divided, with one who is nowhere; with one half late; then the half comes.
        ([{"a": ALL}, {"a": FORMER, "new": range(20, 39)}, {"a": FORMER, "new": range(20, 39)}], {39}),
        ([{"a": ALL}, {"a": FORMER}], set()),
        ([{"a": ALL}, {"a": range(19)}, {"new": LATTER}], {19}),
        ([{"a": ALL, "b": OTHERS}, {"a": [*LESS, *OTHERS]}], {39}),  # two made one
        ([{"o": ALL}, {"b": LESS}], {39}),  # the code of another edition
        ([{"none": ALL, "a": OTHERS}, {"a": OTHERS}], set()),
    ],
)  # fmt: skip
def test_who_is_told_elsewhere_is_missed_by_none(
    engine: DuckDBEngine, deliveries: list[Delivery], expected: set[int]
) -> None:
    assert _left_out(engine, deliveries) == expected


def test_an_office_leaves_out_nobody_of_another(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    names = "ABCDEFGH"
    for day, (office, called) in enumerate([("3207", names), ("3208", "IJ"), ("3207", "ABCDEFGK")]):
        rows = [{"NIK": "", "Nama Lengkap": f"{one} ORANG"} for one in called]
        path = write(tmp_path / f"d{day}.csv", "warga", *rows)
        land_one(hub, path, "pemda", office=office, anyway=True, delivered_on=FIRST_DAY + timedelta(day))  # fmt: skip
    engine = hub.engine()
    validate(hub, engine, Silent())
    found = engine.fetch("SELECT name FROM person_accepted SEMI JOIN person_left_out USING (rid)")
    engine.close()
    hub.close()
    assert found.column(0).to_pylist() == ["H ORANG"]
