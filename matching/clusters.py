"""Step 7, cluster: links → clusters that respect cannot-link.

Most connected components hold no contradiction and are clusters as they stand: found by Splink in the engine. Only a
component in conflict gets the slow care: it is grown anew from its strongest link down, and a link that would bring two
records together that must stay apart is passed over. Two records must stay apart when a human or a guard said
non-link, or when both carry the same exclusive key (two rows of one register) and are not linked to each other. What
a human linked only a human's non-link keeps apart.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from matching.engine import Engine
from matching.rules import LinkageRules


@dataclass(frozen=True)
class ClusterCount:
    """Clusters made, components that were in conflict, and links passed over to resolve them."""

    clusters: int
    conflicts: int
    passed_over: int


def cluster(engine: Engine, rules: LinkageRules, *, few: bool = False) -> ClusterCount:
    """Make `<kind>_clusters(rid, cluster)` and `<kind>_passed_over(rid_l, rid_r, match_weight, answered)`.

    `answered`: both records kept a link so much stronger that the one passed over is no question (`rules.overruled`).
    `few`: there are so few records that components are found at once without the engine; the result is the same.
    """
    kind = rules.kind
    (_components_of_few if few else _components)(engine, kind)
    conflicts = _find_conflicts(engine, rules)
    assigned, passed = _regrow(engine, kind, rules.overruled.bits if rules.overruled else None)
    engine.register("regrown", assigned)
    engine.register(f"{kind}_passed_over", passed)
    clusters = f"""
        SELECT c.rid, (min(c.rid) OVER (PARTITION BY coalesce(g.cluster, c.component)))::INTEGER AS cluster
        FROM {kind}_components c LEFT JOIN regrown g USING (rid)
        """
    engine.table(f"{kind}_clusters", clusters)
    engine.drop("regrown", "cannot_link", "conflict_components", f"{kind}_components")
    return ClusterCount(
        int(engine.scalar(f"SELECT count(DISTINCT cluster) FROM {kind}_clusters")),
        conflicts,
        passed.num_rows,
    )


def _components(engine: Engine, kind: str) -> None:
    from splink.clustering import cluster_pairwise_predictions_at_threshold  # noqa: PLC0415 - slow to import

    engine.table("link_nodes", f"SELECT rid FROM {kind}_linkable")
    engine.table("link_edges", f"SELECT rid_l, rid_r FROM {kind}_judged WHERE judgement = 'link'")
    api = engine.splink()
    found = cluster_pairwise_predictions_at_threshold(
        api.register("link_nodes"), api.register("link_edges"), api, node_id_column_name="rid"
    )
    engine.table(
        f"{kind}_components", f"SELECT rid, cluster_id AS component FROM {found.physical_name}"
    )
    found.drop_table_from_database_and_remove_from_cache()
    engine.drop("link_nodes", "link_edges")


def _components_of_few(engine: Engine, kind: str) -> None:
    clusters = _Clusters()
    nodes: list[Any] = engine.fetch(f"SELECT rid FROM {kind}_linkable")["rid"].to_pylist()
    for rid in nodes:
        clusters.join(rid, rid, {})
    links = engine.fetch(f"SELECT rid_l, rid_r FROM {kind}_judged WHERE judgement = 'link'")
    for left, right in _pairs(links):
        clusters.join(left, right, {})
    members = clusters.members()
    components = {
        "rid": pa.array([rid for rids in members for rid in rids], pa.int32()),
        "component": pa.array([rids[0] for rids in members for _ in rids], pa.int64()),
    }
    engine.register(f"{kind}_components", pa.table(components))


def _find_conflicts(engine: Engine, rules: LinkageRules) -> int:
    """Make `cannot_link(rid_l, rid_r, component, human)` within components, and `conflict_components(component)`."""
    kind = rules.kind
    apart = f"""
        SELECT j.rid_l, j.rid_r, a.component, j.reason = 'human' AS human FROM {kind}_judged j
        JOIN {kind}_components a ON a.rid = j.rid_l
        JOIN {kind}_components b ON b.rid = j.rid_r AND b.component = a.component
        WHERE j.judgement = 'non-link'
        """
    if rules.exclusive:
        apart += f"""
            UNION
            SELECT a.rid AS rid_l, b.rid AS rid_r, a.component, false AS human
            FROM exclusive_members a
            JOIN exclusive_members b ON a.component = b.component AND a.key = b.key AND a.rid < b.rid
            ANTI JOIN {kind}_judged j ON j.rid_l = a.rid AND j.rid_r = b.rid AND j.judgement = 'link'
            """
        engine.table(
            "exclusive_members",
            f"""
            SELECT * FROM (SELECT c.rid, c.component, e.key, count(*) OVER (PARTITION BY c.component, e.key) AS holders
                           FROM {kind}_components c
                           JOIN (SELECT rid, {rules.exclusive.key} AS key FROM {kind}_linkable) e USING (rid)
                           WHERE e.key IS NOT NULL)
            WHERE holders > 1
            """,
        )
    engine.table("cannot_link", apart)
    engine.drop("exclusive_members")
    return engine.table("conflict_components", "SELECT DISTINCT component FROM cannot_link")


def _regrow(engine: Engine, kind: str, bits: float | None) -> tuple[pa.Table, pa.Table]:
    """Grow the components in conflict from the strongest link down. Ties fall by rid, so by content, not by arrival."""
    links = engine.fetch(
        f"""
        SELECT j.rid_l, j.rid_r, j.match_weight, j.reason = 'human' AS human FROM {kind}_judged j
        JOIN {kind}_components c ON c.rid = j.rid_l
        WHERE j.judgement = 'link' AND c.component IN (SELECT component FROM conflict_components)
        ORDER BY human DESC, j.match_weight DESC NULLS LAST, j.rid_l, j.rid_r
        """
    )
    everything = _apart(engine, "SELECT rid_l, rid_r FROM cannot_link")
    by_people = _apart(engine, "SELECT rid_l, rid_r FROM cannot_link WHERE human")
    clusters = _Clusters()
    human = links["human"].to_pylist()
    passed = [
        index
        for index, (left, right) in enumerate(_pairs(links))
        if not clusters.join(left, right, by_people if human[index] else everything)
    ]
    members = clusters.members()
    assigned = pa.table(
        {
            "rid": pa.array([rid for rids in members for rid in rids], pa.int32()),
            # Negative, so that a regrown cluster never shares a number with a component.
            "cluster": pa.array(
                [-number for number, rids in enumerate(members, 1) for _ in rids], pa.int64()
            ),
        }
    )
    over = links.take(pa.array(passed, pa.int64())).select(["rid_l", "rid_r", "match_weight"])
    return assigned, over.append_column("answered", _answered(links, passed, bits))


def _answered(links: pa.Table, passed: list[int], bits: float | None) -> pa.BooleanArray:
    """Of each link passed over, whether both its records kept one `bits` stronger; people's words are strongest."""
    human: list[Any] = links["human"].to_pylist()
    weights: list[Any] = links["match_weight"].to_pylist()
    strength: list[float] = [
        math.inf if word else weight for word, weight in zip(human, weights, strict=True)
    ]
    ends, over = _pairs(links), set(passed)
    kept: dict[int, float] = {}
    for index, pair in enumerate(ends):
        for rid in () if index in over else pair:
            kept[rid] = max(kept.get(rid, -math.inf), strength[index])
    limit = math.inf if bits is None else bits
    said = [
        all(kept.get(rid, -math.inf) >= strength[index] + limit for rid in ends[index])
        for index in passed
    ]
    return pa.array(said, pa.bool_())


def _apart(engine: Engine, sql: str) -> dict[int, set[int]]:
    """Record → those that it must not come together with."""
    apart: dict[int, set[int]] = defaultdict(set)
    for left, right in _pairs(engine.fetch(sql)):
        apart[left].add(right)
        apart[right].add(left)
    return apart


def _pairs(table: pa.Table) -> list[tuple[int, int]]:
    left, right = (table[name].to_numpy().tolist() for name in ("rid_l", "rid_r"))
    return list(zip(left, right, strict=True))


class _Clusters:
    """Disjoint sets that refuse to join two records that must stay apart."""

    def __init__(self) -> None:
        self._root: dict[int, int] = {}
        self._members: dict[int, set[int]] = {}

    def join(self, left: int, right: int, apart: dict[int, set[int]]) -> bool:
        """Join the clusters of two records; False if that would bring together who must stay `apart`."""
        a, b = self._find(left), self._find(right)
        if a == b:
            return True
        small, large = sorted((a, b), key=lambda root: (len(self._members[root]), root))
        if any(apart.get(rid, set()) & self._members[large] for rid in self._members[small]):
            return False
        for rid in self._members[small]:
            self._root[rid] = large
        self._members[large] |= self._members.pop(small)
        return True

    def members(self) -> list[list[int]]:
        return sorted(sorted(rids) for rids in self._members.values())

    def _find(self, rid: int) -> int:
        if rid not in self._root:
            self._root[rid] = rid
            self._members[rid] = {rid}
        return self._root[rid]
