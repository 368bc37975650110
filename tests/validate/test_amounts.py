"""Numbers as typed: read as they say, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from matching import amounts
from matching.engines.duckdb import DuckDBEngine
from tests.validate.typed import value

AREA = {"M": 1, "M2": 1, "M²": 1, "METERPERSEGI": 1}
HECTARES = {"HA": 1, "ARE": 0.01, "M2": 0.0001}
SOUTH = {"°": 1, "LU": 1, "LS": -1, "S": -1}


@pytest.fixture(scope="module")
def engine() -> DuckDBEngine:
    return DuckDBEngine(memory_limit="1GB")


def integer(column: str, *rules: Any) -> str:
    """The integer of a column that is read alone."""
    asked = amounts.Integer(column, *rules)
    return amounts.integer(asked, f"{amounts.unusual_integers([asked])}[1]")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("900", 900),
        ("1.300", 1300),
        ("1.300 VA", 1300),
        ("2.200VA", 2200),
        ("450 watt", 450),
        ("450,00", 450),
        ("1.000", 1000),
        ("2.000 VA", 2000),
        ("0", 0),
        ("1", 450),
        ("4", 2200),
        ("5", None),
        ("4 A", None),
        ("1,3 kVA", None),
        ("450/900", None),
        ("900.000", 900),
        ("99", None),
    ],
)
def test_power(engine: DuckDBEngine, typed: str, expected: int | None) -> None:
    """Codes of Regsosek's form are no volt-amperes, nor are amperes."""
    words = {"0": 0, "1": 450, "2": 900, "3": 1300, "4": 2200}
    assert (
        value(engine, typed, lambda c: integer(c, 100, 100000, ["VA", "WATT"], words)) == expected
    )


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2", 2),
        ("2.0", 2),
        ("2,0", 2),
        ("2 ekor", 2),
        ("1.250 ekor", 1250),
        ("-1", None),
        ("2,5", None),
        ("2.000", None),  # two thousand, or two with three decimals
        ("2 sapi, 1 kerbau", None),
        ("banyak", None),
        ("99999999999", None),
    ],
)
def test_counts(engine: DuckDBEngine, typed: str, expected: int | None) -> None:
    assert value(engine, typed, lambda c: integer(c, 0, 9999)) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("54", 54.0),
        ("54.5", 54.5),
        ("54,5", 54.5),
        ("54 m2", 54.0),
        ("54M²", 54.0),
        ("54 m 2", 54.0),
        ("54 meter persegi.", 54.0),
        ("1.200,5", 1200.5),
        ("1,200.50 m2", 1200.5),
        ("1200,50", 1200.5),
        ("36.000", 36.0),  # 36,000 m² is no house
        ("0.125", 0.125),
        ("1.200", None),  # 1,200 m² to one office, 1.2 to another
        ("1,200 m2", None),
        ("6x9", None),
        ("0,5 ha", None),
        ("5400 cm2", None),
        ("± 54 m2", None),
        ("54..", None),
        ("inf", None),
        ("6000", None),
    ],
)
def test_floor_area(engine: DuckDBEngine, typed: str, expected: float | None) -> None:
    assert value(engine, typed, lambda c: amounts.decimal(c, 0, 5000, AREA)) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("0,25 ha", 0.25),
        ("1.250", 1.25),
        ("2500 m2", 0.25),
        ("10 are", 0.1),
        ("100 tumbak", None),
        ("2500", None),
    ],
)
def test_land_in_other_units(engine: DuckDBEngine, typed: str, expected: float | None) -> None:
    found = value(engine, typed, lambda c: amounts.decimal(c, 0, 999, HECTARES))
    assert found == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("-6.355937", -6.355937),
        ("-6,355937", -6.355937),
        ("-6.355", -6.355),
        ("2.5 LU", 2.5),
        ("2.5 LS", -2.5),
        ("-2,5 S", -2.5),
        ("-7.3266°", -7.3266),
        ("-6.355.937", None),
        ("7°19'36\" LS", None),
        ("3.6,98.7", None),
        ("108.3533", None),
    ],
)
def test_south_is_not_north(engine: DuckDBEngine, typed: str, expected: float | None) -> None:
    assert value(engine, typed, lambda c: amounts.decimal(c, -11.5, 6.5, SOUTH)) == expected


def test_bounds_set_values_aside(engine: DuckDBEngine) -> None:
    assert value(engine, "11", lambda c: integer(c, 1, 10)) is None
    assert value(engine, "10", lambda c: integer(c, 1, 10)) == 10
