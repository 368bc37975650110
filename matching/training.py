"""`dtsen train`: weights without labels.

Splink estimates u from random pairs and m by expectation maximisation inside blocks that hold both matches and
non-matches. Two things random pairs cannot show are given another way: u of levels so rare that a sample misses them is
counted exactly from the records that share a key (`u_key`), and a few that no count can give are fixed in the document.
"""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

from matching.engine import Engine
from matching.model import LevelWeight, Model
from matching.rules import LinkageRules
from matching.scoring import linker

# No level is impossible: a share never seen in training is taken to be rare, so that one disagreement alone never
# weighs more than all the rest together.
SMALLEST_M = 3e-4
SMALLEST_U = 1e-9


def train(engine: Engine, rules: LinkageRules, *, now: datetime | None = None) -> Model:
    """Learn a model from `<kind>_linkable`. Deterministic for the same table and document."""
    one = linker(engine, rules, None, _exact_u(engine, rules))
    certain = " AND ".join(f"l.{key} = r.{key}" for key in rules.training.certain.keys)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one.training.estimate_probability_two_random_records_match(
            [certain], recall=rules.training.certain.recall
        )
        prior = one._settings_obj._probability_two_random_records_match
        one.training.estimate_u_using_random_sampling(
            max_pairs=rules.training.u_pairs,
            seed=rules.training.seed,
            min_count_per_level=None,
            num_chunks=1,
        )
        for block in rules.training.em_blocks:
            one.training.estimate_parameters_using_expectation_maximisation(
                " AND ".join(f"l.{key} = r.{key}" for key in block),
                estimate_without_term_frequencies=True,
                max_pairs=rules.training.em_pairs,
                record_sample_proportion=0.1,
            )
    trained = one.misc.save_model_to_json(None)
    one.table_management.invalidate_cache()
    return Model(
        kind=rules.kind,
        trained_at=(now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        fingerprint=_fingerprint(engine, rules),
        rules=rules.digest,
        records=int(engine.scalar(f"SELECT count(*) FROM {rules.kind}_linkable")),
        prior=float(prior),
        levels=tuple(_weights(rules, trained["comparisons"])),
    )


def _weights(rules: LinkageRules, trained: list[dict[str, object]]) -> list[LevelWeight]:
    """m and u of every level that is not 'missing'. A level never seen keeps a neutral or mildly negative weight."""
    weights = []
    for comparison, result in zip(rules.comparisons, trained, strict=True):
        levels = [level for level in comparison.levels if not level.missing]
        learned = [level for level in result["comparison_levels"] if not level.get("is_null_level")]  # type: ignore[attr-defined]
        for level, values in zip(levels, learned, strict=True):
            m = level.m if level.m is not None else values.get("m_probability")
            u = values.get("u_probability")
            weights.append(
                LevelWeight(
                    comparison.name,
                    level.name,
                    max(float(m or 0), SMALLEST_M),
                    max(float(u or 0), SMALLEST_U),
                )
            )
    return weights


def _exact_u(engine: Engine, rules: LinkageRules) -> dict[tuple[str, str], float]:
    """u of levels that are agreement on one key: pairs that share it, out of all pairs."""
    records = int(engine.scalar(f"SELECT count(*) FROM {rules.kind}_linkable"))
    pairs = max(records * (records - 1) / 2, 1.0)
    counted = {}
    for comparison in rules.comparisons:
        for level in comparison.levels:
            if level.u_key:
                shared = engine.scalar(
                    f"SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM {rules.kind}_linkable"
                    f" WHERE ({level.u_key}) IS NOT NULL GROUP BY {level.u_key})"
                )
                counted[comparison.name, level.name] = min(
                    max(float(shared or 0), 1.0) / pairs, 0.5
                )
    return counted


def _fingerprint(engine: Engine, rules: LinkageRules) -> str:
    """A digest of the training data: depends on content, not on the order of rows; says nothing of any record."""
    columns = " || '|' || ".join(f"coalesce({name}::VARCHAR, '')" for name in rules.columns)
    return str(
        engine.scalar(
            f"SELECT sha256(count(*)::VARCHAR || ':' || coalesce(sum(hash({columns})::HUGEINT), 0)::VARCHAR)"
            f" FROM {rules.kind}_linkable"
        )
    )
