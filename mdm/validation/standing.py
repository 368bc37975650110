"""Which findings still stand: not those about a row that a later version has replaced, nor those of a file that was
delivered again.

What a provider mends it delivers again, under the same record key. The row delivered first stays landed, with its
findings, for whoever traces a value; but there is nothing left to mend in it, and what the later version lacks is said
of that one. A row without a record key (it could not be read), one whose mended column is part of the key, and the file
as a whole have no later version that could be known by a key. They are settled with their file: when none of its
records counts any more, because all were delivered again, and a later file is no shorter. A file that held no row is
settled by the next of its office that holds some, and one of which no row could be read by one that holds as many
records: of whole deliveries one follows another, where an office is named. Until then they stand. What is said of a
dwelling that was not known is settled when its office delivers it: nothing is to be mended in the row that names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import pyarrow as pa
from sqlmodel import col, select

from matching.engine import Engine
from mdm.compose import Hub
from mdm.contracts import Layout, contract_for, load_contracts
from mdm.hub.tables import Batch
from mdm.validation.readings import PLAIN, complete, plain_sql

COLUMNS = ("batch", "source", "layout", "row", "rule", "severity")
_TABLES = ("standing_keys", "standing_moments", "standing_rows")
_UNKNOWN, _DWELLING = "dwelling_unknown", "dwelling_ref"  # a rule, and what it asks about

#: The landed rows of one layout, each with the moment of its delivery, of the last that holds its key, and of the one
#: that counts: as `versions.py` has it, the newest that holds the key accepted. `standing_keys`: the rows;
#: `standing_moments`: the validated batches, in their order, and the office each was landed for.
_ROWS = """
    WITH keys AS MATERIALIZED (
        SELECT batch, "row", record_key, moment, out.batch IS NOT NULL AS kept_out
        FROM standing_keys JOIN standing_moments USING (batch)
        LEFT JOIN (SELECT DISTINCT batch, "row" FROM {found} WHERE severity = 'quarantine') out USING (batch, "row")
    ), newest AS (
        SELECT record_key, max(moment) AS last, max(moment) FILTER (NOT kept_out) AS counting
        FROM keys WHERE record_key IS NOT NULL GROUP BY record_key
    )
    SELECT batch, "row", moment, kept_out, last, counting FROM keys LEFT JOIN newest USING (record_key)"""

#: The findings that stand. Replaced is what counts by what counts now, what is kept out by whatever came later. A file
#: was delivered again when no record of it counts any more and a later file has as many rows; an empty one, when its
#: office has delivered rows since, and one of which no row can be read, when it has delivered as many records.
_STANDING = """
    WITH files AS (
        SELECT batch, any_value(files.moment) AS moment, any_value(office) AS office, count("row") AS size,
            count(last) AS keyed, bool_and(files.moment < counting) FILTER (NOT kept_out) AS replaced
        FROM standing_moments files LEFT JOIN standing_rows USING (batch) GROUP BY batch
    ), again AS (
        SELECT batch FROM files WHERE EXISTS (
            FROM files later WHERE later.moment > files.moment AND later.size > 0 AND CASE
            WHEN files.size = 0 THEN later.office IS NOT DISTINCT FROM files.office
            WHEN files.keyed = 0 THEN later.office = files.office AND later.keyed >= files.size
            ELSE files.replaced AND later.size >= files.size END)
    ), replaced AS (
        SELECT batch, "row" FROM standing_rows WHERE moment < CASE WHEN kept_out THEN last ELSE counting END
    )
    SELECT * FROM {found} ANTI JOIN replaced USING (batch, "row") ANTI JOIN again USING (batch)"""


def hold_standing(hub: Hub, engine: Engine, name: str) -> bool:
    """Make table `name` of COLUMNS: the findings of all batches that still stand. False, and no table, where no rule
    has said anything yet."""
    reader = hub.lake.reader("findings", columns=list(COLUMNS))
    if reader is None:
        return False
    engine.register(name, reader)
    held = _batches(hub)
    for (source, layout), batches in held.items():
        keys = hub.lake.reader(f"landed/{source}/{layout}", columns=["batch", "row", "record_key"])
        if keys is None or len({moment for _, moment, _ in batches}) == 1:
            continue
        engine.register("standing_keys", keys)
        batch, moment, office = zip(*batches, strict=True)
        table = {"batch": batch, "moment": moment, "office": pa.array(office, pa.string())}
        engine.register("standing_moments", pa.table(table))
        engine.table("standing_rows", _ROWS.format(found=name))
        engine.table(name, _STANDING.format(found=name))
        engine.drop(*_TABLES)
    _settle_dwellings(hub, engine, name, list(held))
    return True


def _settle_dwellings(
    hub: Hub, engine: Engine, name: str, layouts: Sequence[tuple[str, str]]
) -> None:
    """Take out of the findings what they say of dwellings that have come since."""
    said = engine.fetch(f"SELECT DISTINCT source, layout FROM {name} WHERE rule = '{_UNKNOWN}'")
    about = {(row["source"], row["layout"]) for row in said.to_pylist()}
    if not about:
        return
    contracts = load_contracts(hub.settings.home / "contracts")
    held = [(source, contract_for(contracts, source).layout(one)) for source, one in layouts]
    homes = [one for one in held if one[1].kind == "household" and _DWELLING in one[1].values]
    _name_dwellings(hub, engine, "standing_homes", homes)
    named = [(source, layout) for source, layout in held if (source, layout.name) in about]
    _name_dwellings(hub, engine, "standing_named", named)
    engine.table(
        name,
        f"""
        WITH came AS (FROM standing_named SEMI JOIN standing_homes USING (office, {_DWELLING}))
        SELECT * FROM {name} ANTI JOIN (SELECT batch, "row", '{_UNKNOWN}' AS rule FROM came) USING (batch, "row", rule)
        """,
    )
    engine.drop("standing_homes", "standing_named")


def _name_dwellings(
    hub: Hub, engine: Engine, table: str, layouts: Sequence[tuple[str, Layout]]
) -> None:
    """Make `table` of the dwellings that the landed rows of some layouts name: batch, row, office and number."""
    engine.run(
        f'CREATE OR REPLACE TABLE {table} (batch VARCHAR, "row" INTEGER, office VARCHAR, {_DWELLING} VARCHAR)'
    )
    for source, layout in layouts:
        columns = [*PLAIN, *map(layout.landed_name, layout.values[_DWELLING].from_)]
        rows = hub.lake.reader(f"landed/{source}/{layout.name}", columns=columns)
        if rows is not None:
            engine.register("standing_rows", rows)
            complete(engine, "standing_rows", columns)
            engine.run(f"INSERT INTO {table} {plain_sql(layout, _DWELLING, 'standing_rows')}")
            engine.drop("standing_rows")


def _batches(hub: Hub) -> dict[tuple[str, str], list[tuple[str, int, str | None]]]:
    """By source and layout: the validated batches, each with the place of its delivery in their order, and the
    office it was landed for.
    """
    with hub.sessions.read() as session:
        batches = session.exec(select(Batch).where(col(Batch.accepted).is_not(None))).all()
    when = {one.id: (one.delivered_on or date.min, one.created) for one in batches}
    order = {moment: place for place, moment in enumerate(sorted(set(when.values())))}
    found: dict[tuple[str, str], list[tuple[str, int, str | None]]] = defaultdict(list)
    for one in batches:
        found[one.source, one.layout].append((one.id, order[when[one.id]], one.provider))
    return found
