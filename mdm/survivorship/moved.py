"""Moved: which field records tell of where somebody lived before the civil registry moved them.

A visit outlives a move: field sources come first for where people live, and the office that has the old village on its
book never sees that they left it. Where a row of the registry names another village than before
(mdm/validation/former.py), what a field record of an earlier day says of the former village is `away`; the
registry's row speaks in its stead, `here`. A record of a later day stands, for a card is not always moved with its
people, and so do records of the village of today, those of any third one, and corrections. A record without a date is
of the day on which it said that village first.
"""

from __future__ import annotations

import pyarrow as pa

from matching.engine import Engine


def moved(kind: str) -> str:
    """The table (rid, moved_away, moved_here) of the records of a kind; there is none where nobody moved."""
    return f"{kind}_moved"


def told(engine: Engine, kind: str) -> bool:
    """Whether somebody of a kind moved."""
    return engine.exists(moved(kind))


def records(engine: Engine, kind: str) -> str:
    """SQL: the standardised records of a kind, with `moved_away` and `moved_here` where somebody moved."""
    if not told(engine, kind):
        return f"{kind}_standardised"
    columns = ", ".join(f"coalesce(m.{c}, false) AS {c}" for c in ("moved_away", "moved_here"))
    return (
        f"(SELECT s.*, {columns} FROM {kind}_standardised s LEFT JOIN {moved(kind)} m USING (rid))"
    )


def had_elsewhere(rows: pa.Table) -> bool:
    """Whether the registry had any of some standardised records' people in another village before."""
    return "former" in rows.column_names and rows["former"].null_count < rows.num_rows


def note_moved(engine: Engine) -> None:
    """Make `<kind>_moved` from the standardised records and links; of households, the records of families in them."""
    engine.drop(*(moved(kind) for kind in ("person", "family", "household")))
    for kind in ("person", "family"):
        if "former" in engine.columns(f"{kind}_standardised"):
            _keep(engine, moved(kind), _MOVED.format(kind=kind))
    if told(engine, "family"):
        _keep(
            engine,
            moved("household"),
            f"""SELECT h.rid, moved_away, moved_here FROM household_family h
                JOIN {moved("family")} m ON m.rid = h.family_rid""",
        )


def _keep(engine: Engine, table: str, sql: str) -> None:
    if not engine.table(table, sql):
        engine.drop(table)


# A code that lies in the other, or that the other lies in, may name the same place.
_IN = "(starts_with({0}, {1}) OR starts_with({1}, {0}))"
_MOVED = f"""
    WITH registered AS (
        SELECT s.rid, l.entity_id, s.region_today AS now, unnest(string_split(s.former, ',')) AS former
        FROM {{kind}}_standardised s JOIN {{kind}}_links l USING (rid)
        WHERE s.former IS NOT NULL AND NOT coalesce(s.left_out, false)
    ), left_behind AS (
        SELECT *, left(former, 10)::DATE AS until, substr(former, 12) AS village FROM registered
    ), away AS (
        SELECT r.rid AS here, f.rid AS away FROM left_behind r JOIN {{kind}}_links l USING (entity_id)
        JOIN {{kind}}_standardised f ON f.rid = l.rid
        WHERE NOT f.registry AND f.source <> 'correction'
          AND coalesce(coalesce(f.said_since, f.value_date) < r.until, true)
          AND {_IN.format("f.region_today", "r.village")} AND NOT {_IN.format("f.region_today", "r.now")}
    )
    SELECT DISTINCT away AS rid, true AS moved_away, false AS moved_here FROM away
    UNION ALL SELECT DISTINCT here, false, true FROM away
    """
