"""Bare Splink on the same persons with the same model: `python -m bench.splink PERSONS.parquet`.

It gets the standardised columns for nothing, the comparisons of person.yaml, the same blocking rules written as
Splink's own, and the same training plan; it keeps nothing but its clusters. It reads the levels as the document writes
them and estimates u itself, as any user of Splink would (the path: matching/levels.py and chance.py).
With `defaults` as second argument, EM runs with Splink's own defaults instead of the document's caps.
"""

from __future__ import annotations

import sys
import warnings

import duckdb

from bench.answer import Clock, answer
from matching.rules import BlockingRule, load_linkage
from matching.scoring import comparison_settings


def main(persons: str, plan: str = "same") -> None:
    """Train, predict and cluster, timed apart."""
    import logging  # noqa: PLC0415

    from splink import DuckDBAPI, Linker, SettingsCreator  # noqa: PLC0415
    from splink.clustering import cluster_pairwise_predictions_at_threshold  # noqa: PLC0415

    warnings.simplefilter("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    rules = load_linkage("person")
    clock = Clock()
    connection = duckdb.connect(":memory:")
    connection.execute(
        f"CREATE TABLE persons AS SELECT * FROM read_parquet('{persons}')"
    ).fetchall()
    api = DuckDBAPI(connection=connection)
    table = api.register("persons")
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rid",
        comparisons=[comparison_settings(one, None, {}, {}) for one in rules.comparisons],
        # Splink asks of every pair which rules before have found it: those that look into lists come last, which
        # takes it 10 seconds at 1 M where the document's order takes it 14.
        blocking_rules_to_generate_predictions=[
            _block(rule)
            for rule in sorted(rules.blocking, key=lambda rule: rule.explode is not None)
        ],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )
    linker = Linker(table, settings, log_level="ERROR")
    steps = {"load": clock.lap()}
    certain = rules.training.certain[0]
    linker.training.estimate_probability_two_random_records_match(
        [" AND ".join(f"l.{key} = r.{key}" for key in certain.keys)], recall=certain.recall
    )
    linker.training.estimate_u_using_random_sampling(
        max_pairs=rules.training.u_pairs,
        seed=rules.training.seed,
        min_count_per_level=None,
        num_chunks=1,
    )
    caps = {
        "estimate_without_term_frequencies": True,
        "max_pairs": rules.training.em_pairs,
        "record_sample_proportion": 0.1,
    }
    for block in rules.training.em_blocks:
        linker.training.estimate_parameters_using_expectation_maximisation(
            " AND ".join(f"l.{key} = r.{key}" for key in block), **(caps if plan == "same" else {})
        )
    steps["train"] = clock.lap()
    pairs = linker.inference.predict(
        threshold_match_weight=rules.thresholds.review, warning_mode="never"
    )
    steps["predict"] = clock.lap()
    cluster_pairwise_predictions_at_threshold(
        table, pairs, api, node_id_column_name="rid", threshold_match_weight=rules.thresholds.link
    )
    steps["cluster"] = clock.lap()
    answer(clock.whole(), steps=steps)


def _block(rule: BlockingRule) -> str:
    """One of our blocking rules as a condition of Splink's."""
    said = [f"({_side(key, 'l')}) = ({_side(key, 'r')})" for key in rule.keys]
    if rule.explode:
        said.append(f"list_has_any(l.{rule.explode}, r.{rule.explode})")
    return " AND ".join(said)


def _side(key: str, side: str) -> str:
    """A blocking key over one side of Splink's join."""
    import sqlglot  # noqa: PLC0415
    from sqlglot import exp  # noqa: PLC0415

    tree = sqlglot.parse_one(key, read="duckdb")
    for column in tree.find_all(exp.Column):
        column.set("table", exp.to_identifier(side))
    return tree.sql("duckdb")


if __name__ == "__main__":
    main(*sys.argv[1:])
