"""Undated: since when a row without a date says where somebody lives.

Such a row counts as said on the day of its delivery. A book that is delivered whole again and again would seem to have
seen everybody there anew each time; but a row without a date that says again what it said before has no news
(mdm/survivorship/moved.py).
"""

from __future__ import annotations

from matching.engine import Engine
from mdm.validation.doubles import MOMENT
from mdm.validation.versions import records_sql


def undated(kind: str) -> str:
    """The table (rid, said_since) of the records without a date that said the same place before."""
    return f"{kind}_undated"


def none_undated(engine: Engine, kind: str) -> None:
    """Begin that table."""
    engine.table(undated(kind), "SELECT 0::INTEGER AS rid, NULL::DATE AS said_since LIMIT 0")


def note_undated(engine: Engine, kind: str, typed: str) -> None:
    """Add the records of a layout, after `number_current`."""
    if not engine.exists(undated(kind)):
        return
    held = set(engine.columns(typed))
    place = [c for c in ("region_code", "village_name") if c in held]
    if not place or engine.scalar(f"SELECT count(DISTINCT {MOMENT}) FROM {typed}") <= 1:
        return
    without = "value_date_read IS NULL" if "value_date_read" in held else "true"
    if not engine.scalar(f"SELECT count(*) FROM (FROM {typed} WHERE {without} LIMIT 1)"):
        return
    engine.run(
        f"""
        INSERT INTO {undated(kind)}
        WITH rows AS (
            SELECT record, {MOMENT} AS moment, value_date, {without} AS undated, hash({", ".join(place)}) AS place
            FROM ({records_sql(engine, typed)}) WHERE accepted AND record IS NOT NULL
        ), last AS (
            SELECT record, arg_max(place, moment) AS said FROM rows GROUP BY record HAVING arg_max(undated, moment)
        ), told AS (
            SELECT *, max(CASE WHEN place <> said THEN moment END) OVER (PARTITION BY record) AS other
            FROM rows JOIN last USING (record)
        )
        SELECT rid, min(value_date) FROM told JOIN {typed}_current k ON k.record_key = record
        WHERE place = said AND (other IS NULL OR moment > other) GROUP BY rid HAVING min(value_date) < max(value_date)
        """
    )
