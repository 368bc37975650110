"""What one comparison is sure of teaches the others: m and u of levels counted on pairs that are told one, or two.

Of many dwellings and families the office's book says whether they belong together (`training.told`). Those that do show
how far two providers tell the same of one house (`m_expected`): where each describes it in a way of its own, its
description weighs nothing. And families of whom it is told either way show what it says to share a meter or an address
and nothing else (`share`): in a town nearly all, among kin in one hamlet, or behind the doors of a row of rented rooms
on one meter, little. A document's own figures count as much as a few pairs, and alone where nothing is told.
"""

from __future__ import annotations

from typing import Any

from matching.blocking import pairs_of
from matching.chance import place
from matching.engine import Engine
from matching.levels import Calls
from matching.rules import Comparison, LinkageRules, Told

# What the document expects counts as so many pairs: few pairs must not make a level impossible, nor certain.
_M_PAIRS = 100
_SHARE_PAIRS = 10

Probabilities = dict[tuple[str, str], float]  # by comparison and level


def count_m(engine: Engine, rules: LinkageRules, calls: Calls) -> Probabilities:
    """m of every level with `m_expected`, on the pairs that are told one. `calls`: levels that are macros."""
    told, shares = rules.training.told, {}
    if told is None:
        return {}
    for one in rules.comparisons:
        expected = {level.name: level.m_expected for level in one.levels if level.m_expected}
        if not expected:
            continue
        found = dict.fromkeys(expected, 0)
        for row in _counted(engine, rules, one, told.blocks, calls, told=told):
            if row["level"] in found and row["told"] in told.one:
                found[row["level"]] += row["pairs"]
        known = sum(found.values()) + _M_PAIRS
        for name, share in expected.items():
            shares[one.name, name] = (found[name] + _M_PAIRS * share) / known
    return shares


def count_u(engine: Engine, rules: LinkageRules, calls: Calls, prior: float) -> Probabilities:
    """u of every level with a `share`, such that a pair that agrees so and says nothing else has the odds counted.
    `prior`: the share of all pairs that match; `calls`: levels that are macros."""
    told, found = rules.training.told, {}
    if told is None:
        return {}
    for one in rules.comparisons:
        for level in one.levels:
            if level.share is None or level.m is None:
                continue
            rows = [
                row
                for row in _counted(engine, rules, one, [level.share.block], calls, told=told)
                if row["level"] == level.name and row["alike"]
            ]
            together = sum(row["pairs"] for row in rows if row["told"] in told.one)
            apart = sum(row["pairs"] for row in rows if row["told"] in told.two)
            together += _SHARE_PAIRS * level.share.expected
            apart += _SHARE_PAIRS * (1 - level.share.expected)
            odds = prior / (1 - prior)
            found[one.name, level.name] = min(level.m * odds * apart / together, 0.5)
    return found


def in_order(m: list[float], u: list[float]) -> list[float]:
    """m of levels, the best first, such that none weighs less than one behind it: those that would are one level.

    An office that writes the same of every house agrees with nobody about any. That is no sign that two who describe
    one house alike live in two.
    """
    pooled: list[tuple[float, float, int]] = []
    for level in zip(m, u, strict=True):
        share, chance, levels = *level, 1
        while pooled and pooled[-1][0] * chance < share * pooled[-1][1]:
            better = pooled.pop()
            share, chance, levels = better[0] + share, better[1] + chance, better[2] + levels
        pooled.append((share, chance, levels))
    ratios = [share / chance for share, chance, levels in pooled for _ in range(levels)]
    return [ratio * chance for ratio, chance in zip(ratios, u, strict=True)]


def _counted(
    engine: Engine,
    rules: LinkageRules,
    one: Comparison,
    blocks: list[str],
    calls: Calls,
    *,
    told: Told,
) -> list[dict[str, Any]]:
    """Of the pairs that some blocking rules find, how many `pairs` are on each `level` of a comparison, on each of the
    one that tells (`told`), and `alike`."""
    telling = next(other for other in rules.comparisons if other.name == told.comparison)
    both = ", ".join(f"l.{c} AS {c}_l, r.{c} AS {c}_r" for c in rules.columns)
    # A table of its own: the engine would guess how many pairs there are, and join all records with all.
    engine.table("told_pairs", pairs_of(rules, blocks))
    rows = engine.fetch(
        f"""
        SELECT {place(one, calls)} AS level, {place(telling, calls)} AS told, {told.alike} AS alike, count(*) AS pairs
        FROM (SELECT {both} FROM told_pairs JOIN {rules.kind}_linkable l ON l.rid = rid_l
              JOIN {rules.kind}_linkable r ON r.rid = rid_r)
        GROUP BY ALL
        """
    ).to_pylist()
    engine.drop("told_pairs")
    for row in rows:
        row |= {
            "level": one.levels[row["level"]].name,
            "told": telling.levels[row["told"]].name,
        }
    return rows
