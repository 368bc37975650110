"""Members: which family a person belongs to, and which household a family lives in.

Both are relations with evidence of their own: several records may place one person on several
family cards (a card renumbered, a marriage, a move). The same trust as in survivorship decides
(profile `membership` of survivorship.yaml), and exactly one family is chosen for each person:
no person is in two families (Permensos 3/2021, art. 8 (3)).

Tables in: `person_standardised`, `person_links`, `family_kk` (kk: a card as it is compared, also one with a figure
lost or added, see matching/families.py; family_entity);
`family_standardised`, `family_links`, `household_family_links` (rid of a family record,
entity_id of its household).

Tables out, one row per place that records speak for, the chosen one marked:

- `person_in_family` (person_entity, family_entity, relationship, source, records, value_date,
  chosen, why)
- `family_in_household` (family_entity, household_entity, source, records, value_date, chosen, why)

`source` and `value_date` are those of the most trusted record of that place, `records` counts the records
that speak for it. `relationship` is that of the most trusted record of that place or of none: a correction of
who is the head names no card. `why` is `unopposed` or `chosen` for the chosen
place, otherwise the reason code by which it lost (see `reasons` in survivorship.yaml).
"""

from __future__ import annotations

from matching.engine import Engine
from matching.families import CARD
from mdm.survivorship.order import turns_sql
from mdm.survivorship.rules import SurvivorshipRules, load_rules
from mdm.survivorship.trust import (
    day_of,
    left_out_sql,
    source_no,
    trust_key,
    trust_of,
    turn_of,
    weight_of,
)

PROFILE = "membership"


def members(engine: Engine) -> None:
    """Make `person_in_family` and `family_in_household`; see the module for the tables."""
    rules = load_rules()
    _place(
        engine,
        rules,
        "person_in_family",
        ("person_entity", "family_entity"),
        f"""
        SELECT l.entity_id AS inner_entity, k.family_entity AS outer_entity, s.relationship,
               s.source, s.layout, s."row", s.record_key, s.value_date,
               {left_out_sql(engine, "person_standardised")} AS left_out
        FROM person_standardised s
        JOIN person_links l USING (rid)
        LEFT JOIN family_kk k ON k.kk = {CARD.format("s")}
        WHERE k.family_entity IS NOT NULL OR (s.kk IS NULL AND s.relationship IS NOT NULL)
        """,
        extra="relationship",
    )
    _place(
        engine,
        rules,
        "family_in_household",
        ("family_entity", "household_entity"),
        f"""
        SELECT l.entity_id AS inner_entity, h.entity_id AS outer_entity,
               s.source, s.layout, s."row", s.record_key, s.value_date,
               {left_out_sql(engine, "family_standardised")} AS left_out
        FROM family_standardised s
        JOIN family_links l USING (rid)
        JOIN household_family_links h USING (rid)
        """,
    )


def _place(
    engine: Engine,
    rules: SurvivorshipRules,
    table: str,
    names: tuple[str, str],
    voices: str,
    *,
    extra: str = "NULL",
) -> None:
    """Choose one outer entity for every inner one, from the rows of `voices`. A row that names no outer entity
    speaks of `extra` alone, wherever the inner one is placed."""
    engine.table(f"{table}_voices", voices)
    found = engine.fetch(f"SELECT DISTINCT source FROM {table}_voices ORDER BY source")
    sources = [str(source) for source in found.column(0).to_pylist()]
    key = trust_key(rules.trust[PROFILE], sources, "turn_no", "newest", rules)
    spoken = "FILTER (extra IS NOT NULL)"
    best = f"arg_max(extra, key) {spoken} AS extra, max(key) {spoken} AS told"
    newer = "r.chosen AND u.told > coalesce(r.told, 0)"
    carried = f"CASE WHEN {newer} THEN u.extra ELSE r.extra END AS {extra}, "
    engine.table(
        table,
        f"""
        WITH turned AS (
            SELECT *, {extra} AS extra, {source_no("source", sources)} AS source_no,
                   row_number() OVER (PARTITION BY inner_entity
                       ORDER BY source, {turns_sql()}, value_date) - 1 AS turn_no,
                   greatest(value_date, max(value_date) FILTER (outer_entity IS NOT NULL)
                       OVER (PARTITION BY inner_entity)) AS newest
            FROM {table}_voices
        ), keyed AS (
            SELECT *, {key} AS key FROM turned
        ), unplaced AS (
            SELECT inner_entity, {best} FROM keyed WHERE outer_entity IS NULL GROUP BY inner_entity
        ), by_source AS (
            SELECT inner_entity, outer_entity, source_no, max(key) AS key, count(*) AS records,
                   {best}, arg_max(source, key) AS source,
                   arg_max_null(value_date, key) AS value_date
            FROM keyed WHERE outer_entity IS NOT NULL
            GROUP BY inner_entity, outer_entity, source_no
        ), places AS (
            SELECT inner_entity, outer_entity, arg_max(extra, told) AS extra, max(told) AS told,
                   arg_max(source, key) AS source, arg_max_null(value_date, key) AS value_date,
                   CAST(sum(records) AS INTEGER) AS records, count(*) AS sources,
                   sum({trust_of("key")}) AS score, max(key) AS key
            FROM by_source GROUP BY inner_entity, outer_entity
        ), ranked AS (
            SELECT *, row_number() OVER rank = 1 AS chosen, count(*) OVER everyone AS places,
                   first_value(score) OVER rank AS top_score,
                   first_value(sources) OVER rank AS top_sources,
                   first_value(key) OVER rank AS top_key
            FROM places
            WINDOW rank AS (PARTITION BY inner_entity ORDER BY score DESC, key DESC),
                   everyone AS (PARTITION BY inner_entity)
        )
        SELECT r.inner_entity AS {names[0]}, r.outer_entity AS {names[1]}, {carried if extra != "NULL" else ""}
               r.source, r.records, r.value_date, r.chosen, {_why()} AS why
        FROM ranked r LEFT JOIN unplaced u USING (inner_entity)
        """,
    )
    engine.drop(f"{table}_voices")


def _why() -> str:
    return f"""CASE
        WHEN places = 1 THEN 'unopposed'
        WHEN chosen THEN 'chosen'
        WHEN sources < top_sources AND {trust_of("key")} >= {trust_of("top_key")}
            THEN 'less_agreement'
        WHEN {weight_of("key")} < {weight_of("top_key")} THEN 'lower_priority'
        WHEN {day_of("key")} < {day_of("top_key")} THEN 'older'
        WHEN score < top_score AND sources < top_sources THEN 'less_agreement'
        WHEN score < top_score THEN 'lower_priority'
        WHEN {turn_of("key")} > {turn_of("top_key")} THEN 'order'
        ELSE 'lower_priority' END"""
