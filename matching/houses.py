"""Houses as a family's or a dwelling's row tells of them: the address as one key, and what the house is made of.

An address names a house where a number stands behind words, else a hamlet or a street without numbers. What a row
leaves out of RT and RW is filled in where all who tell of that street or hamlet say the same (`house_units`).
"""

from __future__ import annotations

from matching.engine import Engine
from reference.codes import coarser
from reference.text import quote

# Told of a house, and how much of it makes a description. Codes are as coarse as the coarsest list: one source says
# WELL where another says which.
_TOLD = ("floor", "wall", "roof", "water", "lighting", "power_va", "toilet")
_MOST = 5


def make_units(engine: Engine) -> None:
    """Make `house_units(village, address_key, known, rt, rw)` of the rows of `family_standardised` and
    `household_standardised` that lack either; `known` is what such a row says of them."""
    engine.table(
        "house_units",
        f"""
        WITH said AS (
            SELECT village, address_key, rt, rw FROM family_standardised
            UNION SELECT village, address_key, rt, rw FROM household_standardised)
        SELECT g.village, g.address_key, {_known("g")} AS known,
               CASE WHEN min(s.rt) = max(s.rt) THEN min(s.rt) END AS rt,
               CASE WHEN min(s.rw) = max(s.rw) THEN min(s.rw) END AS rw
        FROM said g JOIN said s
          ON s.village = g.village AND s.address_key = g.address_key
         AND coalesce(s.rt = g.rt, true) AND coalesce(s.rw = g.rw, true)
        WHERE g.rt IS NULL OR g.rw IS NULL
        GROUP BY ALL
        """,
    )


def join(table: str) -> str:
    """The join that `address` needs."""
    return (
        f"LEFT JOIN house_units unit ON unit.village = {table}.village AND unit.address_key = {table}.address_key"
        f" AND unit.known = {_known(table)}"
    )


def address(table: str) -> str:
    """Village, street words, RT; marked # when it names a house, else with the RW too; NULL without words."""
    house = f"regexp_matches({table}.address_key, '[A-Z].*[0-9]')"
    return (
        f"CASE WHEN {house} THEN '#' ELSE '' END || {table}.village || ' ' || {table}.address_key"
        f" || coalesce(' RT' || coalesce({table}.rt, unit.rt), '')"
        f" || CASE WHEN {house} THEN '' ELSE coalesce(' RW' || coalesce({table}.rw, unit.rw), '') END"
    )


def description(table: str) -> str:
    """List of `what code`, one for all that is told; NULL where no floor area or not enough else is."""
    told = ", ".join(f"'{what} ' || {_coarse(f'{table}.{what}', what)}" for what in _TOLD)
    told = f"list_filter([{told}], lambda one: one IS NOT NULL)"
    return f"CASE WHEN {table}.floor_area > 0 AND len({told}) >= {_MOST} THEN {told} END"


def _known(table: str) -> str:
    return f"coalesce({table}.rt, '') || '/' || coalesce({table}.rw, '')"


def _coarse(column: str, concept: str) -> str:
    finer = " ".join(
        f"WHEN {quote(fine)} THEN {quote(coarse)}" for fine, coarse in coarser(concept).items()
    )
    return f"CASE {column} {finer} ELSE {column} END" if finer else column
