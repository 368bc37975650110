"""Which version of a record counts: the newest delivery's, with doubles inside a delivery kept
apart.

A record key names one record in the deliveries of a provider. A later delivery with the same key
replaces the record; the earlier rows stay landed. Two rows with one key in one delivery are two
records: each then carries a digest of what identifies it behind the key, and rows alike in that too
are counted.
"""

from __future__ import annotations

from matching import cleaners
from matching.engine import Engine
from mdm.contracts import Layout


def number_current(engine: Engine, layout: Layout, landed: str, typed: str, start: int) -> int:
    """Make table `<typed>_current`: id, final record key and `rid` of the rows that count.

    These are the accepted rows of `typed` that are the newest of their key. `rid` counts from
    `start` on, in order of the key. Returns how many there are.
    """
    versions, doubles, current = f"{typed}_versions", f"{typed}_doubles", f"{typed}_current"
    engine.table(versions, _newest_sql(engine, typed))
    several = engine.table(doubles, _doubles_sql(layout, landed, versions))
    key, join = "v.record_key", ""
    if several:
        key = "coalesce(d.record_key, v.record_key)"
        join = f"LEFT JOIN {doubles} d USING (id)"
    keyed = f"SELECT v.id, {key} AS record_key FROM {versions} v {join}"
    rid = f"(row_number() OVER (ORDER BY record_key) + {start - 1})::INTEGER"
    rows = engine.table(current, f"SELECT *, {rid} AS rid FROM ({keyed})")
    engine.drop(versions, doubles)
    return rows


def _newest_sql(engine: Engine, typed: str) -> str:
    """Id and key of the accepted rows without an own later version."""
    accepted = f"SELECT id, record_key, delivered_on, delivery FROM {typed} WHERE accepted"
    deliveries = engine.scalar(
        f"SELECT count(*) FROM (SELECT DISTINCT delivered_on, delivery FROM {typed})"
    )
    if deliveries <= 1:
        return f"SELECT id, record_key FROM ({accepted})"
    moment = "a.delivered_on::VARCHAR || ' ' || a.delivery"
    newest = f"SELECT record_key, max({moment}) AS moment FROM ({accepted}) a GROUP BY record_key"
    return (
        f"SELECT a.id, a.record_key FROM ({accepted}) a JOIN ({newest}) n "
        f"ON n.record_key = a.record_key AND n.moment = {moment}"
    )


def _doubles_sql(layout: Layout, landed: str, versions: str) -> str:
    """Rows that share their key, each with its own: key, digest, a count for rows alike in both."""
    shared = f"SELECT record_key FROM {versions} GROUP BY record_key HAVING count(*) > 1"
    names = [layout.landed_name(column).replace('"', '""') for column in layout.record_key.digest]
    tie = cleaners.digest([f"""upper({cleaners.tidy(f'l."{name}"')})""" for name in names])
    marked = (
        f'SELECT v.id, l.batch, l."row", l.file, l.row_digest, v.record_key, left({tie}, 8) AS tie '
        f"FROM (SELECT v.* FROM {versions} v JOIN ({shared}) s USING (record_key)) v "
        f"JOIN {landed} l ON l.rowid = v.id"
    )
    count = (
        'row_number() OVER (PARTITION BY record_key, tie ORDER BY row_digest, file, batch, "row")'
    )
    return (
        "SELECT id, record_key || '#' || tie || "
        f"CASE WHEN n > 1 THEN '.' || n ELSE '' END AS record_key "
        f"FROM (SELECT *, {count} AS n FROM ({marked}))"
    )
