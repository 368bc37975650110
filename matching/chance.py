"""How often different entities agree by chance: u of every level, counted on random pairs.

The same estimate as Splink's own, on the sample that it would draw (all pairs of records whose hash falls below a
bound), but in one pass over a table of pairs, so that all cores compare. Splink joins the sample with itself once per
comparison, which one core does.
"""

from __future__ import annotations

from matching.engine import Engine
from matching.levels import Calls
from matching.rules import Comparison, LinkageRules

_PARTS = 1_000_000_000
# What Splink writes for a level it never met.
NOT_OBSERVED = 1e-6
# A short file needs fewer pairs: a level that a sample of them misses can join few of its records by chance.
# Of persons, `u_pairs` holds from 25,000 records on; the fewest are all the pairs of 447 records.
_PAIRS_EACH = 40
_LEAST_PAIRS = 100_000


def count_chance(engine: Engine, rules: LinkageRules, calls: Calls) -> dict[tuple[str, str], float]:
    """u of every level whose document does not fix it, by comparison and level. `calls`: levels that are macros."""
    _sample(engine, rules)
    both = ", ".join(f"l.{c} AS {c}_l, r.{c} AS {c}_r" for c in rules.columns)
    found = ", ".join(
        f"{place(one, calls)} AS at_{number}" for number, one in enumerate(rules.comparisons)
    )
    vectors = engine.fetch(
        f"""
        SELECT {", ".join(f"at_{number}" for number in range(len(rules.comparisons)))}, count(*) AS pairs
        FROM (SELECT {found} FROM (SELECT {both} FROM chance_pairs p JOIN chance_sample l ON l.rid = p.rid_l
                                   JOIN chance_sample r ON r.rid = p.rid_r))
        GROUP BY ALL
        """
    ).to_pylist()
    engine.drop("chance_sample", "chance_pairs")
    shares = {}
    for number, one in enumerate(rules.comparisons):
        counts = [0] * len(one.levels)
        for vector in vectors:
            counts[vector[f"at_{number}"]] += vector["pairs"]
        known = sum(n for n, level in zip(counts, one.levels, strict=True) if not level.missing)
        for n, level in zip(counts, one.levels, strict=True):
            if not level.missing and level.u is None:
                shares[one.name, level.name] = n / known if n else NOT_OBSERVED
    return shares


def pairs_drawn(rules: LinkageRules, records: int) -> float:
    """How many random pairs of so many records show what agrees by chance: `u_pairs`, fewer of a short file."""
    wanted = min(rules.training.u_pairs, max(_PAIRS_EACH * records, _LEAST_PAIRS))
    return min(wanted, max(records * (records - 1) / 2, 1.0))


def _sample(engine: Engine, rules: LinkageRules) -> None:
    """Make `chance_sample`, records enough for the pairs to be drawn, and `chance_pairs` of them."""
    records = int(engine.scalar(f"SELECT count(*) FROM {rules.kind}_linkable"))
    share = 0.5 * ((8 * pairs_drawn(rules, records) + 1) ** 0.5 + 1) / max(records, 1)
    drawn = f"hash(rid || '_{rules.training.seed}') % {_PARTS} < {max(1, round(share * _PARTS))}"
    where = f"WHERE {drawn}" if share < 1 else ""
    engine.table("chance_sample", f"SELECT * FROM {rules.kind}_linkable {where}")
    engine.table(
        "chance_pairs",
        "SELECT l.rid AS rid_l, r.rid AS rid_r FROM chance_sample l JOIN chance_sample r ON l.rid < r.rid",
    )


def place(one: Comparison, calls: Calls) -> str:
    """SQL: the place of the level that holds, among the comparison's levels."""
    *cases, last = [
        (calls.get((one.name, level.name), level.sql), place)
        for place, level in enumerate(one.levels)
    ]
    whens = " ".join(f"WHEN {sql} THEN {place}" for sql, place in cases)
    return f"CASE {whens} ELSE {last[1]} END"
