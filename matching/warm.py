"""Warming up: load what clustering needs before the first decision waits for it."""

from __future__ import annotations

from matching.clusters import cluster
from matching.engine import Engine
from matching.rules import load_linkage


def warm_up(engine: Engine) -> None:
    """Cluster two records, and leave nothing in the engine."""
    engine.run(
        "CREATE OR REPLACE TABLE person_linkable AS SELECT unnest([1, 2])::INTEGER AS rid, 'x' AS source"
    )
    engine.run(
        "CREATE OR REPLACE TABLE person_judged AS SELECT 1::INTEGER AS rid_l, 2::INTEGER AS rid_r,"
        " 1.0::DOUBLE AS match_weight, 'link' AS judgement, 'weight' AS reason"
    )
    cluster(engine, load_linkage("person"))
    engine.drop(*(f"person_{table}" for table in ("linkable", "judged", "clusters", "passed_over")))
