"""Rounds: which deliveries of a place make one whole, as far as what they tell shows it.

A provider's file comes in one delivery or in parts: by province, kabupaten or village, by size, on one day or several,
some late, some never. Where it comes in parts, a place is complete when its last part came, which nobody says. But the
parts of one file tell of different records, and what tells of a place's records again begins its next file. So each
place by itself, in the order of deliveries: one that mostly tells of who was not told of in the round so far goes on
with the round, any other begins the next. A row that was kept out is told anew when it was mended.

A place is a village, by the office that delivers it and in the words of the row: code as it is today, name where the
code is no village's. So whoever is told of under several places moved, or the place was divided or renamed.
"""

from __future__ import annotations

from matching.engine import Engine
from mdm.validation.doubles import MOMENT
from mdm.validation.versions import records_sql

#: The share, of a delivery's records of a place and of those of the round so far, that both may tell of.
AGAIN = 0.1


def told(typed: str) -> str:
    """The table that `tell` makes."""
    return f"{typed}_told"


def rounds(typed: str) -> str:
    """The table that `part_rounds` makes."""
    return f"{typed}_rounds"


def told_again(engine: Engine, typed: str) -> bool:
    """Whether any record may have been told in two deliveries: quickly, for first deliveries in many parts."""
    if engine.scalar(f"SELECT count(DISTINCT {MOMENT}) FROM {typed}") <= 1:
        return False
    return bool(
        engine.scalar(f"SELECT count(record_key) > count(DISTINCT record_key) FROM {typed}")
    )


def tell(engine: Engine, typed: str) -> None:
    """Make `<typed>_told` (record, place, moment, taken): of whom each delivery told, and where; records by a hash of
    their key, moments numbered in their order. A row that was kept out was delivered all the same, and not `taken`."""
    held = engine.columns(typed)
    where: list[str] = [name for name in ("office", "village_name") if name in held]
    joined = ""
    if "region_code" in held:
        where.append("coalesce(p.today, region_code)")
        joined = "LEFT JOIN ref_place p ON p.system = region_system AND p.code = region_code"
    engine.table(
        told(typed),
        f"""
        WITH rows AS (
            SELECT *, {MOMENT} AS came FROM ({records_sql(engine, typed)}) WHERE record IS NOT NULL
        ), moments AS (
            SELECT came, row_number() OVER (ORDER BY came)::INTEGER AS moment FROM (SELECT DISTINCT came FROM rows)
        )
        SELECT hash(record) AS record, hash({", ".join([*where, "NULL"])}) AS place, moment, bool_or(accepted) AS taken
        FROM rows JOIN moments USING (came) {joined} GROUP BY ALL
        """,
    )


def part_rounds(engine: Engine, typed: str) -> None:
    """Make `<typed>_rounds` (place, moment, since) after `tell`: with which moment the round of each delivery began."""
    engine.table(
        rounds(typed),
        f"""
        WITH RECURSIVE before AS (
            SELECT place, moment, coalesce(lag(CASE WHEN taken THEN moment END IGNORE NULLS) OVER (
                PARTITION BY place, record ORDER BY moment), 0) AS last
            FROM {told(typed)}
        ), since AS (SELECT place, moment, last, count(*) AS records FROM before GROUP BY ALL),
        deliveries AS (
            SELECT place, moment, sum(records) AS records, list({{last: last, records: records}}) AS known,
                   row_number() OVER (PARTITION BY place ORDER BY moment) AS n
            FROM since GROUP BY place, moment
        ), parted AS (
            SELECT place, moment, n, moment AS since, records FROM deliveries WHERE n = 1
            UNION ALL
            SELECT d.place, d.moment, d.n, CASE WHEN further THEN p.since ELSE d.moment END,
                   CASE WHEN further THEN p.records ELSE 0 END + d.records
            FROM parted p JOIN deliveries d ON d.place = p.place AND d.n = p.n + 1,
            LATERAL (SELECT coalesce(list_sum([k.records FOR k IN d.known IF k.last >= p.since]), 0)
                     <= {AGAIN} * least(p.records, d.records) AS further)
        )
        SELECT place, moment, since FROM parted
        """,
    )
