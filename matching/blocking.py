"""Step 4, block: which records are worth comparing.

Pairs are counted before they are made: blocks larger than a rule's `max_block` are left out and reported, and a rule
set that would still make too many pairs is refused, naming the rule that makes most of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from matching.engine import Engine
from matching.rules import BlockingRule, LinkageRules
from reference.text import quote


class PairExplosionError(RuntimeError):
    """The blocking rules would make more pairs than the document allows; the message names the rule."""


@dataclass(frozen=True)
class RuleCount:
    """What one blocking rule finds: pairs in usable blocks, and what stands in blocks too large to use."""

    rule: str
    pairs: int
    oversize_blocks: int


def count(engine: Engine, rules: LinkageRules) -> list[RuleCount]:
    """Count each rule's pairs from `<kind>_linkable`, leaving a table of its blocks behind for `block`."""
    return [_count_one(engine, rules, number) for number in range(len(rules.blocking))]


def block(engine: Engine, rules: LinkageRules) -> list[RuleCount]:
    """Make `<kind>_pairs(rid_l, rid_r, rule)`, each pair once under the first rule that finds it."""
    counts = count(engine, rules)
    _refuse_explosion(engine, rules, counts)
    parts = " UNION ALL ".join(
        f"SELECT *, {number} AS number FROM ({_pairs(_blocks(rules, number), rule)})"
        for number, rule in enumerate(rules.blocking)
    )
    names = ", ".join(quote(rule.name) for rule in rules.blocking)
    engine.table(
        f"{rules.kind}_pairs",
        f"SELECT rid_l, rid_r, ([{names}])[min(number) + 1] AS rule FROM ({parts}) GROUP BY rid_l, rid_r",
    )
    engine.drop(*(_blocks(rules, number) for number in range(len(rules.blocking))))
    return counts


def pairs_of(rules: LinkageRules, names: list[str]) -> str:
    """SQL: the pairs (rid_l, rid_r) in usable blocks of the rules of these names, each once."""
    found = [
        _pairs(f"({_blocked(rules, rule)})", rule) for rule in rules.blocking if rule.name in names
    ]
    return " UNION ".join(found)


def _count_one(engine: Engine, rules: LinkageRules, number: int) -> RuleCount:
    rule, blocks = rules.blocking[number], _blocks(rules, number)
    engine.table(blocks, _blocked(rules, rule))
    row = engine.fetch(
        f"""
        SELECT coalesce(sum(size * (size - 1) / 2) FILTER (size <= {rule.max_block}), 0) AS pairs,
               count(*) FILTER (size > {rule.max_block}) AS blocks
        FROM {blocks}
        """
    ).to_pylist()[0]
    return RuleCount(rule.name, round(row["pairs"]), row["blocks"])


def _blocked(rules: LinkageRules, rule: BlockingRule) -> str:
    """SQL: the records of every block (`rids`), and how many (`size`)."""
    return f"SELECT list(rid) AS rids, count(*) AS size FROM ({_keyed(rules, rule)}) GROUP BY key HAVING size > 1"


def _pairs(blocks: str, rule: BlockingRule) -> str:
    """SQL: the pairs of the records of each usable block."""
    return (
        "SELECT rid_l, unnest(list_filter(rids, lambda rid: rid > rid_l)) AS rid_r"
        f" FROM (SELECT unnest(rids) AS rid_l, rids FROM {blocks} WHERE size <= {rule.max_block})"
    )


def _keyed(rules: LinkageRules, rule: BlockingRule) -> str:
    linkable = f"{rules.kind}_linkable"
    keys = list(rule.keys)
    if rule.explode:
        # Records without the keys are left out first: few may have them, and each of the others would become several.
        whole = " AND ".join(f"({key}) IS NOT NULL" for key in keys) or "true"
        linkable = f"(SELECT *, unnest({rule.explode}) AS element FROM {linkable} WHERE {whole})"
        keys.append("element")
    present = " AND ".join(f"({key}) IS NOT NULL" for key in keys)
    # A number stands for the key: two keys with one number only make a pair more to compare.
    distinct = "DISTINCT " if rule.explode else ""
    return f"SELECT {distinct}rid, hash({', '.join(keys)}) AS key FROM {linkable} WHERE {present}"


def _refuse_explosion(engine: Engine, rules: LinkageRules, counts: list[RuleCount]) -> None:
    records = int(engine.scalar(f"SELECT count(*) FROM {rules.kind}_linkable"))
    # Small tables may hold dense blocks without any harm; the bound is for tables where pairs cost something.
    allowed = max(100_000.0, rules.max_pairs_per_record * records)
    total = sum(one.pairs for one in counts)
    if total > allowed:
        worst = max(counts, key=lambda one: one.pairs)
        raise PairExplosionError(
            f"{rules.kind}: the blocking rules would make {total:,} pairs of {records:,} records, "
            f"more than the {allowed:,.0f} allowed; rule '{worst.rule}' alone makes {worst.pairs:,}. "
            f"Tighten its keys or lower its max_block in {rules.kind}.yaml."
        )


def _blocks(rules: LinkageRules, number: int) -> str:
    return f"{rules.kind}_block_{number}"
