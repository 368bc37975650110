"""Places as evidence: today's code of whatever code or name a provider gave.

One dictionary per distinct (system, code, village name) and one per distinct birth place, joined back to the records.
`region_today` is Kemendagri's 2025 code, digits only, as deep as known: 10 village, 6 kecamatan, 4 kabupaten. Where it
is a village's, `village_name` is what the village is called today, in upper case, however it was typed or left out.
"""

from __future__ import annotations

from matching.engine import Engine
from matching.rules import Kind
from reference.places import NAME_KEY_SQL
from reference.regions import region_tables

# How many digits of a code name each level: BPS counts three for a kecamatan and three for a village.
_DEPTHS = {"kemendagri": (10, 6, 4, 2), "bps": (10, 7, 4, 2)}


# Of 106,000 places, what statements ask for.
_ASKED = ["system", "code", "level", "name", "last_edition", "today"]


def load_places(engine: Engine) -> None:
    """Put `ref_place` into the engine, unless it is there: a place's system, code, level, name, last_edition, today."""
    if not engine.exists("ref_place"):
        engine.register("ref_place", region_tables()["ref_place"].select(_ASKED))


def make_dictionaries(engine: Engine, kinds: tuple[Kind, ...]) -> None:
    """Make `place_dictionary` and, for persons, `birth_place_dictionary`."""
    load_places(engine)
    for name in ("ref_village_name", "ref_regency_name"):
        engine.register(name, region_tables()[name])
    given = " UNION ".join(
        f"SELECT region_system AS system, region_code AS code, village_name FROM {kind}_accepted"
        for kind in kinds
    )
    coded = today_sql("SELECT DISTINCT system, code FROM given")
    engine.table(
        "place_dictionary",
        f"""
        WITH given AS ({given}),
        coded AS (SELECT g.*, c.today FROM given g JOIN ({coded}) c USING (system, code)),
        found AS (
            SELECT c.system, c.code, c.village_name,
                   CASE WHEN length(c.today) < 10 THEN coalesce(v.village_today, c.today) ELSE c.today END
                   AS region_today
            FROM coded c
            LEFT JOIN ref_village_name v
              ON v.district_today = left(c.today, 6) AND length(c.today) >= 6
                 AND v.name_key = {NAME_KEY_SQL("c.village_name")})
        SELECT f.*, upper(regexp_replace(trim(p.name), ' +', ' ', 'g')) AS called
        FROM found f
        LEFT JOIN ref_place p ON p.system = 'kemendagri' AND p.code = f.region_today AND length(f.region_today) = 10
        """,
    )
    if "person" in kinds:
        _make_birth_places(engine)
    engine.drop("ref_place", "ref_village_name", "ref_regency_name")


def today_sql(given: str) -> str:
    """SQL: of codes (system, code), `today`'s of the place, as deep as known; without those that no edition knows."""
    depths = ", ".join(
        f"('{system}', {digits})" for system, depths in _DEPTHS.items() for digits in depths
    )
    return f"""WITH asked AS ({given}),
        prefixes AS (
            SELECT system, code, depth, left(code, depth) AS prefix
            FROM asked JOIN (VALUES {depths}) d (system, depth) USING (system) WHERE length(code) >= depth)
        SELECT f.system, f.code, arg_max(today, depth) AS today
        FROM prefixes f JOIN ref_place p ON p.system = f.system AND p.code = f.prefix GROUP BY f.system, f.code"""


def _make_birth_places(engine: Engine) -> None:
    engine.table(
        "birth_place_dictionary",
        f"""
        WITH given AS (SELECT birth_place, {NAME_KEY_SQL("birth_place")} AS name_key
                       FROM (SELECT DISTINCT birth_place FROM person_accepted WHERE birth_place IS NOT NULL)),
        known AS (SELECT name_key, min(regency_today) AS regency FROM ref_regency_name GROUP BY name_key)
        SELECT g.birth_place, coalesce(k.regency, nullif(g.name_key, '')) AS birth_regency
        FROM given g LEFT JOIN known k USING (name_key)
        """,
    )


def columns() -> list[str]:
    """Feature columns every kind has."""
    return [
        "place.region_today",
        "CASE WHEN length(place.region_today) = 10 THEN place.region_today END AS village",
        "CASE WHEN length(place.region_today) >= 6 THEN left(place.region_today, 6) END AS district",
        "CASE WHEN length(place.region_today) >= 4 THEN left(place.region_today, 4) END AS regency",
    ]


def village_name(table: str) -> str:
    """What the village is called today; as typed where no code or name leads to one."""
    return f"coalesce(place.called, {table}.village_name)"


def join(table: str) -> str:
    """The join that brings `columns()`. A code without a system, or unknown to every edition, gives NULL."""
    return (
        f"LEFT JOIN place_dictionary place ON place.system = {table}.region_system AND place.code = {table}.region_code"
        f" AND place.village_name IS NOT DISTINCT FROM {table}.village_name"
    )


def birth_column() -> str:
    """A birth place as today's kabupaten code, or as its key when it names none."""
    return "birth_place_dictionary.birth_regency"


def birth_join(table: str) -> str:
    """The join that brings `birth_column()`."""
    return f"LEFT JOIN birth_place_dictionary ON birth_place_dictionary.birth_place = {table}.birth_place"
