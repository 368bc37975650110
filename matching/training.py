"""`dtsen train`: weights without labels.

u is counted on random pairs (see `chance`); Splink learns m by expectation maximisation inside blocks that hold both
matches and non-matches. Two things random pairs cannot show are given another way: u of levels so rare that a sample
misses them is counted exactly from the records that share a key (`u_key`), and a few that no count can give are fixed
in the document, as a share of pairs (`u`) or as partners per record (`by_chance`): who shares a house does not hang on
a file's length. Where another comparison is sure of many pairs, they are counted instead (see `told`).
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from typing import Any

from matching.chance import NOT_OBSERVED, count_chance, pairs_drawn
from matching.engine import Engine
from matching.levels import make_macros
from matching.model import LevelWeight, Model
from matching.rules import LinkageRules
from matching.scoring import linker
from matching.told import count_m, count_u, in_order

# No level is impossible: a share never seen in training is taken to be rare, so that one disagreement alone never
# weighs more than all the rest together.
SMALLEST_M = 3e-4
# Where nothing could be learned of a comparison: the best level is the rule, all others share the rest.
USUAL_M = 0.9
DISTINCT = 1e-7
# More records than this that agree on what only one entity shows: a value typed for none, as one meter number for a
# village. Its pairs are no pairs of one entity, and their number grows with its square.
MOST_ALIKE = 20
# Of a share that is written down: in what lies behind them, sums tell in which order the threads came.
DIGITS = 11


def train(engine: Engine, rules: LinkageRules, *, now: datetime | None = None) -> Model:
    """Learn a model from `<kind>_linkable`. Deterministic for the same table and document."""
    records = int(engine.scalar(f"SELECT count(*) FROM {rules.kind}_linkable"))
    pairs = max(records * (records - 1) / 2, 1.0)
    exact = _exact_u(engine, rules, pairs)
    macros = make_macros(engine, rules)
    chance = count_chance(engine, rules, macros) if records > 1 else {}
    prior = _prior(engine, rules, pairs)
    told = count_u(engine, rules, macros, prior)
    one = linker(engine, rules, None, chance | exact | told)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one._settings_obj._probability_two_random_records_match = prior
        trained = _learn(one, rules) if records > 1 else {"comparisons": []}
    one.table_management.invalidate_cache()
    return Model(
        kind=rules.kind,
        trained_at=(now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        fingerprint=_fingerprint(engine, rules),
        rules=rules.digest,
        records=records,
        prior=prior,
        levels=tuple(
            _weights(
                rules,
                trained["comparisons"],
                count_m(engine, rules, macros),
                0.5 / pairs_drawn(rules, records),
            )
        ),
        strata=strata(engine, rules),
    )


def strata(engine: Engine, rules: LinkageRules) -> dict[str, int]:
    """Stratum → its records in `<kind>_linkable`, in order of the names."""
    found = engine.fetch(
        f"SELECT {rules.training.strata} AS stratum, count(*) AS records FROM {rules.kind}_linkable"
        " GROUP BY ALL HAVING stratum IS NOT NULL ORDER BY ALL"
    ).to_pylist()
    return {str(one["stratum"]): int(one["records"]) for one in found}


def _prior(engine: Engine, rules: LinkageRules, pairs: float) -> float:
    """The share of all pairs that match, from those that hardly any but matches satisfy; at least one pair's worth."""
    shares = [
        _sharing(engine, rules, certain.keys, MOST_ALIKE) / certain.recall / pairs
        for certain in rules.training.certain
    ]
    return min(max(*shares, 1.0 / (pairs + 1.0)), 0.5)


def _declined() -> tuple[type[Exception], ...]:
    """What Splink raises where there is nothing to learn from."""
    from splink.internals.exceptions import SplinkException  # noqa: PLC0415 - slow to import

    return ValueError, SplinkException


def _learn(one: Any, rules: LinkageRules) -> dict[str, Any]:
    for block in rules.training.em_blocks:
        # A block without both matches and non-matches teaches nothing, and Splink stops there, having set the block's
        # own comparisons aside: they are put back.
        core = one._settings_obj.core_model_settings
        comparisons = list(core.comparisons)
        try:
            one.training.estimate_parameters_using_expectation_maximisation(
                " AND ".join(f"l.{key} = r.{key}" for key in block),
                estimate_without_term_frequencies=True,
                max_pairs=rules.training.em_pairs,
                record_sample_proportion=0.1,
            )
        except _declined():
            core.comparisons = comparisons
    trained: dict[str, Any] = one.misc.save_model_to_json(None)
    return trained


def _weights(
    rules: LinkageRules,
    trained: list[dict[str, Any]],
    counted: dict[tuple[str, str], float],
    unseen: float,
) -> list[LevelWeight]:
    """m and u of every level that is not 'missing'. `counted`: m that was; `unseen`: the u of a level that no
    sampled pair was on."""
    weights = []
    for number, comparison in enumerate(rules.comparisons):
        levels = [level for level in comparison.levels if not level.missing]
        values = trained[number]["comparison_levels"] if trained else [{}] * len(comparison.levels)
        learned = [value for value in values if not value.get("is_null_level")][-len(levels) :]
        m = [
            level.m or counted.get((comparison.name, level.name)) or value.get("m_probability")
            for level, value in zip(levels, learned, strict=True)
        ]
        if not any(share for level, share in zip(levels, m, strict=True) if level.m is None):
            usual = [USUAL_M] + [(1 - USUAL_M) / (len(levels) - 1)] * (len(levels) - 1)
            m = [level.m or share for level, share in zip(levels, usual, strict=True)]
        # Of a comparison that no sampled pair could make, nothing is known: its levels weigh nothing.
        silent = not any(
            value.get("u_probability") or level.u
            for level, value in zip(levels, learned, strict=True)
        )
        known = [max(float(share or 0), SMALLEST_M) for share in m]
        chance = []
        for level, value, share in zip(levels, learned, known, strict=True):
            fixed = any((level.u, level.u_key, level.by_chance, level.share))
            u = float(value.get("u_probability") or level.u or 0)
            if silent or not (fixed or _seen(value)):
                u = share
            chance.append(u if fixed and u else max(u, unseen))
        if any(level.m_expected for level in levels):
            known = in_order(known, chance)
        for place, (level, share, u) in enumerate(zip(levels, known, chance, strict=True)):
            # No two levels of a comparison weigh quite the same, and none quite nothing, as what is missing does: a
            # pair's weight tells its level (see scoring).
            m_here = float(f"{share * (1 + DISTINCT * (place + 1)):.{DIGITS}g}")
            weights.append(LevelWeight(comparison.name, level.name, m_here, u))
    return weights


def _seen(value: dict[str, Any]) -> bool:
    """Whether training met a level at all: among random pairs, or in a block."""
    return any((value.get(name) or 0) > NOT_OBSERVED for name in ("m_probability", "u_probability"))


def _exact_u(engine: Engine, rules: LinkageRules, pairs: float) -> dict[tuple[str, str], float]:
    """u of levels that are agreement on one key: pairs that share it, out of all pairs; or that many partners each."""
    counted = {}
    records = int(engine.scalar(f"SELECT count(*) FROM {rules.kind}_linkable"))
    for comparison in rules.comparisons:
        for level in comparison.levels:
            if level.by_chance:
                share = level.by_chance / max(records - 1, 1)
                counted[comparison.name, level.name] = min(share, 0.5)
            if level.u_key:
                share = max(_sharing(engine, rules, [level.u_key]), 1.0) / pairs
                counted[comparison.name, level.name] = min(share, 0.5)
    return counted


def _sharing(
    engine: Engine, rules: LinkageRules, keys: list[str], most: int | None = None
) -> float:
    """How many pairs of records agree on all keys; with `most`, of those that no more than so many records share."""
    given = " AND ".join(f"({key}) IS NOT NULL" for key in keys)
    few = f" HAVING count(*) <= {most}" if most else ""
    shared = engine.scalar(
        f"SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM {rules.kind}_linkable"
        f" WHERE {given} GROUP BY {', '.join(keys)}{few})"
    )
    return float(shared or 0)


def _fingerprint(engine: Engine, rules: LinkageRules) -> str:
    """A digest of the training data: depends on content, not on the order of rows; says nothing of any record."""
    return str(
        engine.scalar(
            "SELECT sha256(count(*)::VARCHAR || ':' ||"
            f" coalesce(sum(hash({', '.join(rules.columns)})::HUGEINT), 0)::VARCHAR)"
            f" FROM {rules.kind}_linkable"
        )
    )
