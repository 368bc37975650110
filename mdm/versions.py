"""Which version of a record counts: the newest delivery's, with doubles inside a delivery kept apart.

A record key names one record in the deliveries of a provider. A later delivery with the same key replaces the
record; the earlier rows stay landed. Two rows with one key in one delivery are two records: each then carries a
digest of what identifies it behind the key, and rows alike in that too are counted.
"""

from __future__ import annotations

from matching import cleaners
from matching.engine import Engine
from mdm.contracts import Layout


def keep_current(engine: Engine, layout: Layout, landed: str, typed: str, current: str) -> int:
    """Make table `current`: the accepted rows of `typed` that are the newest of their key, their keys unique.

    Returns how many accepted rows an own later version has replaced.
    """
    newest = _newest(engine, typed)
    rows = engine.table(f"{current}_versions", newest)
    accepted = engine.scalar(f"SELECT count(*) FROM {typed} WHERE accepted")
    engine.table(f"{current}_doubles", _doubles_sql(layout, landed, f"{current}_versions"))
    engine.table(current, _unique_sql(f"{current}_versions", f"{current}_doubles"))
    engine.drop(f"{current}_versions", f"{current}_doubles")
    return int(accepted) - rows


def _newest(engine: Engine, typed: str) -> str:
    deliveries = engine.scalar(f"SELECT count(DISTINCT (delivered_on, delivery)) FROM {typed}")
    if deliveries <= 1:
        return f"SELECT * FROM {typed} WHERE accepted"
    moment = "delivered_on::VARCHAR || ' ' || delivery"
    newest = f"SELECT record_key, max({moment}) AS moment FROM {typed} WHERE accepted GROUP BY record_key"
    return (
        f"SELECT t.* FROM {typed} t JOIN ({newest}) n "
        f"ON n.record_key = t.record_key AND n.moment = {moment.replace('deliver', 't.deliver')} "
        "WHERE t.accepted"
    )


def _doubles_sql(layout: Layout, landed: str, versions: str) -> str:
    """Rows that share their key, each with its own: key, digest, and a count for rows alike in the digest."""
    shared = f"SELECT record_key FROM {versions} GROUP BY record_key HAVING count(*) > 1"
    names = [layout.landed_name(column).replace('"', '""') for column in layout.record_key.digest]
    tie = cleaners.digest([f"upper({cleaners.tidy(_quoted(name))})" for name in names])
    marked = (
        f'SELECT l.batch, l."row", l.file, l.row_digest, v.record_key, left({tie}, 8) AS tie '
        f'FROM {versions} v JOIN {landed} l ON l.batch = v.batch AND l."row" = v."row" '
        f"WHERE v.record_key IN ({shared})"
    )
    count = (
        'row_number() OVER (PARTITION BY record_key, tie ORDER BY row_digest, file, batch, "row")'
    )
    return (
        "SELECT batch, \"row\", record_key || '#' || tie || "
        f"CASE WHEN n > 1 THEN '.' || n ELSE '' END AS record_key FROM "
        f"(SELECT *, {count} AS n FROM ({marked}))"
    )


def _unique_sql(versions: str, doubles: str) -> str:
    return (
        "SELECT v.* REPLACE (coalesce(d.record_key, v.record_key) AS record_key) "
        f'FROM {versions} v LEFT JOIN {doubles} d ON d.batch = v.batch AND d."row" = v."row"'
    )


def _quoted(identifier: str) -> str:
    return f'l."{identifier}"'
