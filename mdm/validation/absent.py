"""Left out: which records a provider's newest whole delivery no longer holds.

A delivery takes nothing away: a record that a later file leaves out counts as it was delivered last. But where the file
is delivered whole, it says something that a record is not in it any more: a number was replaced or withdrawn, a row was
spelled anew under another key. Survivorship believes such a record less (`left_out` of survivorship.yaml).

Whole is a delivery that is as large as those before it, or nearly, and says most of the records again that the last
such delivery had; each office by itself. A delivery of changed rows is neither, and leaves nobody out.
"""

from __future__ import annotations

from matching.engine import Engine
from mdm.validation.doubles import MOMENT
from mdm.validation.versions import records_sql

#: Of the rows of the largest delivery so far; and of the records of the last delivery as large.
NEARLY, MOST = 0.8, 0.66


def left_out(kind: str) -> str:
    """The table (rid) of the records of a kind that are left out."""
    return f"{kind}_left_out"


def none_left_out(engine: Engine, kind: str) -> None:
    """Begin that table."""
    engine.table(left_out(kind), "SELECT 0::INTEGER AS rid LIMIT 0")


def note_left_out(engine: Engine, kind: str, typed: str) -> None:
    """Add the records of a layout, after `number_current`."""
    if engine.scalar(f"SELECT count(DISTINCT {MOMENT}) FROM {typed}") <= 1:
        return
    office = "coalesce(office, '')" if "office" in engine.columns(typed) else "''"
    told = f"SELECT DISTINCT record, {office} AS office, {MOMENT} AS moment FROM ({records_sql(engine, typed)})"
    engine.run(f"INSERT INTO {left_out(kind)} {_LEFT_OUT.format(typed=typed, told=told)}")


def mark_left_out(engine: Engine, kind: str) -> None:
    """Tell it of the standardised records, in a column of their own."""
    engine.run(f"ALTER TABLE {kind}_standardised ADD COLUMN left_out BOOLEAN DEFAULT false")
    engine.run(
        f"UPDATE {kind}_standardised SET left_out = true WHERE rid IN (SELECT rid FROM {left_out(kind)})"
    )
    engine.drop(left_out(kind))


# A row that was quarantined was delivered all the same.
_LEFT_OUT = f"""
    WITH told AS (
        {{told}} WHERE record IS NOT NULL
    ), large AS (
        SELECT office, moment, count(*) AS records FROM told GROUP BY office, moment
        QUALIFY records >= {NEARLY} * max(records) OVER (PARTITION BY office ORDER BY moment)
    ), newest AS (
        SELECT office, moment, lag(moment) OVER deliveries AS before, lag(records) OVER deliveries AS had FROM large
        WINDOW deliveries AS (PARTITION BY office ORDER BY moment)
        QUALIFY row_number() OVER (PARTITION BY office ORDER BY moment DESC) = 1
    ), whole AS (
        SELECT n.office, n.moment FROM newest n JOIN told b ON b.office = n.office AND b.moment = n.before
        SEMI JOIN told a ON a.office = b.office AND a.record = b.record AND a.moment = n.moment
        GROUP BY n.office, n.moment, n.had HAVING count(*) >= {MOST} * n.had
    ), last AS (SELECT office, record, max(moment) AS moment FROM told GROUP BY ALL)
    SELECT k.rid FROM {{typed}}_current k
    JOIN last l ON l.record = k.record_key JOIN whole w ON w.office = l.office AND l.moment < w.moment
    """
