"""The SQL of the figures, over the tables that stand in the engine at the end of a run."""

from __future__ import annotations

from matching.rules import KINDS

LARGEST = 12  # cluster sizes from here on are counted together
LIGHTEST, HEAVIEST = -10, 30  # bits; pairs beyond are counted with these
HALF = 0.5  # bits that are counted together
FINDINGS = "figure_findings"  # the findings of all batches, where there are any

_DEAD = """content LIKE '%"life":[{"alive":false%'"""
_DESIL = """regexp_extract(content, '"ranking":\\[\\{"desil":([0-9]+)', 1)"""
_STATUS = """regexp_extract(content, '"identity_status":"([a-z_-]+)"', 1)"""


def regions() -> str:
    """How many people and families live in each kecamatan."""
    return f"""
        SELECT 'region' AS figure, 'person' AS kind, coalesce(region, '') AS part, '' AS detail,
               count(*)::DOUBLE AS value
        FROM person_golden WHERE NOT {_DEAD} GROUP BY ALL
        UNION ALL
        SELECT 'region', 'family', coalesce(region, ''), '', count(*) FROM family_golden GROUP BY ALL
        """


def desils() -> str:
    """How many people and families of each desil live in each regency; a person has the family's."""
    return f"""
        WITH ranked AS (SELECT entity_id, region, {_DESIL} AS desil FROM family_golden)
        SELECT 'desil' AS figure, 'family' AS kind, left(coalesce(region, ''), 4) AS part,
               desil AS detail, count(*)::DOUBLE AS value
        FROM ranked GROUP BY ALL
        UNION ALL
        SELECT 'desil', 'person', left(coalesce(p.region, ''), 4), coalesce(r.desil, ''), count(*)
        FROM person_golden p
        LEFT JOIN person_in_family i ON i.person_entity = p.entity_id AND i.chosen
        LEFT JOIN ranked r ON r.entity_id = i.family_entity
        WHERE NOT {_DEAD} GROUP BY ALL
        """


def of_kind(kind: str, registry: str) -> str:
    """Cluster sizes, pairs by weight, identity status, match rates of one kind."""
    steps = f"greatest({LIGHTEST}, least({HEAVIEST}, floor(match_weight / {HALF}) * {HALF}))"
    reason = "CASE WHEN reason IN ('weight', 'human') THEN reason ELSE 'guard' END"
    return f"""
        WITH sized AS (
            SELECT entity_id, count(*) AS records, count(DISTINCT source) AS sources,
                   bool_or(source = '{registry}') AS registered
            FROM {kind}_links GROUP BY entity_id
        )
        SELECT 'cluster_size' AS figure, '{kind}' AS kind,
               least(records, {LARGEST})::VARCHAR AS part, '' AS detail, count(*)::DOUBLE AS value
        FROM sized GROUP BY ALL
        UNION ALL
        SELECT 'weight', '{kind}', printf('%.1f', {steps}), judgement || '/' || {reason}, count(*)
        FROM {kind}_judged WHERE match_weight IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'identity', '{kind}', {_STATUS}, '', count(*) FROM {kind}_golden GROUP BY ALL
        UNION ALL
        SELECT 'match', '{kind}', source, name, counted FROM (
            SELECT l.source, count(*) AS records, count(*) FILTER (s.sources > 1) AS joined,
                   count(*) FILTER (s.registered) AS registry
            FROM {kind}_links l JOIN sized s USING (entity_id) GROUP BY l.source
        ) UNPIVOT (counted FOR name IN (records, joined, registry))
        """


def freshness() -> str:
    """When the records were last changed by their providers."""
    each = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, source, value_date FROM {kind}_standardised" for kind in KINDS
    )
    return f"""
        SELECT 'freshness' AS figure, source AS kind,
               coalesce(year(value_date)::VARCHAR || 'Q' || quarter(value_date), '') AS part,
               kind AS detail, count(*)::DOUBLE AS value
        FROM ({each}) GROUP BY ALL
        """


def findings() -> str:
    """What the rules said of all batches."""
    return f"""
        SELECT 'finding' AS figure, source AS kind, rule AS part, severity AS detail,
               count(*)::DOUBLE AS value
        FROM {FINDINGS} GROUP BY ALL
        """
