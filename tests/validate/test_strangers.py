"""When two rows of one key are plainly two, for each kind; and by what one is found again."""

from __future__ import annotations

import pytest

from matching.engines.duckdb import DuckDBEngine
from mdm.contracts.strangers import apart, compared, enough, identifying, other_number
from reference.text import quote
from tests.land.deliveries import layout_of

CARD, OTHER = "3207110101100001", "3207110101990002"
FAMILIES, CARDS, HOUSES = "siksng_keluarga", "data_keluarga", "rumah_tangga"
Row = dict[str, object]
ADDRESS, ELSEWHERE = "JL MAWAR 3", "KP PASIR"
FAMILY: Row = {
    "head_name": "BUDI SANTOSO",
    "address": ADDRESS,
    "kk": CARD,
    "region_code": "3207112008",
}
HOUSE: Row = {
    "kk_list": [CARD],
    "address": ADDRESS,
    "pln_id": "51234567890",
    "latitude": -7.3,
    "longitude": 108.2,
}


def sql(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(quote, value))}]::VARCHAR[]"
    if value is None:
        return "NULL"
    return quote(value) if isinstance(value, str) else f"{value}::DOUBLE"


def says(condition: str, columns: list[str], was: Row, now: Row) -> bool:
    said = [f"{sql(row[c])} AS {side}_{c}" for side, row in (("was", was), ("now", now)) for c in columns]  # fmt: skip
    engine = DuckDBEngine(threads=1)
    try:
        return bool(engine.scalar(f"SELECT {condition} FROM (SELECT {', '.join(said)})"))
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("source", "name", "changed", "expected"),
    [
        ("kemensos", FAMILIES, {"head_name": "SITI", "address": ELSEWHERE, "kk": OTHER}, True),
        ("kemensos", FAMILIES, {"head_name": "SITI", "address": ELSEWHERE}, False),  # the same card
        ("kemensos", FAMILIES, {"head_name": "SITI", "kk": OTHER}, False),  # the widow, on a new card
        ("kemensos", FAMILIES, {"address": ELSEWHERE, "kk": OTHER}, False),  # moved
        ("kemensos", FAMILIES, {"head_name": "SITI", "address": None, "kk": OTHER}, False),
        ("kemendagri", CARDS, {"head_name": "SITI", "address": ELSEWHERE, "region_code": "3207112009"}, True),
        ("kemendagri", CARDS, {"head_name": "SITI", "address": ELSEWHERE, "kk": OTHER}, False),
        ("pemda", HOUSES, {"kk_list": [OTHER], "address": ELSEWHERE, "pln_id": None}, False),  # the same place
        ("pemda", HOUSES, {"kk_list": [OTHER], "address": ELSEWHERE, "pln_id": None, "latitude": -7.2}, True),
        ("pemda", HOUSES, {"kk_list": [OTHER], "address": ELSEWHERE, "latitude": None}, False),  # its meter
        ("pemda", HOUSES, {"kk_list": [OTHER], "pln_id": None, "latitude": None}, False),  # others live there
        ("pemda", HOUSES, {"kk_list": [OTHER, CARD], "address": ELSEWHERE, "pln_id": None}, False),
        ("pemda", HOUSES, {"kk_list": [], "address": ELSEWHERE, "pln_id": None, "latitude": None}, False),
    ],
)  # fmt: skip
def test_families_and_dwellings(source: str, name: str, changed: Row, expected: bool) -> None:
    layout = layout_of(source, name)
    was = FAMILY if layout.kind == "family" else HOUSE
    assert says(apart(layout), compared(layout), was, was | changed) is expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({}, True), ({"sex": "F"}, True), ({"mother_name": "SRI"}, True), ({"mother_name": None}, True)],
)  # fmt: skip
def test_a_childs_number_in_the_registry(changed: Row, expected: bool) -> None:
    """A child of the same mother and sex is who had the number, with name and date corrected."""
    layout = layout_of("kemendagri", "biodata_wni")
    was: Row = {"name": "BUDI", "birth_date": "1980-01-02", "nik": CARD}
    was |= {"sex": "M", "mother_name": "AMINAH"}
    now = was | {"name": "RADEN JOKO", "birth_date": "1991-07-15"}
    columns = compared(layout)
    condition = apart(layout)
    for date in ("was_birth_date", "now_birth_date"):
        condition = condition.replace(date, f"{date}::DATE")
    assert says(condition, columns, was, now | changed) is bool(changed and expected)


def test_what_identifies_a_row_is_what_its_contract_names() -> None:
    known = {
        ("kemendagri", "biodata_wni"): ["name", "birth_date"],
        ("kemensos", "siksng_individu"): ["nik_raw", "name", "birth_date"],
        ("pemda", "warga"): ["nik_raw", "kk_raw", "name", "birth_place", "birth_date"],
        ("kemensos", "siksng_keluarga"): ["kk_raw", "head_name", "address"],
        ("pemda", "rumah_tangga"): ["region_code", "village_name", "address", "rt", "rw", "kk_list"],
    }  # fmt: skip
    assert {key: identifying(layout_of(*key)) for key in known} == known
    told = enough(layout_of("kemensos", "siksng_keluarga"))
    assert told == "((kk IS NOT NULL) OR (head_name IS NOT NULL AND address IS NOT NULL))"
    assert other_number(layout_of("kemendagri", "biodata_wni")) == "FALSE"
