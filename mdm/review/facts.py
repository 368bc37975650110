"""What is known of entities in question: regions, sources, what hangs on them. SQL over a run's tables.

A small run holds the touched entities only, and a test may hold less still: what is not there is not
known, and the task keeps what it knew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from matching.engine import Engine
from mdm.arrow import rows_of
from mdm.compose import Hub
from mdm.eligibility.documents import Programme
from mdm.eligibility.library import current
from mdm.errors import RuleError

_IDS, _PERSONS, _FAMILIES = "review_ids", "review_persons", "review_families"
_DESIL = ("desil_from", "desil_to")
MOST_DESIL = 10


@dataclass(frozen=True, slots=True)
class EntityFacts:
    """What the order of tasks and their filters rest on, of one entity. `region`: Kemendagri digits
    to the kecamatan; `benefit`: one of its records carries a benefit; `boundary`: the family's desil
    is one step from the bound of a programme."""

    records: int = 1
    region: str | None = None
    sources: tuple[str, ...] = ()
    benefit: bool = False
    boundary: bool = False


def facts_of(
    engine: Engine, kind: str, ids: Iterable[str], bounds: frozenset[int]
) -> dict[str, EntityFacts]:
    """Entity id → its facts, for those of `ids` that stand in the engine."""
    wanted = pa.table({"entity_id": pa.array(sorted(ids), pa.string())})
    if not wanted.num_rows or not engine.exists(f"{kind}_links"):
        return {}
    engine.register(_IDS, wanted)
    engine.table(_PERSONS, _beside(engine, kind, "person"))
    engine.table(_FAMILIES, _beside(engine, kind, "family"))
    try:
        rows = rows_of(engine.fetch(_facts(engine, kind, bounds)))
        return {
            entity_id: EntityFacts(records, region, tuple(sources or ()), benefit, boundary)
            for entity_id, records, region, sources, benefit, boundary in rows
        }
    finally:
        engine.drop(_IDS, _PERSONS, _FAMILIES)


def close_desils(hub: Hub, on: date) -> frozenset[int]:
    """The desils one step from a bound of a programme in force: the last inside, the first outside."""
    try:
        programmes = [one for one in current(hub).programmes if one.in_force(on)]
    except RuleError:  # a broken document stops answers, and is told there; never a publishing
        return frozenset()
    found = {desil for one in programmes for desil in _close(one)}
    return frozenset(desil for desil in found if 1 <= desil <= MOST_DESIL)


def _close(programme: Programme) -> set[int]:
    first, last = (
        [int(value) for value in programme.numbers[name].values]
        if name in programme.numbers
        else []
        for name in _DESIL
    )
    inside = {n for n in first if n > 1} | {n for n in last if n < MOST_DESIL}
    return inside | {n - 1 for n in first if n > 1} | {n + 1 for n in last}


def _facts(engine: Engine, kind: str, bounds: frozenset[int]) -> str:
    sources = (
        "list_sort(list_distinct(list(l.source)))"
        if "source" in engine.columns(f"{kind}_links")
        else "[]::VARCHAR[]"
    )
    lives = "region" in engine.columns(f"{kind}_golden")
    region = "g.region" if lives else "NULL::VARCHAR AS region"
    golden = f"LEFT JOIN {kind}_golden g USING (entity_id)" if lives else ""
    return f"""
        WITH linked AS (
            SELECT i.entity_id, count(*)::INTEGER AS records, {sources} AS sources
            FROM {_IDS} i JOIN {kind}_links l USING (entity_id) WHERE l.rid IS NOT NULL GROUP BY i.entity_id
        ), held AS ({_benefit(engine)}), near AS ({_boundary(engine, bounds)})
        SELECT entity_id, i.records, {region}, i.sources, held.entity_id IS NOT NULL AS benefit,
               near.entity_id IS NOT NULL AS boundary
        FROM linked i {golden} LEFT JOIN held USING (entity_id) LEFT JOIN near USING (entity_id)
        ORDER BY entity_id
        """


def _benefit(engine: Engine) -> str:
    """SQL: those of the ids of whose persons a record carries a benefit."""
    if not (engine.exists("person_standardised") and engine.exists("person_links")):
        return _nobody()
    return f"""
        SELECT DISTINCT p.entity_id FROM {_PERSONS} p
        JOIN person_links l ON l.entity_id = p.part JOIN person_standardised s ON s.rid = l.rid
        WHERE s.pkh OR s.sembako OR s.pbi
        """


def _boundary(engine: Engine, bounds: frozenset[int]) -> str:
    """SQL: those of the ids of whose families a record carries a desil beside a bound."""
    if not bounds or not (engine.exists("family_standardised") and engine.exists("family_links")):
        return _nobody()
    return f"""
        SELECT DISTINCT f.entity_id FROM {_FAMILIES} f
        JOIN family_links l ON l.entity_id = f.part JOIN family_standardised s ON s.rid = l.rid
        WHERE s.desil IN ({", ".join(map(str, sorted(bounds)))})
        """


def _nobody() -> str:
    return f"SELECT entity_id FROM {_IDS} WHERE false"


#: (kind asked about, kind wanted) → the table that relates them, and the columns to go from and to.
_WAYS = {
    ("person", "family"): (("person_in_family", "person_entity", "family_entity"),),
    ("family", "person"): (("person_in_family", "family_entity", "person_entity"),),
    ("household", "family"): (("family_in_household", "household_entity", "family_entity"),),
    ("household", "person"): (
        ("family_in_household", "household_entity", "family_entity"),
        ("person_in_family", "family_entity", "person_entity"),
    ),
}


def _beside(engine: Engine, kind: str, wanted: str) -> str:
    """SQL: entity_id and part: the persons or families that belong to each of the ids."""
    way = _WAYS.get((kind, wanted), ())
    if not all(engine.exists(table) for table, _, _ in way):
        return f"SELECT entity_id, entity_id AS part FROM {_IDS} WHERE false"
    joins, at = [], "i.entity_id"
    for step, (table, from_, to) in enumerate(way):
        joins.append(f"JOIN {table} t{step} ON t{step}.{from_} = {at} AND t{step}.chosen")
        at = f"t{step}.{to}"
    return f"SELECT i.entity_id, {at} AS part FROM {_IDS} i {' '.join(joins)}"
