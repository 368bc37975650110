"""Renumbered: which family cards go by another number now, as the civil registry's deliveries tell one after the other.

A family gets another card number when its head changes or it moves. The row of the old card stays, without anybody on
it, and so do the rows of other providers that still have the old number: what they know of the family would stay with
a card that nobody is on. Who was on a card and who is on the next is known from the versions of the persons' rows.

A card is followed by another where most of the living who were on it went there together and are most of those there
then, and nobody who stayed went elsewhere since or is still on it. Who leaves for a family that is there already
(a widow to her child), or half of a family (divorce), takes no number along.
"""

from __future__ import annotations

from collections.abc import Sequence

from matching.engine import Engine
from mdm.validation.absent import left_out
from mdm.validation.doubles import MOMENT
from mdm.validation.versions import records_sql

MOST = 0.6

RENUMBERED = "card_renumbered"


def note_renumbered(engine: Engine, registers: Sequence[str], families: str) -> None:
    """Make `card_renumbered(card, today)` from the typed tables of the registers' persons; and leave out the registers'
    rows in `families` of cards that have another number, as what is not told any more."""
    engine.table(RENUMBERED, "SELECT ''::VARCHAR AS card, ''::VARCHAR AS today LIMIT 0")
    for typed in registers:
        if "kk" not in engine.columns(typed):
            continue
        if engine.scalar(f"SELECT count(DISTINCT {MOMENT}) FROM {typed}") > 1 and _stays(
            engine, typed
        ):
            engine.run(f"INSERT INTO {RENUMBERED} {_FOLLOWED}")
        engine.drop("card_stays")
    engine.run(
        f"INSERT INTO {left_out('family')} SELECT rid FROM ({families}) SEMI JOIN {RENUMBERED} ON card = kk "
        f"ANTI JOIN {left_out('family')} USING (rid)"
    )


def _stays(engine: Engine, typed: str) -> int:
    """Who was on which card from when until when (NULL: still), of all cards that somebody left; how many stays."""
    living = " AND ".join(
        {"alive": "alive IS NOT false", "death_date": "death_date IS NULL"}[c]
        for c in ("alive", "death_date") if c in engine.columns(typed)
    )  # fmt: skip
    return engine.table(
        "card_stays",
        f"""
        WITH rows AS (
            SELECT record AS record_key, {MOMENT} AS moment, CASE WHEN {living or "true"} THEN kk END AS card
            FROM ({records_sql(engine, typed)}) WHERE accepted AND record IS NOT NULL
            QUALIFY count(*) OVER (PARTITION BY record, moment) = 1
        ), left_behind AS (
            SELECT record_key FROM rows GROUP BY record_key HAVING count(DISTINCT card) > 1
        ), concerned AS (
            SELECT DISTINCT card FROM rows SEMI JOIN left_behind USING (record_key) WHERE card IS NOT NULL
        ), who AS (SELECT DISTINCT record_key FROM rows SEMI JOIN concerned USING (card)),
        versions AS (
            SELECT *, lag(card) OVER versions AS before, lag(moment) OVER versions AS seen,
                   max(moment) OVER (PARTITION BY record_key) AS last
            FROM rows SEMI JOIN who USING (record_key)
            WINDOW versions AS (PARTITION BY record_key ORDER BY moment)
        ), stays AS (
            SELECT record_key, card, moment AS since, seen, last,
                   lead(moment) OVER (PARTITION BY record_key ORDER BY moment) AS until
            FROM versions WHERE card IS DISTINCT FROM before OR before IS NULL AND card IS NOT NULL
        ), gone AS (
            SELECT record_key FROM {typed}_current SEMI JOIN {left_out("person")} USING (rid)
        )
        SELECT s.record_key, s.card, since, seen,
               coalesce(until, CASE WHEN g.record_key IS NOT NULL THEN last END) AS until
        FROM stays s LEFT JOIN (SELECT DISTINCT record_key FROM gone) g USING (record_key) WHERE s.card IS NOT NULL
        """,
    )


# Those went together who may have gone on one day: each was seen on the card last (`seen`) before the first came on the
# next, whatever parts of a delivery tell of them. A card's last such move counts; the numbers that follow each other
# are followed to the last.
_FOLLOWED = f"""
    WITH RECURSIVE moves AS (
        SELECT l.card, n.card AS next, n.record_key, n.seen, n.since FROM card_stays l JOIN card_stays n
        ON n.record_key = l.record_key AND n.since = l.until AND n.card <> l.card
    ), groups AS (
        SELECT card, next, m.since AS first, max(o.since) AS moment, count(DISTINCT o.record_key) AS who
        FROM moves m JOIN moves o USING (card, next) WHERE o.seen < m.since AND o.since >= m.since GROUP BY ALL
    ), was AS (
        SELECT card, next, moment, who, count(*) AS on_it FROM groups JOIN card_stays s USING (card)
        WHERE s.since < first AND (s.until IS NULL OR s.until >= first) GROUP BY card, next, first, moment, who
    ), is_ AS (
        SELECT m.card, m.next, moment, who, on_it, count(*) AS on_next FROM was m JOIN card_stays s ON s.card = m.next
        WHERE s.since <= moment AND (s.until IS NULL OR s.until > moment) GROUP BY ALL
    ), together AS (
        SELECT card, next, moment FROM is_ WHERE who >= {MOST} * on_it AND who >= {MOST} * on_next
        AND card NOT IN (SELECT card FROM card_stays WHERE until IS NULL)
        QUALIFY row_number() OVER (PARTITION BY card ORDER BY moment DESC, who DESC, next) = 1
    ), step AS (
        SELECT t.card, t.next, t.moment FROM together t ANTI JOIN moves m
        ON m.card = t.card AND m.next <> t.next AND m.since > t.moment
    ), chain AS (
        SELECT card, next, moment FROM step
        UNION ALL SELECT c.card, s.next, s.moment FROM chain c JOIN step s ON s.card = c.next AND s.moment > c.moment
    )
    SELECT card, arg_max(next, moment) AS today FROM chain GROUP BY card HAVING today <> card
    """
