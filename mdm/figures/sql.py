"""The SQL of the figures, over the tables that stand in the engine at the end of a run."""

from __future__ import annotations

from matching.rules import KINDS

LARGEST = 12  # cluster sizes from here on are counted together
LIGHTEST, HEAVIEST = -10, 30  # bits; pairs beyond are counted with these
HALF = 0.5  # bits that are counted together
FINDINGS = "figure_findings"  # the findings that stand, where there are any

# Whole contents are searched: for patterns that do not begin with a quote, of which contents are full.
# A death that is not valid is none, and a desil that is not valid neither: nobody is answered by them.
_DEAD = """CASE WHEN contains(content, 'life":[{"alive":false')
                THEN coalesce(json_extract_string(content, '$.contested.life[4]'), '') <> 'false' ELSE false END"""
_DESIL = """regexp_extract(content, 'ranking":\\[\\{"desil":(10|[1-9])[,}]', 1)"""


def homes() -> str:
    """How many people and families live in each kecamatan, and how many of each desil in each regency; a person has
    the family's."""
    return f"""
        WITH living AS MATERIALIZED (
            SELECT entity_id, coalesce(region, '') AS region FROM person_golden WHERE NOT {_DEAD}
        ), ranked AS MATERIALIZED (
            SELECT entity_id, coalesce(region, '') AS region, {_DESIL} AS desil FROM family_golden
        )
        SELECT 'region' AS figure, 'person' AS kind, region AS part, '' AS detail,
               count(*)::DOUBLE AS value
        FROM living GROUP BY ALL
        UNION ALL
        SELECT 'region', 'family', region, '', count(*) FROM ranked GROUP BY ALL
        UNION ALL
        SELECT 'desil', 'family', left(region, 4), desil, count(*) FROM ranked GROUP BY ALL
        UNION ALL
        SELECT 'desil', 'person', left(l.region, 4), coalesce(r.desil, ''), count(*)
        FROM living l
        LEFT JOIN person_in_family i ON i.person_entity = l.entity_id AND i.chosen
        LEFT JOIN ranked r ON r.entity_id = i.family_entity
        GROUP BY ALL
        """


def of_kind(kind: str, registry: str) -> str:
    """Cluster sizes, pairs by weight, identity status, match rates of one kind. A record of an earlier run that is away
    in this one keeps its place among the links, and counts nowhere."""
    step = f"greatest({LIGHTEST}, least({HEAVIEST}, floor(match_weight / {HALF}) * {HALF}))"
    reason = "CASE WHEN reason IN ('weight', 'human') THEN reason ELSE 'guard' END"
    return f"""
        WITH linked AS (SELECT entity_id, source FROM {kind}_links WHERE rid IS NOT NULL), sized AS MATERIALIZED (
            SELECT entity_id, count(*) AS records, min(source) <> max(source) AS joined,
                   bool_or(source = '{registry}') AS registered
            FROM linked GROUP BY entity_id
        )
        SELECT 'cluster_size' AS figure, '{kind}' AS kind,
               least(records, {LARGEST})::VARCHAR AS part, '' AS detail, count(*)::DOUBLE AS value
        FROM sized GROUP BY ALL
        UNION ALL
        SELECT 'weight', '{kind}', printf('%.1f', step), judgement || '/' || reason, pairs FROM (
            SELECT {step} AS step, judgement, {reason} AS reason, count(*) AS pairs
            FROM {kind}_judged WHERE match_weight IS NOT NULL GROUP BY ALL
        )
        UNION ALL
        SELECT 'identity', '{kind}', status, '', count(*) FROM {kind}_golden GROUP BY ALL
        UNION ALL
        SELECT 'match', '{kind}', source, name, counted FROM (
            SELECT l.source, count(*) AS records, count(*) FILTER (s.joined) AS joined,
                   count(*) FILTER (s.registered) AS registry
            FROM linked l JOIN sized s USING (entity_id) GROUP BY l.source
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
    """What the rules said, and no later version has mended."""
    return f"""
        SELECT 'finding' AS figure, source AS kind, rule AS part, severity AS detail,
               count(*)::DOUBLE AS value
        FROM {FINDINGS} GROUP BY ALL
        """


def quarantine() -> str:
    """How many rows wait for their providers."""
    return f"""
        SELECT 'quarantine' AS figure, source AS kind, '' AS part, '' AS detail,
               count(DISTINCT (batch, "row"))::DOUBLE AS value
        FROM {FINDINGS} WHERE severity = 'quarantine' GROUP BY ALL
        """
