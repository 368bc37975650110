"""Identify: clusters become entities whose ids outlive every re-clustering (law 2).

Tables in: `<kind>_standardised` (rid, source, layout, record_key, value_date), `<kind>_clusters` (rid,
cluster), the links of the run before `<kind>_previous` (source, layout, record_key, entity_id, since_run) and
its redirects `<kind>_retired` (entity_id, merged_into, since_run: by the merge of which run an id leads there),
and of the records that came in the run of a merge those that no merged id brought, `<kind>_newcomers` (source,
layout, record_key). A record without a cluster stands alone. `since_run` is the run since which a record
carries its id.

Tables out:

- `<kind>_links` (rid, source, layout, record_key, entity_id, since_run); a record of an earlier
  run that is away in this one keeps its place with rid NULL, so that it comes back to its id
- `<kind>_entities` (entity_id, status, merged_into): status `active` or `merged`; a redirect
  always names an active entity, so it is followed in one step
- `<kind>_entity_events` (entity_id, event, other_entity_id, run_seq, records)
- `<kind>_entity_moves` (source, layout, record_key, from_entity, to_entity, run_seq): every record
  that left its entity, so that a merge or split can be taken back

How ids are given out: each old id asks for the cluster that holds most of its oldest records
(those that carried it first); a cluster asked by several old ids takes the oldest of them; the
others are merged into it. What is left of an old id elsewhere is a split. A cluster that no old
id asks for gets a new random id. Where all records that a merge brought to an entity go elsewhere
together, as when it is taken back, the ids that it retired lead there from then on (decision 95).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from matching.engine import Engine
from mdm.errors import IntegrityError

ID_BYTES = 16


@dataclass(frozen=True)
class IdentityCounts:
    """What one run did to the entities of one kind.

    `kept` counts the old ids that live on, `changed` those of them whose records changed;
    `created` the new ids (those of split parts included), `merged` the ids retired,
    `split` the pairs (old id, part that left it), `moved` the records whose id changed.
    """

    records: int
    entities: int
    created: int
    kept: int
    changed: int
    merged: int
    split: int
    moved: int


def identify(
    engine: Engine, kind: str, run_seq: int, random_bytes: Callable[[int], bytes] = os.urandom
) -> IdentityCounts:
    """Give every cluster of `kind` its entity id; see the module for the tables.

    `random_bytes(n)` must be cryptographically random (a parameter only for tests of collision).
    """
    _follow(engine, kind, run_seq)
    _gather(engine, kind)
    _claim(engine, kind)
    created = _name(engine, kind, random_bytes)
    _turn(engine, kind)
    _retire(engine, kind)
    _link(engine, kind, run_seq)
    _record_events(engine, kind, run_seq)
    counts = _count(engine, kind, created)
    steps = ("now", "parts", "knots", "asked", "owners", "fresh", "ids", "merged", "turned")
    engine.drop(*(f"{kind}_identify_{step}" for step in steps))
    return counts


def _follow(engine: Engine, kind: str, run_seq: int) -> None:
    """Let records that are away go where their id was merged into: a decision at once, which merges ids between two
    whole runs, knows of none of them. Else they would bring the merged id back."""
    engine.run(
        f"UPDATE {kind}_previous SET entity_id = r.merged_into, since_run = {run_seq} "
        f"FROM {kind}_retired r WHERE r.entity_id = {kind}_previous.entity_id"
    )


def _gather(engine: Engine, kind: str) -> None:
    """Every record of this run with its cluster and, if it had one, its old id."""
    rows = engine.table(
        f"{kind}_identify_now",
        f"""
        SELECT s.rid, s.source, s.layout, s.record_key, s.value_date,
               coalesce(c.cluster, s.rid) AS cluster, p.entity_id AS was, p.since_run AS since
        FROM {kind}_standardised s
        LEFT JOIN {kind}_clusters c USING (rid)
        LEFT JOIN {kind}_previous p USING (source, layout, record_key)
        """,
    )
    if rows != engine.scalar(f"SELECT count(*) FROM {kind}_standardised"):
        raise IntegrityError(
            f"Two {kind} records share a record key.",
            "The links of the last run are damaged, or a contract's record key is not unique.",
        )
    engine.table(
        f"{kind}_identify_parts",
        f"""
        SELECT was, cluster, count(*) AS records
        FROM {kind}_identify_now WHERE was IS NOT NULL GROUP BY was, cluster
        """,
    )
    # Most ids and clusters are each other's only one; only the rest, the knots, need ordering.
    engine.table(
        f"{kind}_identify_knots",
        f"""
        SELECT was, cluster FROM {kind}_identify_parts
        WHERE was IN (SELECT was FROM {kind}_identify_parts GROUP BY was HAVING count(*) > 1)
           OR cluster IN (SELECT cluster FROM {kind}_identify_parts
                          GROUP BY cluster HAVING count(*) > 1)
        """,
    )


def _claim(engine: Engine, kind: str) -> None:
    """Which cluster each old id asks for, and which old id each cluster takes.

    `asked` (was, cluster, …) has every old id once, `owners` (cluster, entity_id) every cluster
    that keeps one. `founders` are the records that carried the id first; `eldest` orders parts
    and ids that are otherwise equal, by content alone.
    """
    engine.table(
        f"{kind}_identify_asked",
        f"""
        WITH tied AS (
            SELECT n.* FROM {kind}_identify_now n SEMI JOIN {kind}_identify_knots k
            ON n.was = k.was AND n.cluster = k.cluster
        ), births AS (
            SELECT entity_id AS was, min(since_run) AS born FROM {kind}_previous
            WHERE entity_id IN (SELECT was FROM {kind}_identify_knots) GROUP BY entity_id
        ), parts AS (
            SELECT was, cluster, min(born) AS born, count(*) AS records,
                   count(*) FILTER (since = born) AS founders,
                   min({{'since': since, 'dated': coalesce(value_date, DATE '9999-12-31'),
                        'source': source, 'layout': layout, 'key': record_key}}) AS eldest
            FROM tied JOIN births USING (was) GROUP BY was, cluster
        )
        SELECT * FROM parts
        QUALIFY row_number() OVER (
            PARTITION BY was ORDER BY founders DESC, records DESC, eldest) = 1
        """,
    )
    engine.table(
        f"{kind}_identify_owners",
        f"""
        SELECT cluster, was AS entity_id FROM {kind}_identify_parts
        ANTI JOIN {kind}_identify_knots USING (was, cluster)
        UNION ALL
        SELECT cluster, was FROM {kind}_identify_asked
        QUALIFY row_number() OVER (
            PARTITION BY cluster ORDER BY born, founders DESC, records DESC, eldest) = 1
        """,
    )


def _name(engine: Engine, kind: str, random_bytes: Callable[[int], bytes]) -> int:
    """Give every cluster without an old id a new random one: `ids` (cluster, entity_id)."""
    fresh = engine.table(
        f"{kind}_identify_fresh",
        f"""
        SELECT cluster, CAST(row_number() OVER () AS INTEGER) - 1 AS n
        FROM (SELECT DISTINCT cluster FROM {kind}_identify_now
              ANTI JOIN {kind}_identify_owners USING (cluster))
        """,
    )
    engine.register(f"{kind}_identify_random", _random_ids(fresh, random_bytes))
    engine.table(
        f"{kind}_identify_ids",
        f"""
        SELECT cluster, entity_id, false AS fresh FROM {kind}_identify_owners
        UNION ALL
        SELECT cluster, lower(hex(raw)), true
        FROM {kind}_identify_fresh JOIN {kind}_identify_random USING (n)
        """,
    )
    engine.drop(f"{kind}_identify_random")
    clash = engine.scalar(
        f"""
        WITH fresh AS (SELECT entity_id FROM {kind}_identify_ids WHERE fresh)
        SELECT (SELECT count(*) - count(DISTINCT entity_id) FROM fresh)
             + (SELECT count(*) FROM fresh SEMI JOIN {kind}_previous USING (entity_id))
             + (SELECT count(*) FROM fresh SEMI JOIN {kind}_retired USING (entity_id))
        """
    )
    if clash:
        raise IntegrityError(
            "A new entity id equals an old one.",
            "The machine's random numbers are not random; check its entropy source.",
        )
    return fresh


def _random_ids(count: int, random_bytes: Callable[[int], bytes]) -> pa.Table:
    """Columns n INTEGER, raw (16 random bytes), drawn in one piece."""
    raw = pa.Array.from_buffers(
        pa.binary(ID_BYTES), count, [None, pa.py_buffer(random_bytes(count * ID_BYTES))]
    )
    numbers = pa.array(np.arange(count, dtype=np.int32))
    return pa.table({"n": numbers, "raw": raw.cast(pa.binary())})


def _link(engine: Engine, kind: str, run_seq: int) -> None:
    engine.table(
        f"{kind}_links",
        f"""
        SELECT r.rid, r.source, r.layout, r.record_key, i.entity_id,
               CAST(CASE WHEN r.was = i.entity_id THEN r.since ELSE {run_seq} END AS INTEGER)
                   AS since_run
        FROM {kind}_identify_now r JOIN {kind}_identify_ids i USING (cluster)
        UNION ALL
        SELECT NULL, p.source, p.layout, p.record_key, coalesce(e.merged_into, p.entity_id),
               CAST(CASE WHEN e.merged_into IS NULL THEN p.since_run ELSE {run_seq} END AS INTEGER)
        FROM (SELECT * FROM {kind}_previous
              ANTI JOIN {kind}_identify_now USING (source, layout, record_key)) p
        LEFT JOIN {kind}_entities e USING (entity_id)
        """,
    )
    engine.table(
        f"{kind}_entity_moves",
        f"""
        SELECT r.source, r.layout, r.record_key, r.was AS from_entity, i.entity_id AS to_entity,
               CAST({run_seq} AS INTEGER) AS run_seq
        FROM {kind}_identify_now r JOIN {kind}_identify_ids i USING (cluster)
        WHERE r.was IS NOT NULL AND r.was <> i.entity_id
        """,
    )


def _turn(engine: Engine, kind: str) -> None:
    """`merged` (entity_id, merged_into): the old ids that no cluster took, each with the one it asked for. `turned`
    (entity_id, merged_into, records): ids retired before whose records have left the entity they lead to, all for the
    same other one. Records that came with several ids at once cannot be told apart: then all must have gone; newcomers
    came with none."""
    engine.table(
        f"{kind}_identify_merged",
        f"""
        SELECT p.was AS entity_id, i.entity_id AS merged_into
        FROM (SELECT was, cluster FROM {kind}_identify_asked
              ANTI JOIN {kind}_identify_owners ON was = entity_id) p
        JOIN {kind}_identify_ids i USING (cluster)
        """,
    )
    engine.table(
        f"{kind}_identify_turned",
        f"""
        SELECT r.entity_id, min(i.entity_id) AS merged_into, count(*) AS records
        FROM {kind}_retired r
        JOIN (FROM {kind}_identify_now ANTI JOIN {kind}_newcomers USING (source, layout, record_key)) n
        ON n.was = r.merged_into AND n.since = r.since_run
        JOIN {kind}_identify_ids i USING (cluster)
        LEFT JOIN {kind}_identify_merged m ON m.entity_id = r.merged_into
        GROUP BY r.entity_id, r.merged_into, m.merged_into
        HAVING count(DISTINCT i.entity_id) = 1
           AND min(i.entity_id) <> coalesce(m.merged_into, r.merged_into)
        """,
    )


def _retire(engine: Engine, kind: str) -> None:
    """All ids ever known: an old id that no cluster took redirects to the one it asked for.

    Old redirects are moved on to where their target went, so one step always suffices. An old
    id none of whose records is left stays active: it never dies.
    """
    engine.table(
        f"{kind}_entities",
        f"""
        WITH absent AS (
            SELECT DISTINCT entity_id FROM {kind}_previous
            ANTI JOIN {kind}_identify_parts ON was = entity_id
        )
        SELECT entity_id, 'active' AS status, CAST(NULL AS VARCHAR) AS merged_into
        FROM {kind}_identify_ids
        UNION ALL
        SELECT entity_id, 'active', NULL FROM absent
        UNION ALL
        SELECT entity_id, 'merged', merged_into FROM {kind}_identify_merged
        UNION ALL
        SELECT r.entity_id, 'merged', coalesce(t.merged_into, m.merged_into, r.merged_into)
        FROM {kind}_retired r LEFT JOIN {kind}_identify_merged m ON r.merged_into = m.entity_id
        LEFT JOIN {kind}_identify_turned t ON t.entity_id = r.entity_id
        """,
    )


def _record_events(engine: Engine, kind: str, run_seq: int) -> None:
    """Created, merged and split ids, and the kept ones whose records changed."""
    engine.table(
        f"{kind}_entity_events",
        f"""
        WITH sizes AS (
            SELECT entity_id, count(*) AS records,
                   count(*) FILTER (since_run = {run_seq}) AS gained
            FROM {kind}_links WHERE rid IS NOT NULL GROUP BY entity_id
        ), moved AS (
            SELECT from_entity, to_entity, count(*) AS records
            FROM {kind}_entity_moves GROUP BY from_entity, to_entity
        ), changed AS (
            SELECT entity_id, records FROM sizes
            WHERE gained > 0 OR entity_id IN (SELECT from_entity FROM moved)
        ), events AS (
            SELECT i.entity_id, 'create' AS event, CAST(NULL AS VARCHAR) AS other, s.records
            FROM {kind}_identify_ids i JOIN sizes s USING (entity_id) WHERE i.fresh
            UNION ALL
            SELECT c.entity_id, 'keep', NULL, c.records
            FROM changed c JOIN {kind}_identify_owners o USING (entity_id)
            UNION ALL
            SELECT m.from_entity, CASE WHEN e.merged_into = m.to_entity THEN 'merge'
                                       ELSE 'split' END, m.to_entity, m.records
            FROM moved m JOIN {kind}_entities e ON e.entity_id = m.from_entity
            UNION ALL
            SELECT entity_id, 'merge', merged_into, records FROM {kind}_identify_turned
        )
        SELECT entity_id, event, other AS other_entity_id, CAST({run_seq} AS INTEGER) AS run_seq,
               CAST(records AS INTEGER) AS records
        FROM events
        """,
    )


def _count(engine: Engine, kind: str, created: int) -> IdentityCounts:
    def count(what: str) -> int:
        return int(engine.scalar(f"SELECT count(*) FROM {kind}_{what}"))

    return IdentityCounts(
        records=count("links WHERE rid IS NOT NULL"),
        entities=count("identify_ids"),
        created=created,
        kept=count("identify_owners"),
        changed=count("entity_events WHERE event = 'keep'"),
        merged=count("identify_merged"),
        split=count("entity_events WHERE event = 'split'"),
        moved=count("entity_moves"),
    )
