"""Which version of a record counts: that of the newest delivery which says something new.

A record key names one record in the deliveries of a provider, as long as it does not change hands (hands.py). A later
delivery with the same key replaces the record; the earlier rows stay landed. One that says again what the delivery
before said, of the same date, confirms that version, which goes on counting: files are delivered whole every month, and
nearly all profiles would be sealed anew because a row stands elsewhere. Two rows with one key in one delivery are two
records (doubles.py), and confirm nothing; of a key that was ever shared, those count that its newest delivery holds.
Who had a number before somebody else was given it counts on, as whoever is missing in a delivery does.
"""

from __future__ import annotations

from matching.engine import Engine
from mdm.contracts import Layout
from mdm.contracts.ties import behind_key
from mdm.validation.doubles import MOMENT, doubles
from mdm.validation.hands import hands
from reference.text import quote


def confirmed(kind: str) -> str:
    """The table (rid, batch, row) of the records of a kind that a later row says again."""
    return f"{kind}_confirmed"


def none_confirmed(engine: Engine, kind: str) -> None:
    """Begin that table, and the one of `keep_hands`."""
    engine.table(
        confirmed(kind), "SELECT 0::INTEGER AS rid, '' AS batch, 0::INTEGER AS row LIMIT 0"
    )
    texts = ("source", "layout", "record_key", "landed_key", "behind", "since", "until")
    empty = ", ".join(f"'' AS {name}" for name in texts)
    engine.table(f"{kind}_hands", f"SELECT {empty}, FALSE AS beside LIMIT 0")


def keep_hands(engine: Engine, source: str, layout: Layout, landed: str, typed: str) -> None:
    """Add to `<kind>_hands` (source, layout, record_key, landed_key, behind, since, until, beside) under which keys the
    records stood that keys which changed hands are about, when, and a digest of what identified them there; `beside`:
    whom the key did not belong to."""
    if not engine.exists(hands(typed)):
        return
    beside = (
        f"id IN (SELECT id FROM {doubles(typed)})" if engine.exists(doubles(typed)) else "FALSE"
    )
    engine.table(
        f"{typed}_hold",
        f"""
        SELECT id, record, record_key, {MOMENT} AS moment, {beside} AS beside FROM ({records_sql(engine, typed)})
        WHERE id IN (SELECT id FROM {hands(typed)})
        """,
    )
    engine.run(
        f"""
        INSERT INTO {layout.kind}_hands
        SELECT {quote(source)}, {quote(layout.name)}, t.record, t.record_key, {behind_key(layout, "l")} AS behind,
               min(moment), max(moment), beside
        FROM {typed}_hold t JOIN {landed} l ON l.rowid = t.id GROUP BY ALL
        """
    )
    engine.drop(f"{typed}_hold")


def number_current(engine: Engine, layout: Layout, typed: str, start: int) -> int:
    """Make table `<typed>_current`: id, final record key and `rid` of the rows that count; add
    to `<kind>_confirmed` where those stand now that say the same again.

    These are the accepted rows of `typed` that are the newest of their record to say something new. `rid` counts from
    `start` on, in order of the key. Returns how many there are.
    """
    versions, current = f"{typed}_versions", f"{typed}_current"
    engine.table(versions, _newest_sql(engine, typed))
    keyed = _keyed_sql(engine, typed, versions)
    rid = f"(row_number() OVER (ORDER BY record_key) + {start - 1})::INTEGER"
    rows = engine.table(current, f"SELECT *, {rid} AS rid FROM ({keyed})")
    engine.run(
        f"INSERT INTO {confirmed(layout.kind)} SELECT k.rid, t.batch, t.row FROM {current} k "
        f"JOIN {typed} t ON t.id = k.newest WHERE k.newest <> k.id"
    )
    engine.drop(versions)
    return rows


def records_sql(engine: Engine, typed: str, rows: str | None = None) -> str:
    """SQL: some rows of `typed` (those of table `rows`, else all), and the key of the `record` that each is of."""
    rows = rows or typed
    keys, joins = [f"{rows}.record_key"], ""
    for table, column in ((hands(typed), "record"), (doubles(typed), "record_key")):
        if engine.exists(table):
            keys.insert(0, f"{table}.{column}")
            joins += f" LEFT JOIN {table} ON {table}.id = {rows}.id"
    return f"SELECT {rows}.*, coalesce({', '.join(keys)}) AS record FROM {rows}{joins}"


def _keyed_sql(engine: Engine, typed: str, versions: str) -> str:
    """The rows that count, by their final keys."""
    keyed = records_sql(engine, typed, versions)
    if not (engine.exists(hands(typed)) and engine.exists(doubles(typed))):
        return f"SELECT id, newest, record AS record_key FROM ({keyed})"
    # Who stands in one delivery beside others of their old key, and under a new one called otherwise, is there twice.
    again = "row_number() OVER (PARTITION BY record ORDER BY record_key)"
    return (
        f"SELECT id, newest, record || CASE WHEN n > 1 THEN '.0' || n ELSE '' END AS record_key "
        f"FROM (SELECT *, {again} AS n FROM ({keyed}))"
    )


#: What is no part of what a row says: where it stands, and the key that it is compared by.
_PLACE = ("id", "batch", "delivery", "file", "row", "delivered_on", "record_key")


def _newest_sql(engine: Engine, typed: str) -> str:
    """Id and key of the accepted rows without an own later version that says anything else, and
    the id of the newest row of the record."""
    deliveries = engine.scalar(
        f"SELECT count(*) FROM (SELECT DISTINCT delivered_on, delivery FROM {typed})"
    )
    if deliveries <= 1:
        return f"SELECT id, id AS newest, record_key FROM {typed} WHERE accepted"
    says = ", ".join(f'"{c}"' for c in engine.columns(typed) if c not in _PLACE)
    alone = "count(*) OVER (PARTITION BY record, moment) = 1"
    record, hold = "record_key", ""
    if engine.exists(hands(typed)):
        record, hold = "coalesce(record, record_key)", f"LEFT JOIN {hands(typed)} USING (id)"
    return f"""
        WITH rows AS (
            SELECT id, record_key, {record} AS record, {MOMENT} AS moment, hash({says}) AS says
            FROM {typed} {hold} WHERE accepted
        ), said AS (SELECT *, {alone} AS alone FROM rows),
        told AS (
            SELECT *, alone AND lag(alone) OVER versions AND lag(says) OVER versions = says AS confirms,
                   CASE WHEN alone THEN last_value(id) OVER (
                       versions ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) ELSE id END AS newest
            FROM said WINDOW versions AS (PARTITION BY record ORDER BY moment)
        )
        SELECT id, newest, record_key FROM told WHERE confirms IS NOT TRUE
        QUALIFY moment = max(moment) OVER (PARTITION BY record)
        """
