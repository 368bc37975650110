"""How often the same entities agree: m of the levels whose document expects a share, counted on pairs that are certain.

Pairs that agree on the keys of `training.certain` hardly ever are of two entities, so what else they agree on shows how
far the sources tell the same: two providers who describe one house in two ways make its description weigh nothing.
"""

from __future__ import annotations

from matching.chance import place
from matching.engine import Engine
from matching.levels import Calls
from matching.rules import Kind, LinkageRules

# The expected shares count as much as so many pairs: few pairs must not make a level impossible.
_EXPECTED_PAIRS = 100
# More records than this that agree on the keys are no pairs of one entity but a value that stands for none; nor are
# their pairs few.
_MOST_ALIKE = 20


def count_certain(
    engine: Engine, rules: LinkageRules, calls: Calls
) -> dict[tuple[str, str], float]:
    """m of every level with `m_expected`, by comparison and level. `calls`: levels that are macros."""
    shares = {}
    for one in rules.comparisons:
        expected = {level.name: level.m_expected for level in one.levels if level.m_expected}
        if not expected:
            continue
        both = ", ".join(f"l.{c} AS {c}_l, r.{c} AS {c}_r" for c in rules.columns)
        pairs = " UNION ".join(
            _pairs(rules.kind, certain.keys) for certain in rules.training.certain
        )
        counted = engine.fetch(
            f"""
            SELECT place, count(*) AS pairs FROM (
                SELECT {place(one, calls)} AS place FROM (
                    SELECT {both} FROM ({pairs}) JOIN {rules.kind}_linkable l ON l.rid = rid_l
                    JOIN {rules.kind}_linkable r ON r.rid = rid_r))
            GROUP BY place
            """
        ).to_pylist()
        found = {one.levels[row["place"]].name: int(row["pairs"]) for row in counted}
        known = sum(found.get(name, 0) for name in expected)
        for name, share in expected.items():
            shares[one.name, name] = (found.get(name, 0) + _EXPECTED_PAIRS * share) / (
                known + _EXPECTED_PAIRS
            )
    return shares


def _pairs(kind: Kind, keys: list[str]) -> str:
    """SQL: the pairs of records that agree on all keys."""
    few = (
        f"SELECT rid, {', '.join(keys)} FROM {kind}_linkable WHERE {' AND '.join(f'{key} IS NOT NULL' for key in keys)}"
        f" QUALIFY count(*) OVER (PARTITION BY {', '.join(keys)}) <= {_MOST_ALIKE}"
    )
    return (
        f"SELECT l.rid AS rid_l, r.rid AS rid_r FROM ({few}) l JOIN ({few}) r"
        f" ON l.rid < r.rid AND {' AND '.join(f'l.{key} = r.{key}' for key in keys)}"
    )
