"""Which version of a record counts: the newest delivery's, with doubles inside a delivery kept
apart.

A record key names one record in the deliveries of a provider. A later delivery with the same key
replaces the record; the earlier rows stay landed. One that says again what the delivery before said, of the
same date, confirms that version, which goes on counting: files are delivered whole every month, and nearly all
profiles would be sealed anew because a row stands elsewhere. Two rows with one key in one delivery are two
records: each then carries a digest of what identifies it behind the key (its tie), and rows alike in that too
are counted. A record keeps the key it had, so that its id and what people said of it hold: who had the number before
somebody else was given it, too, goes on without a tie, and a double goes on with it when the other is gone.
"""

from __future__ import annotations

from matching.engine import Engine
from mdm.contracts import Layout
from mdm.contracts.ties import shared_key, tie


def confirmed(kind: str) -> str:
    """The table (rid, batch, row) of the records of a kind that a later row says again."""
    return f"{kind}_confirmed"


def none_confirmed(engine: Engine, kind: str) -> None:
    """Begin that table."""
    engine.table(
        confirmed(kind), "SELECT 0::INTEGER AS rid, '' AS batch, 0::INTEGER AS row LIMIT 0"
    )


def number_current(engine: Engine, layout: Layout, landed: str, typed: str, start: int) -> int:
    """Make table `<typed>_current`: id, final record key and `rid` of the rows that count; add
    to `<kind>_confirmed` where those stand now that say the same again.

    These are the accepted rows of `typed` that are the newest of their key to say something new. `rid` counts from
    `start` on, in order of the key. Returns how many there are.
    """
    versions, doubles, current = f"{typed}_versions", f"{typed}_doubles", f"{typed}_current"
    engine.table(versions, _newest_sql(engine, typed))
    several = engine.table(doubles, _doubles_sql(layout, landed, typed, versions))
    key, join = "v.record_key", ""
    if several:
        key = "coalesce(d.record_key, v.record_key)"
        join = f"LEFT JOIN {doubles} d USING (id)"
    keyed = f"SELECT v.id, v.newest, {key} AS record_key FROM {versions} v {join}"
    rid = f"(row_number() OVER (ORDER BY record_key) + {start - 1})::INTEGER"
    rows = engine.table(current, f"SELECT *, {rid} AS rid FROM ({keyed})")
    engine.run(
        f"INSERT INTO {confirmed(layout.kind)} SELECT k.rid, t.batch, t.row FROM {current} k "
        f"JOIN {typed} t ON t.id = k.newest WHERE k.newest <> k.id"
    )
    engine.drop(versions, doubles)
    return rows


#: Where a row stands, which is no part of what it says.
_PLACE = ("id", "batch", "delivery", "file", "row", "delivered_on")


def _newest_sql(engine: Engine, typed: str) -> str:
    """Id and key of the accepted rows without an own later version that says anything else, and
    the id of the newest row of the key."""
    deliveries = engine.scalar(
        f"SELECT count(*) FROM (SELECT DISTINCT delivered_on, delivery FROM {typed})"
    )
    if deliveries <= 1:
        return f"SELECT id, id AS newest, record_key FROM {typed} WHERE accepted"
    says = ", ".join(f'"{c}"' for c in engine.columns(typed) if c not in _PLACE)
    alone = "count(*) OVER (PARTITION BY record_key, moment) = 1"
    return f"""
        WITH rows AS (
            SELECT id, record_key, delivered_on::VARCHAR || ' ' || delivery AS moment, hash({says}) AS says
            FROM {typed} WHERE accepted
        ), said AS (SELECT *, {alone} AS alone FROM rows),
        told AS (
            SELECT *, alone AND lag(alone) OVER versions AND lag(says) OVER versions = says AS confirms,
                   CASE WHEN alone THEN last_value(id) OVER (
                       versions ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ELSE id END AS newest
            FROM said WINDOW versions AS (PARTITION BY record_key ORDER BY moment)
        )
        SELECT id, newest, record_key FROM told WHERE confirms IS NOT TRUE
        QUALIFY moment = max(moment) OVER (PARTITION BY record_key)
        """


def _doubles_sql(layout: Layout, landed: str, typed: str, versions: str) -> str:
    """Rows whose key was ever shared within a delivery, each with a key of its own: with its tie, and a count for rows
    alike in both. Without are the one that stood alone last before the key was first shared, and whoever stands alone
    now and was never a double."""
    own = f"{tie(layout, 'l')} AS tie"
    place = 'l.row_digest, l.file, l.batch, l."row"'
    return f"""
        WITH repeated AS (
            SELECT record_key FROM {typed} WHERE accepted GROUP BY record_key HAVING count(*) > 1
        ), rows AS (
            SELECT id, record_key, delivered_on::VARCHAR || ' ' || delivery AS moment
            FROM {typed} SEMI JOIN repeated USING (record_key) WHERE accepted
        ), shared AS (
            SELECT record_key, moment FROM rows GROUP BY ALL HAVING count(*) > 1
        ), first AS (SELECT record_key, min(moment) AS since FROM shared GROUP BY record_key),
        marked AS (
            SELECT id, record_key, moment, since, shared.moment IS NOT NULL AS double, {own}, {place}
            FROM rows JOIN first USING (record_key) LEFT JOIN shared USING (record_key, moment)
            JOIN {landed} l ON l.rowid = id
        ), known AS (
            SELECT record_key, arg_max(tie, moment) FILTER (moment < since) AS holder,
                   list(tie) FILTER (double) AS doubles
            FROM marked GROUP BY record_key
        ), counted AS (
            SELECT *, row_number() OVER (PARTITION BY record_key, tie ORDER BY row_digest, file, batch, "row") AS n
            FROM marked JOIN known USING (record_key) SEMI JOIN {versions} USING (id)
        )
        SELECT id, CASE WHEN n = 1 AND (tie = holder OR NOT list_contains(doubles, tie)) IS TRUE THEN record_key
                   ELSE {shared_key("record_key", "tie")} || CASE WHEN n > 1 THEN '.' || n ELSE '' END
                   END AS record_key
        FROM counted
        """
