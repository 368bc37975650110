"""Which findings still stand: not those about a row that a later version has replaced.

What a provider mends it delivers again, under the same record key. The row delivered first stays landed, with its
findings, for whoever traces a value; but there is nothing left to mend in it, and what the later version lacks is said
of that one. A row without a record key (it could not be read), and one whose mended column is part of the key, have no
later version that could be known: their findings stand.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pyarrow as pa
from sqlmodel import col, select

from matching.engine import Engine
from mdm.compose import Hub
from mdm.hub.tables import Batch

COLUMNS = ("batch", "source", "layout", "row", "rule", "severity")

#: The rows of one layout that a later delivery has replaced. As `versions.py` has it, the newest delivery that holds a
#: key accepted counts: what counts is replaced by that, what is kept out by whatever came later. `standing_keys`: the
#: landed rows; `standing_moments`: the validated batches, in their order.
_REPLACED = """
    WITH landed AS MATERIALIZED (
        SELECT batch, "row", record_key, moment, out.batch IS NOT NULL AS kept_out
        FROM standing_keys JOIN standing_moments USING (batch)
        LEFT JOIN (SELECT DISTINCT batch, "row" FROM {found} WHERE severity = 'quarantine') out USING (batch, "row")
        WHERE record_key IS NOT NULL
    ), newest AS (
        SELECT record_key, max(moment) AS last, max(moment) FILTER (NOT kept_out) AS counting
        FROM landed GROUP BY record_key
    )
    SELECT batch, "row" FROM landed JOIN newest USING (record_key)
    WHERE moment < CASE WHEN kept_out THEN last ELSE counting END"""


def hold_standing(hub: Hub, engine: Engine, name: str) -> bool:
    """Make table `name` of COLUMNS: the findings of all batches that still stand. False, and no table, where no rule
    has said anything yet."""
    reader = hub.lake.reader("findings", columns=list(COLUMNS))
    if reader is None:
        return False
    engine.register(name, reader)
    for (source, layout), moments in _moments(hub).items():
        keys = hub.lake.reader(f"landed/{source}/{layout}", columns=["batch", "row", "record_key"])
        if keys is None or len(set(moments.values())) == 1:
            continue
        engine.register("standing_keys", keys)
        table = {"batch": list(moments), "moment": list(moments.values())}
        engine.register("standing_moments", pa.table(table))
        replaced = _REPLACED.format(found=name)
        engine.table(name, f'SELECT * FROM {name} ANTI JOIN ({replaced}) USING (batch, "row")')
        engine.drop("standing_keys", "standing_moments")
    return True


def _moments(hub: Hub) -> dict[tuple[str, str], dict[str, int]]:
    """By source and layout: the validated batches, each with the place of its delivery in their order."""
    with hub.sessions.read() as session:
        batches = session.exec(select(Batch).where(col(Batch.accepted).is_not(None))).all()
    when = {one.id: (one.delivered_on or date.min, one.created) for one in batches}
    order = {moment: place for place, moment in enumerate(sorted(set(when.values())))}
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for one in batches:
        found[one.source, one.layout][one.id] = order[when[one.id]]
    return found
