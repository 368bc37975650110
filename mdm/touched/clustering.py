"""Clustering in small runs: the path's own stages, from pairs to entities, on the records that a decision reaches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from matching.clusters import cluster
from matching.engine import Engine
from matching.rules import Judgement, load_linkage
from mdm import links
from mdm.identity import identify
from mdm.touched.components import Components
from mdm.touched.reach import Reach

#: What a kept row says beside the standardised record.
BESIDE = {
    "person": "entity_id, since_run, group_no",
    "family": "entity_id, since_run, group_no, card, household_rid, household",
    "household": "entity_id, since_run, group_no, node, family_rid",
}
# The columns that cluster looks at, as the linkage document has them in braces; a family in the linkage of households
# is one node.
_LINKABLE = {
    "person": "SELECT rid, {provider} AS provider FROM touched",
    "family": "SELECT rid, source, implied FROM touched",
    "household": """
        SELECT node AS rid, CASE WHEN bool_and(family_rid IS NULL) THEN 'dwelling' ELSE 'family' END AS node,
               CASE WHEN bool_and(family_rid IS NULL) THEN any_value(office) END AS office
        FROM touched GROUP BY touched.node
        """,
}


def cluster_again(
    engine: Engine,
    components: Components,
    found: Reach,
    *,
    human: Mapping[tuple[int, int], Sequence[Judgement]],
    seq: int,
) -> None:
    """Make `<kind>_judged`, `<kind>_links`, `<kind>_entities` and events of the judged kind.

    `human`: pairs of rids (smaller first) → the verdicts of people that stand; the last holds.
    """
    kind, rules = found.kind, load_linkage(found.kind)
    groups = components.groups_of(kind, found.judged)
    rows = components.records(kind, groups)
    engine.register("reached", rows)
    engine.register("judged_entities", ids_table(found.judged))
    engine.table("touched", "SELECT * FROM reached SEMI JOIN judged_entities USING (entity_id)")
    engine.table(f"{kind}_linkable", _LINKABLE[kind].format(**rules.columns))
    engine.register("pairs_kept", components.pairs(kind, groups))
    engine.register(f"{kind}_human", _human(human))
    engine.table("pairs_judged", _JUDGED.format(kind=kind))
    inside = (
        f"rid_l IN (SELECT rid FROM {kind}_linkable) AND rid_r IN (SELECT rid FROM {kind}_linkable)"
    )
    engine.table(f"{kind}_judged", f"SELECT * FROM pairs_judged WHERE {inside}")
    cluster(engine, rules, few=True)
    if kind == "household":
        engine.table(
            "household_clusters",
            "SELECT t.rid, min(t.rid) OVER (PARTITION BY c.cluster) AS cluster"
            " FROM touched t JOIN household_clusters c ON c.rid = t.node",
        )
    engine.table(f"{kind}_standardised", f"SELECT * EXCLUDE ({BESIDE[kind]}) FROM touched")
    engine.register(f"{kind}_previous", components.linked(kind, found.judged))
    engine.register(f"{kind}_retired", links.retired(components.hub, kind, found.judged))
    links.note_newcomers(components.hub, engine, kind)
    identify(engine, kind, seq)


_JUDGED = """
    SELECT coalesce(k.rid_l, h.rid_l) AS rid_l, coalesce(k.rid_r, h.rid_r) AS rid_r, k.match_weight,
           coalesce(h.judgement, k.machine) AS judgement,
           CASE WHEN h.judgement IS NULL THEN k.machine_reason ELSE 'human' END AS reason,
           k.second_probability
    FROM pairs_kept k FULL JOIN {kind}_human h ON h.rid_l = k.rid_l AND h.rid_r = k.rid_r
    WHERE h.judgement IS NOT NULL OR k.machine IS NOT NULL
    """


def ids_table(ids: Collection[str]) -> pa.Table:
    """A table of entity ids, to be joined with."""
    return pa.table({"entity_id": pa.array(sorted(ids), pa.string())})


def _human(verdicts: Mapping[tuple[int, int], Sequence[Judgement]]) -> pa.Table:
    lefts: Sequence[Any] = [left for left, _ in verdicts]
    return pa.table(
        {
            "rid_l": pa.array(lefts, pa.int32()),
            "rid_r": pa.array([right for _, right in verdicts], pa.int32()),
            "judgement": pa.array([given[-1] for given in verdicts.values()], pa.string()),
            "crossed": pa.array([len(set(given)) > 1 for given in verdicts.values()], pa.bool_()),
        }
    )
