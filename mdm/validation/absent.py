"""Left out: which records a provider's newest whole delivery no longer holds.

A delivery takes nothing away: a record that a later file leaves out counts as it was delivered last. But where the file
is delivered whole, it says something that a record is not in it any more: a number was replaced or withdrawn, a row was
spelled anew under another key. Survivorship believes such a record less (`left_out` of survivorship.yaml).

Files come whole or in parts; each village is taken by itself, over all deliveries that make one round of it, as
rounds.py finds them. Whole is a round that is as large as those before it, or nearly, and tells again most of whom the
last such round told; who was told elsewhere since is missed by none. A round of changed rows is neither, and leaves
nobody out, nor does any that may be so by chance, in a small place. Who moved to one whose delivery is late is left out
until it comes: two of the provider's numbers that differ may then seem to be one that replaced the other.
"""

from __future__ import annotations

from matching.engine import Engine
from mdm.validation.rounds import AGAIN, part_rounds, rounds, tell, told, told_again

#: Of the records of the largest round so far; and of those of the last round as large.
NEARLY, MOST = 0.8, 0.66
#: How many more, in roots of these records: what chance may make of a delivery of changed rows.
SURELY = 0.5


def left_out(kind: str) -> str:
    """The table (rid) of the records of a kind that are left out."""
    return f"{kind}_left_out"


def none_left_out(engine: Engine, kind: str) -> None:
    """Begin that table."""
    engine.table(left_out(kind), "SELECT 0::INTEGER AS rid LIMIT 0")


def note_left_out(engine: Engine, kind: str, typed: str) -> None:
    """Add the records of a layout, after `number_current`."""
    if not told_again(engine, typed):
        return
    tell(engine, typed)
    part_rounds(engine, typed)
    absent = _LEFT_OUT.format(typed=typed, told=told(typed), rounds=rounds(typed))
    engine.run(f"INSERT INTO {left_out(kind)} {absent}")
    engine.drop(told(typed), rounds(typed))


def mark_left_out(engine: Engine, kind: str) -> None:
    """Tell it of the standardised records, in a column of their own."""
    engine.run(f"ALTER TABLE {kind}_standardised ADD COLUMN left_out BOOLEAN DEFAULT false")
    engine.run(
        f"UPDATE {kind}_standardised SET left_out = true WHERE rid IN (SELECT rid FROM {left_out(kind)})"
    )
    engine.drop(left_out(kind))


# `stays`, `stay`: who was not told of elsewhere since. `earlier`: deliveries since the round before that are no parts
# of the newest which came ahead of it, for it tells of the same.
_LEFT_OUT = f"""
    WITH last AS (
        SELECT record, max(moment) AS moment, arg_max(place, moment) AS place FROM {{told}} GROUP BY record
    ), members AS (
        SELECT DISTINCT place, since, record, l.place = t.place AS stays
        FROM {{told}} t JOIN {{rounds}} USING (place, moment) JOIN last l USING (record)
    ), sizes AS (
        SELECT place, since, count(*) AS records, count(*) FILTER (stays) AS stay FROM members GROUP BY place, since
    ), measured AS (
        SELECT *, coalesce(max(stay) OVER (
            PARTITION BY place ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS most
        FROM sizes
    ), newest AS (
        SELECT place, since, lag(since) OVER large AS before, lag(stay) OVER large AS had
        FROM measured WHERE records >= {NEARLY} * most + {SURELY} * sqrt(most)
        WINDOW large AS (PARTITION BY place ORDER BY since)
        QUALIFY row_number() OVER (PARTITION BY place ORDER BY since DESC) = 1
    ), whole AS (
        SELECT n.place, n.since, n.before FROM newest n
        JOIN members b ON b.place = n.place AND b.since = n.before AND b.stays
        SEMI JOIN members a ON a.place = n.place AND a.since = n.since AND a.record = b.record
        GROUP BY n.place, n.since, n.before, n.had HAVING count(*) >= {MOST} * n.had + {SURELY} * sqrt(n.had)
    ), earlier AS (
        SELECT t.place, t.moment FROM {{told}} t
        JOIN whole w ON w.place = t.place AND t.moment BETWEEN w.before AND w.since - 1
        LEFT JOIN members a ON a.place = w.place AND a.since = w.since AND a.record = t.record
        GROUP BY t.place, t.moment HAVING count(a.record) > {AGAIN} * count(*)
    )
    SELECT k.rid FROM {{typed}}_current k
    JOIN last l ON l.record = hash(k.record_key) JOIN whole w ON w.place = l.place AND l.moment < w.since
    LEFT JOIN earlier e ON e.place = l.place AND e.moment = l.moment WHERE l.moment < w.before OR e.moment IS NOT NULL
    """
