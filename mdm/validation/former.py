"""Former: in which villages the civil registry had somebody, or a family's card, before; and until when.

Whoever moves takes the card along, sooner or later: a later version of the registry's row names another village. What a
visit of before that day says of the old village is no word any more on where they live
(mdm/survivorship/moved.py). A family that moves often gets another card number with it: its card's versions are those
of all the numbers that it went by (renumbered.py).

Codes are compared as they are today: a kecamatan that got another code moves nobody.
"""

from __future__ import annotations

from matching.engine import Engine
from matching.places import today_sql
from mdm.validation.doubles import MOMENT
from mdm.validation.renumbered import RENUMBERED
from mdm.validation.undated import none_undated, undated
from mdm.validation.versions import records_sql

KINDS = ("person", "family")


def former(kind: str) -> str:
    """The table (rid, former) of the registry's records that name another village than before: `former` has days until
    when and today's codes, as `2026-03-01 3211172007,2026-06-09 3322122003`."""
    return f"{kind}_former"


def begin_moves(engine: Engine) -> None:
    """Begin these tables, and those of undated.py."""
    for kind in KINDS:
        none_undated(engine, kind)
        engine.table(former(kind), "SELECT 0::INTEGER AS rid, NULL::VARCHAR AS former LIMIT 0")


def note_former(engine: Engine, kind: str, typed: str) -> None:
    """Add the records of a register's layout, after `note_renumbered`."""
    if kind not in KINDS or "region_code" not in engine.columns(typed):
        return
    if engine.scalar(f"SELECT count(DISTINCT {MOMENT}) FROM {typed}") <= 1:
        return
    records = records_sql(engine, typed)
    if kind == "person":
        said = f"SELECT *, record AS who, true AS own FROM ({records})"
        current = f"SELECT rid, record_key AS who FROM {typed}_current"
    else:
        said = f"""SELECT *, coalesce(today, kk) AS who, today IS NULL AS own
                   FROM ({records}) LEFT JOIN {RENUMBERED} ON card = kk"""
        current = f"SELECT k.rid, t.kk AS who FROM {typed}_current k JOIN {typed} t USING (id)"
    engine.table(
        "region_said",
        f"""
        WITH said AS (
            SELECT who, own, {MOMENT} AS moment, value_date, delivered_on, region_system AS system, region_code AS code
            FROM ({said}) WHERE accepted AND who IS NOT NULL AND region_code IS NOT NULL
        )
        FROM said SEMI JOIN (SELECT who FROM said GROUP BY who HAVING min(code) <> max(code)) USING (who)
        """,
    )
    today = today_sql("SELECT DISTINCT system, code FROM region_said")
    engine.run(f"INSERT INTO {former(kind)} {_FORMER.format(today=today, current=current)}")
    engine.drop("region_said")


def anybody_moved(engine: Engine) -> bool:
    """Whether there is any such record."""
    return any(engine.scalar(f"SELECT count(*) FROM {former(kind)}") for kind in KINDS)


def mark_former(engine: Engine) -> None:
    """Tell it of the standardised records, in a column of their own, and in another since when a field record without
    a date says its place; where nobody moved there are none."""
    moved = anybody_moved(engine)
    for kind in KINDS:
        if moved:
            _tell(engine, kind, "former", "VARCHAR", former(kind))
            _tell(engine, kind, "said_since", "DATE", undated(kind))
        engine.drop(former(kind), undated(kind))


def _tell(engine: Engine, kind: str, name: str, of: str, table: str) -> None:
    engine.run(f"ALTER TABLE {kind}_standardised ADD COLUMN {name} {of}")
    engine.run(
        f"UPDATE {kind}_standardised SET {name} = t.{name} FROM {table} t WHERE t.rid = {kind}_standardised.rid"
    )


# Two codes of which one lies in the other name one place. The rows of a former number speak until one of the card's own
# has come: a later part of the delivery may still list them. The day on which the registry wrote it down, where its
# date says one; else that of the delivery.
_SAME = "(starts_with({0}, {1}) OR starts_with({1}, {0}))"
_FORMER = f"""
    WITH told AS (
        SELECT s.*, c.today AS village FROM region_said s JOIN ({{today}}) c USING (system, code)
        QUALIFY row_number() OVER (PARTITION BY who, moment ORDER BY own DESC, value_date DESC, code) = 1
            AND (own OR coalesce(moment < min(moment) FILTER (own) OVER (PARTITION BY who), true))
    ), followed AS (
        SELECT *, lead(village) OVER versions AS next, last_value(village) OVER whole AS now,
               CASE WHEN lead(value_date) OVER versions > value_date
                    THEN least(lead(value_date) OVER versions, lead(delivered_on) OVER versions)
                    ELSE lead(delivered_on) OVER versions END AS left_on
        FROM told WINDOW versions AS (PARTITION BY who ORDER BY moment),
        whole AS (PARTITION BY who ORDER BY moment ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ), gone AS (
        SELECT who, village, max(left_on) AS until FROM followed
        WHERE NOT {_SAME.format("village", "next")} AND NOT {_SAME.format("village", "now")} GROUP BY who, village
    )
    SELECT rid, string_agg(until || ' ' || village, ',' ORDER BY until, village) AS former
    FROM gone JOIN ({{current}}) USING (who) GROUP BY rid
    """
