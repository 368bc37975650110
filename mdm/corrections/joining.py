"""How approved corrections join a run: at the end of validation, as rows of `<kind>_accepted`.

A correction holds until a source that it overruled has news (turning.py). What has stepped back is left out, attribute
by attribute; what a source came to say by itself speaks on beside it, for the others that were overruled may outweigh
that source. All of it is a function of what landed and what was approved.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import pyarrow as pa

from matching.engine import Engine
from mdm.compose import Hub
from mdm.contracts.accepted import COLUMNS, ORIGIN, Kind
from mdm.corrections import rows, turning
from mdm.corrections.rows import OVERTAKEN, Added
from mdm.corrections.terms import FILE, SOURCE
from mdm.corrections.turning import Typed
from mdm.hub.tables import CorrectionPlace, CorrectionTurn

TURNS = "correction_turns"


def join(
    hub: Hub,
    engine: Engine,
    typed: Sequence[Typed],
    start: Mapping[Kind, int],
    before: datetime | None = None,
    *,
    only: Collection[str] | None = None,
) -> dict[Kind, str]:
    """Make `<kind>_corrected` (the columns of `<kind>_accepted`) where approved corrections speak; the tables by kind.

    `start`: the last rid of each kind; theirs follow. `before`: as of a moment; `only`: these alone. Leaves what
    stepped back, and what the source came to say by itself, in table `correction_turns`.
    """
    engine.drop(TURNS)
    with hub.sessions.read() as session:
        added = rows.approved(hub, session, before, only)
    if not added:
        return {}
    turns = turning.turns(engine, typed, added)
    if turns:
        engine.register(TURNS, pa.Table.from_pylist(turns))
    stepped = {(one["record_key"], one["attribute"]) for one in turns if one["turn"] == OVERTAKEN}
    stepped |= rows.superseded(added)
    made: dict[Kind, str] = {}
    for kind in rows.KINDS:
        own = [one for one in added if one.part.kind == kind]
        rows.register(engine, f"{kind}_said", kind, own, stepped)
    _new_cards(engine, added)
    for kind in rows.KINDS:
        shape = {**ORIGIN, **COLUMNS[kind]}
        rid = f"({start[kind]} + row_number() OVER (ORDER BY record_key))::INTEGER"
        columns = ", ".join(f'"{name}"' for name in shape if name != "rid")
        if engine.table(f"{kind}_corrected", f"SELECT {rid} AS rid, {columns} FROM {kind}_said"):
            made[kind] = f"{kind}_corrected"
        engine.drop(f"{kind}_said")
    return made


def keep_turns(hub: Hub, engine: Engine, run_seq: int) -> int:
    """Put down what a run found of its corrections; seen once the run is published. How much it was."""
    if not engine.exists(TURNS):
        return 0
    found = engine.fetch(f"SELECT * FROM {TURNS}").to_pylist()
    with hub.sessions.begin() as session:
        for one in found:
            session.merge(CorrectionTurn(run_seq=run_seq, **one))
    return len(found)


def keep_places(hub: Hub, engine: Engine, run_seq: int) -> None:
    """Put down in which entities a run found the records of corrections; seen once the run is published."""
    for kind in rows.KINDS:
        sql = f"SELECT record_key, entity_id FROM {kind}_links WHERE source = '{SOURCE}' AND rid IS NOT NULL"
        found = engine.fetch(sql).to_pylist()
        with hub.sessions.begin() as session:
            for one in found:
                session.merge(CorrectionPlace(run_seq=run_seq, **one))


def _new_cards(engine: Engine, added: Sequence[Added]) -> None:
    """Families that only corrections tell of: a card that no other row carries gets a family record, once."""
    named = {
        one.part.key: one.part.columns.get("name") or one.part.was.get("name") for one in added
    }
    heads = {"record_key": pa.array(list(named), pa.string())}
    engine.register(
        "heads", pa.table({**heads, "head": pa.array(list(named.values()), pa.string())})
    )
    families = ", ".join(
        f"NULL::{t} AS {n}"
        for n, t in COLUMNS["family"].items()
        if n not in ("kk", "kk_raw", "head_name")
    )
    engine.table(
        "family_new",
        f"""
        SELECT '{SOURCE}' AS source, 'family' AS layout, '{FILE}' AS file, p."row", md5(p.record_key) AS record_key,
               p.batch, p.value_date, p.kk, p.kk AS kk_raw, h.head AS head_name, {families}
        FROM person_said p JOIN heads h USING (record_key)
        WHERE p.kk IS NOT NULL
          AND p.kk NOT IN (SELECT kk FROM person_accepted WHERE kk IS NOT NULL
                           UNION ALL SELECT kk FROM family_accepted WHERE kk IS NOT NULL
                           UNION ALL SELECT kk FROM family_said WHERE kk IS NOT NULL)
        QUALIFY row_number() OVER (PARTITION BY p.kk
                ORDER BY p.relationship = 'HEAD' DESC NULLS LAST, p.record_key) = 1
        """,
    )
    engine.run("INSERT INTO family_said BY NAME SELECT * FROM family_new")
    engine.drop("family_new", "heads")
