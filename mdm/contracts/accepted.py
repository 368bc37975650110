"""The shape of the accepted tables: one list of columns per entity kind, the same for every source.

Every accepted table has all its columns, in this order; a source that does not carry a value has
NULL there.
"""

from __future__ import annotations

from matching.rules import KINDS, Kind

__all__ = ["COLUMNS", "KINDS", "ORIGIN", "Kind"]

ORIGIN: dict[str, str] = {
    "rid": "INTEGER",
    "source": "VARCHAR",
    "layout": "VARCHAR",
    "file": "VARCHAR",
    "row": "INTEGER",
    "record_key": "VARCHAR",
    "batch": "VARCHAR",
    "value_date": "DATE",
}


def _columns(text: str) -> dict[str, str]:
    """`name name:TYPE …`; a column without a type is VARCHAR."""
    pairs = (word.partition(":") for word in text.split())
    return {name: kind or "VARCHAR" for name, _, kind in pairs}


PERSON = _columns("""
    nik nik_raw kk kk_raw name sex birth_place birth_date:DATE birth_date_precision
    relationship marital_status religion education occupation occupation_text
    mother_nik mother_name father_nik father_name
    address rt rw hamlet postal_code region_code region_system village_name
    pkh:BOOLEAN sembako:BOOLEAN pbi:BOOLEAN pregnant:BOOLEAN
    disability alive:BOOLEAN death_note death_date:DATE matched_on:DATE phone office dwelling_ref
    local_id
""")

FAMILY = _columns("""
    kk kk_raw head_name address rt rw hamlet postal_code region_code region_system village_name
    desil:INTEGER desil_period floor wall roof water lighting power_va:INTEGER cooking_fuel toilet
    house_status floor_area:DOUBLE refrigerators:INTEGER air_conditioners:INTEGER
    motorcycles:INTEGER
    cars:INTEGER computers:INTEGER smartphones:INTEGER flat_tvs:INTEGER gold_grams:DOUBLE
    land_ha:DOUBLE large_livestock:INTEGER small_livestock:INTEGER pln_id
""")

HOUSEHOLD = _columns("""
    office dwelling_ref region_code region_system village_name address rt rw
    latitude:DOUBLE longitude:DOUBLE pln_id family_count:INTEGER kk_list:VARCHAR[]
    floor wall roof water lighting power_va:INTEGER toilet floor_area:DOUBLE
    motorcycles:INTEGER cars:INTEGER refrigerators:INTEGER
""")

COLUMNS: dict[Kind, dict[str, str]] = {"person": PERSON, "family": FAMILY, "household": HOUSEHOLD}
