"""Doubles: rows of one delivery that share a key. Each is a record of its own, told from the others by its tie."""

from __future__ import annotations

from matching.engine import Engine
from mdm.contracts import Layout
from mdm.contracts.ties import shared_key, tie

#: SQL: when a row came, in the order of deliveries.
MOMENT = "delivered_on::VARCHAR || ' ' || delivery"


def doubles(typed: str) -> str:
    """The table that `set_apart` makes."""
    return f"{typed}_doubles"


def set_apart(engine: Engine, layout: Layout, landed: str, typed: str) -> bool:
    """Make table `<typed>_doubles` (id, key, record_key) of the rows that share a key which is not theirs: each goes by
    the key with its tie, and a count for rows alike in both. False, and none, where there are none.

    Of a key that was ever shared within a delivery, the one that stood alone last before goes on without a tie, and
    whoever stands alone and was never a double; whoever was a double goes on with it, alone too.
    """
    if engine.table(doubles(typed), _doubles_sql(layout, landed, typed)):
        return True
    engine.drop(doubles(typed))
    return False


def _doubles_sql(layout: Layout, landed: str, typed: str) -> str:
    own = f"{tie(layout, 'l')} AS tie"
    place = 'l.row_digest, l.file, l.batch, l."row"'
    return f"""
        WITH repeated AS (
            SELECT record_key FROM {typed} WHERE accepted GROUP BY record_key HAVING count(*) > 1
        ), rows AS (
            SELECT id, record_key, {MOMENT} AS moment
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
            SELECT *, row_number() OVER (
                PARTITION BY record_key, moment, tie ORDER BY row_digest, file, batch, "row") AS n
            FROM marked JOIN known USING (record_key) WHERE moment >= since
        )
        SELECT id, record_key AS key,
               {shared_key("record_key", "tie")} || CASE WHEN n > 1 THEN '.' || n ELSE '' END AS record_key
        FROM counted WHERE (n = 1 AND (tie = holder OR NOT list_contains(doubles, tie))) IS NOT TRUE
        """
