"""What a profile says of other entities: the family of a person, the members of a family.

Made from the membership tables (mdm/survivorship/members.py) where they stand; an entity without a
membership has empty links. Members are in the order of their relationship, then of their id.
"""

from __future__ import annotations

from matching.engine import Engine

_SQL = {
    "person": """
        SELECT person_entity AS entity_id,
               '"family":"' || family_entity || '"'
               || coalesce(',"household":"' || household_entity || '"', '') AS links
        FROM person_in_family p LEFT JOIN
             (SELECT family_entity, household_entity FROM family_in_household WHERE chosen) h
             USING (family_entity)
        WHERE p.chosen
    """,
    "family": """
        SELECT coalesce(m.entity_id, h.entity_id) AS entity_id,
               concat_ws(',', h.household, m.members) AS links
        FROM (SELECT family_entity AS entity_id,
                     concat('"members":[', array_to_string(list_transform(list_sort(list(
                         concat(coalesce(relationship, '~'), chr(31), '["', person_entity, '",',
                                coalesce(to_json(relationship)::VARCHAR, 'null'), ']'))),
                         lambda member: split_part(member, chr(31), 2)), ','), ']') AS members
              FROM person_in_family WHERE chosen GROUP BY family_entity) m
        FULL JOIN (SELECT family_entity AS entity_id,
                          '"household":"' || household_entity || '"' AS household
                   FROM family_in_household WHERE chosen) h
        ON m.entity_id = h.entity_id
    """,
    "household": """
        SELECT household_entity AS entity_id,
               concat('"families":["', array_to_string(list_sort(list(family_entity)), '","'),
                      '"]') AS links
        FROM family_in_household WHERE chosen GROUP BY household_entity
    """,
}


def links_sql(kind: str) -> str:
    """SQL over the membership tables: entity_id, links of every entity of a kind that has some."""
    return _SQL[kind]


def links_table(engine: Engine, kind: str) -> None:
    """Make `<kind>_survive_links` (entity_no, links): the inside of a JSON object.

    `<kind>_survive_entities` (entity_id, entity_no) must stand.
    """
    known = kind in _SQL and all(
        engine.exists(table) for table in ("person_in_family", "family_in_household")
    )
    sql = _SQL[kind] if known else "SELECT '' AS entity_id, '' AS links WHERE false"
    engine.table(
        f"{kind}_survive_links",
        f"SELECT entity_no, links FROM ({sql}) JOIN {kind}_survive_entities USING (entity_id)",
    )
