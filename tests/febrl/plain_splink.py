"""What anyone gets from Splink in an afternoon: one comparison per column, common levels, EM, one threshold."""

from __future__ import annotations

import logging
import warnings

import pandas as pd
import pyarrow as pa

from matching.engine import Engine

SURE = 0.95  # the probability that Splink's own examples cluster at


def link(engine: Engine, people: pd.DataFrame, file: str) -> str:
    """Make `plain_links(source, file, row, entity_id)` from Febrl rows in file order; its name."""
    from splink import Linker  # noqa: PLC0415 - slow to import
    from splink.clustering import (  # noqa: PLC0415
        cluster_pairwise_predictions_at_threshold,
    )

    warnings.simplefilter("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    rows = people.reset_index(drop=True).rename_axis("row").reset_index()
    rows["row"] += 1
    engine.register("plain_people", pa.Table.from_pandas(rows.astype({"row": "int64"})))
    api = engine.splink()
    table = api.register("plain_people")
    linker = Linker(table, _settings(), log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(
        [
            "l.soc_sec_id = r.soc_sec_id",
            "l.surname = r.surname AND l.date_of_birth = r.date_of_birth",
        ],
        recall=0.8,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in ("date_of_birth", "soc_sec_id"):
        linker.training.estimate_parameters_using_expectation_maximisation(
            f"l.{block} = r.{block}", record_sample_proportion=1.0
        )
    pairs = linker.inference.predict(threshold_match_probability=SURE, warning_mode="never")
    clusters = cluster_pairwise_predictions_at_threshold(
        table, pairs, api, node_id_column_name="row", threshold_match_probability=SURE
    )
    engine.table(
        "plain_links",
        f"SELECT 'febrl' AS source, '{file}' AS file, row, cluster_id::VARCHAR AS entity_id"
        f" FROM {clusters.physical_name}",
    )
    return "plain_links"


def _settings() -> object:
    import splink.comparison_library as cl  # noqa: PLC0415
    from splink import SettingsCreator, block_on  # noqa: PLC0415

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="row",
        comparisons=[
            cl.JaroWinklerAtThresholds("given_name", [0.9, 0.8]),
            cl.JaroWinklerAtThresholds("surname", [0.9, 0.8]),
            cl.LevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.8]),
            cl.JaroWinklerAtThresholds("suburb", [0.9, 0.8]),
            cl.LevenshteinAtThresholds("postcode", [1, 2]),
            cl.ExactMatch("soc_sec_id"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname"),
            block_on("date_of_birth"),
            block_on("surname", "postcode"),
            block_on("given_name", "postcode"),
        ],
    )
