"""Survivorship in small runs: the golden tables of all that a decision reaches, by the path's own stages.

What the stages need of the country as a whole (the cards of a family, the household it was placed in) comes from the
rows that the whole run kept.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from matching.engine import Engine
from matching.families import LISTS_IT
from matching.rules import KINDS, Kind
from mdm.survivorship import fill_regions, survive
from mdm.survivorship.members import members
from mdm.survivorship.moved import note_moved
from mdm.touched.clustering import BESIDE, ids_table
from mdm.touched.components import Components, column
from mdm.touched.reach import Reach
from mdm.touched.refreshing import refresh_links
from mdm.touched.regions import add_published_regions
from mdm.work.beside import Beside


def survive_again(
    engine: Engine, components: Components, found: Reach, *, chosen: Collection[Kind]
) -> dict[Kind, set[str]]:
    """Make the golden tables, and what publishing reads beside; the entities that are golden now.

    `chosen`: the kinds whose values are chosen anew; the others keep theirs, linked anew. Where nothing
    changed that profiles are made of, it is empty, and only the regions of those that stand are told.
    """
    hub, session = components.hub, components.session
    _bring_pairs(components, engine, found.kind)
    for kind in KINDS:
        _bring_records(components, engine, kind, anew=kind == found.kind)
    _relate(engine)
    members(engine)
    note_moved(engine)
    now = {kind: set(found.golden[kind]) for kind in KINDS}
    now[found.kind] = _column(
        engine, f"SELECT DISTINCT entity_id FROM {found.kind}_links SEMI JOIN touched USING (rid)"
    )
    for kind in KINDS:
        engine.register(f"{kind}_now", ids_table(now[kind]))
        engine.run(_GOLDEN.format(kind=kind))
    if chosen:
        refreshed = {
            kind
            for kind in KINDS
            if kind not in chosen
            and refresh_links(
                hub, session, engine, kind, _looked_at(engine, kind), seq=components.run.seq
            )
        }
        _choose_all(engine, {kind for kind in KINDS if now[kind]} - refreshed)
        add_published_regions(session, engine, "household", _homes(engine))
        fill_regions(engine)
    else:
        for kind in KINDS:
            add_published_regions(session, engine, kind, now[kind])
    for kind in KINDS:
        _take_out_others(engine, kind, anew=kind == found.kind)
    return now


_GOLDEN = """
    CREATE OR REPLACE TABLE {kind}_golden
    (entity_id VARCHAR, content VARCHAR, niks VARCHAR[], region VARCHAR, status VARCHAR)
    """


def _bring_records(components: Components, engine: Engine, kind: Kind, *, anew: bool) -> None:
    """All kept rows read so far as standardised records and links; where the kind was identified
    anew, its new links and the old ones of all others."""
    rows = components.records(kind, ())
    engine.register(f"{kind}_reached", rows)
    engine.table(f"{kind}_standardised", f"SELECT * EXCLUDE ({BESIDE[kind]}) FROM {kind}_reached")
    old = f"SELECT rid, source, layout, record_key, entity_id, since_run FROM {kind}_reached"
    if anew:
        new = f"SELECT * FROM {kind}_links WHERE rid IS NOT NULL"
        old = f"{new} UNION ALL {old} ANTI JOIN {kind}_links USING (rid)"
    engine.table(f"{kind}_links", old)


def _relate(engine: Engine) -> None:
    """The tables that membership reads, and which number a family has in pairs of households. Of two families that list
    a card alike it is the one's whose records begin first, as in a whole run, where those of corrections come last."""
    listed = ", ".join(f"arg_min(entity_id, (first, entity_id)) {listing}" for listing in LISTS_IT)
    engine.table(
        "family_kk",
        f"""
        SELECT card AS kk, coalesce({listed}) AS family_entity FROM (
            SELECT f.card, f.registry, f.implied, l.entity_id,
                   min(CASE WHEN rid < 0 THEN 2147483647 ELSE rid END) OVER (PARTITION BY l.entity_id) AS first
            FROM family_reached f JOIN family_links l USING (rid))
        WHERE card IS NOT NULL GROUP BY card
        """,
    )
    engine.table(
        "household_family_links",
        """
        SELECT f.rid, coalesce(l.entity_id, f.household) AS entity_id
        FROM family_reached f LEFT JOIN household_links l ON l.rid = f.household_rid
        WHERE coalesce(l.entity_id, f.household) IS NOT NULL
        """,
    )
    engine.table(
        "household_family",
        "SELECT rid, family_rid, node FROM household_reached WHERE family_rid IS NOT NULL",
    )


def _bring_pairs(components: Components, engine: Engine, kind: Kind) -> None:
    """`<kind>_judged` of all pairs that end in a record reached, for what stays open, with what people said of those
    at the other ends; the records there are read."""
    node = "node" if kind == "household" else "rid"
    ends = f"(SELECT {node} FROM touched)"
    engine.table(
        f"{kind}_judged",
        f"SELECT * FROM pairs_judged WHERE rid_l IN {ends} OR rid_r IN {ends} OR reason = 'human'",
    )
    engine.table(
        f"{kind}_disagreements",
        f"SELECT rid_l, rid_r, match_weight, judgement, second_probability FROM {kind}_judged"
        " WHERE second_probability IS NOT NULL AND judgement = 'link' AND reason <> 'human'",
    )
    groups = engine.fetch(
        "SELECT group_l, group_r FROM pairs_kept JOIN pairs_judged USING (rid_l, rid_r)"
        f" WHERE rid_l IN {ends} OR rid_r IN {ends}"
    )
    components.records(kind, column(groups, "group_l") | column(groups, "group_r"))


def _looked_at(engine: Engine, kind: Kind) -> set[str]:
    return _column(engine, f"SELECT entity_id FROM {kind}_now{_also_looked_at(kind)}")


def _also_looked_at(kind: Kind) -> str:
    """SQL: of families also those that persons chosen belong to are looked at, for where these live."""
    if kind != "family":
        return ""
    return """ UNION SELECT i.family_entity FROM person_in_family i
               JOIN person_now p ON p.entity_id = i.person_entity WHERE i.chosen"""


def _choose_all(engine: Engine, kinds: Collection[Kind]) -> None:
    """`<kind>_golden` of some kinds, at the same time."""
    with Beside(engine) as beside:
        for kind in KINDS:
            if kind in kinds:
                beside.later(partial(_choose, kind=kind))
        beside.wait()


def _choose(engine: Engine, kind: Kind) -> None:
    """`<kind>_golden` of those in `<kind>_now` and what is looked at beside."""
    engine.drop(f"{kind}_links_all")  # of an earlier call that failed
    engine.run(f"ALTER TABLE {kind}_links RENAME TO {kind}_links_all")
    engine.table(
        f"{kind}_links",
        f"SELECT * FROM {kind}_links_all WHERE entity_id IN (SELECT entity_id FROM {kind}_now{_also_looked_at(kind)})",
    )
    survive(engine, kind)
    engine.drop(f"{kind}_links")
    engine.run(f"ALTER TABLE {kind}_links_all RENAME TO {kind}_links")


def _homes(engine: Engine) -> set[str]:
    """The households that families reached live in and that are not chosen anew."""
    return _column(
        engine,
        "SELECT DISTINCT entity_id FROM household_family_links ANTI JOIN household_golden USING (entity_id)",
    )


def _take_out_others(engine: Engine, kind: Kind, *, anew: bool) -> None:
    """Take out what was made only to be looked at; where no entity changed, say so."""
    engine.run(
        f"DELETE FROM {kind}_golden WHERE entity_id NOT IN (SELECT entity_id FROM {kind}_now)"
    )
    if not anew:
        engine.drop(
            *(
                f"{kind}_{table}"
                for table in ("judged", "passed_over", "disagreements", "entity_events")
            )
        )
        engine.table(
            f"{kind}_entities",
            f"SELECT entity_id, 'active' AS status, NULL::VARCHAR AS merged_into FROM {kind}_now",
        )


def _column(engine: Engine, sql: str) -> set[str]:
    rows = engine.fetch(sql)
    return column(rows, rows.column_names[0])
