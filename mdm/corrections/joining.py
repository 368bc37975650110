"""How approved corrections join a run: at the end of validation, as rows of `<kind>_accepted`.

A correction holds until the source itself changes. It remembers which version of each source record it overruled; every
landed version is in the typed tables of the run, so whether a later one says something else is asked of them in SQL.
What has stepped back is left out, attribute by attribute; what a source came to say by itself speaks on beside it, for
the others that were overruled may outweigh that source. All of it is a function of what landed and what was approved.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from matching.engine import Engine
from mdm.compose import Hub
from mdm.contracts import Layout
from mdm.contracts.accepted import COLUMNS, ORIGIN, Kind
from mdm.corrections import rows
from mdm.corrections.document import Corrected, load_rules
from mdm.corrections.rows import CONFIRMED, OVERTAKEN, Added
from mdm.corrections.terms import FILE, SOURCE
from mdm.hub.tables import CorrectionPlace, CorrectionTurn
from mdm.survivorship import load_rules as load_survivorship

TURNS = "correction_turns"
_HEARD = ("record_key", "attribute", "source", "layout", "heard_key", "batch")


@dataclass(frozen=True)
class Typed:
    """The typed table of one layout in a run: every version of its rows that landed."""

    source: str
    layout: Layout
    table: str


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
    turns = _turns(engine, typed, added)
    stepped = {(one["record_key"], one["attribute"]) for one in turns if one["turn"] == OVERTAKEN}
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


def _turns(engine: Engine, typed: Sequence[Typed], added: Sequence[Added]) -> list[dict[str, Any]]:
    """What the sources that were overruled have said since: one line per record and attribute, the first to say so.

    `overtaken`: one says something else than before and than the correction, or took back that it agreed;
    `confirmed`: one says what the correction says, and none of them that.
    """
    heard = [
        (one.part.key, attribute, *version)
        for one in added
        for attribute in one.part.attributes
        for version in one.part.heard
    ]
    if not heard:
        return []
    columns = list(zip(*heard, strict=True))
    table = {name: pa.array(columns[at], pa.string()) for at, name in enumerate(_HEARD)}
    engine.register("heard", pa.table({**table, "row": pa.array(columns[-1], pa.int32())}))
    for kind in rows.KINDS:
        own = [one for one in added if one.part.kind == kind]
        rows.register(engine, f"{kind}_meant", kind, own, ())
    asked = [sql for one in typed for sql in _asked(engine, one)]
    found = engine.fetch(_FIRST.format(" UNION ALL ".join(asked))).to_pylist() if asked else []
    engine.drop("heard", *(f"{kind}_meant" for kind in rows.KINDS))
    about = {one.part.key: one for one in added}
    turns = [
        {
            "correction": about[one["record_key"]].correction,
            "record_key": one["record_key"],
            "entity_id": about[one["record_key"]].part.entity_id or "",
            "attribute": one["attribute"],
            "turn": CONFIRMED if one["same"] else OVERTAKEN,
            "source": one["source"],
            "on_day": str(one["on_day"]) if one["on_day"] else None,
        }
        for one in found
    ]
    if turns:
        engine.register(TURNS, pa.Table.from_pylist(turns))
    return turns


# The later versions of records that were heard; of those that say something new the earliest counts, and one that
# says another thing than the correction before one that says the same.
_FIRST = """
    SELECT record_key, attribute, source, on_day, same FROM (
        SELECT *, bool_or(same AND differs) OVER (PARTITION BY record_key, attribute, source, layout, heard_key
            ORDER BY moment ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS agreed FROM ({})
    ) WHERE differs OR (agreed AND NOT same)
    QUALIFY row_number() OVER (PARTITION BY record_key, attribute ORDER BY same, on_day, moment, source) = 1
    """


def _asked(engine: Engine, typed: Typed) -> list[str]:
    """SQL per attribute that a layout speaks of."""
    kind = typed.layout.kind
    if kind not in rows.KINDS:
        return []
    held = set(engine.columns(typed.table))
    body = load_survivorship().kind(kind)
    return [
        _changed(typed, kind, name, columns, rule.within if rule.within in held else None)
        for name, rule in load_rules().attributes[kind].items()
        if (columns := [c for c in load_rules().columns(kind, name, remarks=False) if c in held])
        and may_speak(body.attributes[name].only, typed.source)
    ]


def may_speak(only: str, source: str) -> bool:
    """Whether a condition of the survivorship document lets a source speak of an attribute at all. One that asks for
    more than the source lets all speak: what it asks of a row is asked of each value."""
    of_source = re.fullmatch(r"\s*source\s*(=|<>)\s*'(\w+)'\s*", only)
    return of_source is None or (of_source[2] == source) == (of_source[1] == "=")


def _changed(
    typed: Typed, kind: Corrected, attribute: str, columns: Sequence[str], within: str | None
) -> str:
    """SQL: later versions of what was heard, for one attribute: whether they differ from it, and whether they say what
    the correction says. Rows of one key in one delivery are several records
    (mdm/validation/versions.py): of these counts the one that goes by the key heard, while it is the newest."""
    elsewhere = (
        f"later.{within} <> then_.{within} AND later.{within} IS DISTINCT FROM meant.{within}"
    )
    said = [f"later.{c} IS DISTINCT FROM then_.{c}" for c in columns]
    differs = " OR ".join([*said, elsewhere] if within else said)
    speaks = " OR ".join(f"later.{c} IS NOT NULL" for c in columns)
    same = " AND ".join(f"(meant.{c} IS NULL OR later.{c} = meant.{c})" for c in columns)
    moment = "{0}.delivered_on::VARCHAR || ' ' || {0}.delivery"
    return f"""
        SELECT h.record_key, h.attribute, h.source, h.layout, h.heard_key, later.delivered_on AS on_day,
               {moment.format("later")} AS moment, ({differs}) AS differs, coalesce({same}, false) AS same
        FROM heard h
        JOIN {typed.table} then_ ON then_.batch = h.batch AND then_."row" = h."row"
        JOIN {typed.table} later ON later.record_key = then_.record_key AND later.accepted
             AND {moment.format("later")} > {moment.format("then_")}
        JOIN {kind}_meant meant ON meant.record_key = h.record_key
        LEFT JOIN {typed.table}_current now_ ON now_.id = later.id
        WHERE h.source = '{typed.source}' AND h.layout = '{typed.layout.name}' AND h.attribute = '{attribute}'
          AND ({speaks})
          AND CASE WHEN now_.id IS NOT NULL THEN now_.record_key = h.heard_key ELSE NOT EXISTS (
              FROM {typed.table} beside WHERE beside.record_key = later.record_key AND beside.accepted
              AND beside.id <> later.id AND {moment.format("beside")} = {moment.format("later")}) END
        """


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
