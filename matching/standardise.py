"""Step 3, standardise: accepted values → forms that can be compared.

Texts repeat: a million records carry far fewer names and far fewer words. So names, places and addresses are
taken apart once per distinct text and word, and joined back. What each feature means stands in the module that makes
it: `names`, `places`, `address`; NIK and birth date here:

`nik_text` digits as typed when 12 to 18 of them, `nik_stem` region and birth part, `nik_pseudo` a made-up serial,
`nik_own_birth` and `nik_own_place` birth part (date and sex) and kecamatan where number and record say the same;
`birth_year`, `birth_month`, `birth_day`, `birth_default` (a day given when none is known); `registry` (a row of a
register).
"""

from __future__ import annotations

from matching import address, names, places
from matching.engine import Engine
from matching.rules import KINDS, Kind, StandardiseRules, load_standardise
from reference.text import quote

_NAMES: dict[Kind, list[str]] = {
    "person": ["name", "mother_name", "father_name"],
    "family": ["head_name"],
    "household": [],
}


def standardise(engine: Engine, kinds: tuple[Kind, ...] = KINDS) -> dict[Kind, int]:
    """Make `<kind>_standardised` from `<kind>_accepted`; return rows per kind."""
    rules = load_standardise()
    names.make_dictionary(
        engine, [(f"{kind}_accepted", column) for kind in kinds for column in _NAMES[kind]]
    )
    places.make_dictionaries(engine, kinds)
    address.make_dictionary(engine, kinds, rules)
    rows = {kind: _standardise_one(engine, kind, rules) for kind in kinds}
    engine.drop(
        "name_dictionary", "place_dictionary", "birth_place_dictionary", "address_dictionary"
    )
    return rows


def _standardise_one(engine: Engine, kind: Kind, rules: StandardiseRules) -> int:
    typed = f"a.* REPLACE ({places.village_name('a')} AS village_name)"
    select = [typed, *places.columns(), "address_dictionary.address_key"]
    select.append(f"a.source IN ({_quoted(rules.registry_sources)}) AS registry")
    joins = [places.join("a"), address.join("a")]
    for column in _NAMES[kind]:
        select += names.columns(column)
        joins.append(names.join("a", column))
    if kind == "person":
        select += [
            *_nik("a", rules),
            *_birth("a", rules),
            f"{places.birth_column()} AS birth_regency",
        ]
        joins.append(places.birth_join("a"))
    return engine.table(
        f"{kind}_standardised",
        f"SELECT {', '.join(select)} FROM {kind}_accepted a {' '.join(joins)}",
    )


def _nik(a: str, rules: StandardiseRules) -> list[str]:
    """The number as typed serves near misses; not a spreadsheet's rounding (3.4E+15), nor one digit repeated.

    A source without NIK may have another number of the person.
    """
    # Letters that look like digits are read as digits; most numbers are digits already.
    read = f"regexp_replace(translate(upper({a}.nik_raw), 'OIL', '011'), '[^0-9]', '', 'g')"
    digits = f"CASE WHEN {a}.nik = {a}.nik_raw THEN {a}.nik ELSE {read} END"
    usable = (
        f"{a}.nik_raw NOT LIKE '%E%' AND length({digits}) BETWEEN 12 AND 18"
        f" AND length(replace({digits}, left({digits}, 1), '')) > 2"
    )
    typed = (
        f"CASE WHEN {a}.source IN ({_quoted(rules.person_number_sources)}) THEN {a}.local_id"
        f" ELSE coalesce({a}.nik, CASE WHEN {usable} THEN {digits} END) END"
    )
    whole = f"CASE WHEN length({digits}) = 16 AND {a}.nik_raw NOT LIKE '%E%' THEN {digits} END"
    born = f"strftime({a}.birth_date, '%d%m%y')"
    born_female = f"(right('0' || (day({a}.birth_date) + 40)::VARCHAR, 2) || strftime({a}.birth_date, '%m%y'))"
    return [
        f"{typed} AS nik_text",
        f"left({whole}, 12) AS nik_stem",
        f"coalesce(right({whole}, 4) IN ('0000', '9999'), false) AS nik_pseudo",
        f"CASE WHEN substr({whole}, 7, 6) = CASE {a}.sex WHEN 'F' THEN {born_female} ELSE {born} END"
        f" THEN substr({whole}, 7, 6) END AS nik_own_birth",
        f"CASE WHEN left({whole}, 6) = left(place.region_today, 6) THEN left({whole}, 6) END AS nik_own_place",
    ]


def _birth(a: str, rules: StandardiseRules) -> list[str]:
    return [
        f"year({a}.birth_date)::SMALLINT AS birth_year",
        f"month({a}.birth_date)::TINYINT AS birth_month",
        f"day({a}.birth_date)::TINYINT AS birth_day",
        f"coalesce(strftime({a}.birth_date, '%m-%d') IN ({_quoted(rules.default_days)}), false) AS birth_default",
    ]


def _quoted(values: list[str]) -> str:
    return ", ".join(map(quote, values))
