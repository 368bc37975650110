"""Which entity a record belongs to: the links of the whole run, with what small runs changed since.

A whole run keeps its links in the lake. A decision applied at once (mdm/touched) moves a few records
to other entities; these moves stand in the hub (`relinked`) until the next whole run keeps all anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import Session, col, select

from matching.engine import Engine
from mdm.arrow import pa_schema
from mdm.compose import Hub
from mdm.corrections.terms import SOURCE as CORRECTION
from mdm.hub.lists import together
from mdm.hub.runs import DECISION, kept_by, of_published
from mdm.hub.tables import Entity, EntityEvent, Relinked, Run

_MOVED = pa_schema(
    rid=pa.int32(), entity_id=pa.string(), since_run=pa.int32(), record_key=pa.string()
)
_KEY = "source, layout, record_key"
COLUMNS = ("rid", "source", "layout", "record_key", "entity_id", "since_run")


def moved(session: Session, run: Run, kind: str, rids: Collection[int] | None = None) -> pa.Table:
    """(rid, entity_id, since_run, record_key) of the records that small runs moved, up to `run`; the
    last move of each counts. `rids`: only these."""
    query = (
        select(Relinked.rid, Relinked.entity_id, Relinked.since_run, Relinked.record_key)
        .where(Relinked.kind == kind, col(Relinked.run_seq) <= run.seq)
        .where(col(Relinked.run_seq) > _base_seq(session, run))
        .order_by(col(Relinked.run_seq))
    )
    if rids is not None:
        query = query.where(col(Relinked.rid).in_(list(rids)))
    last = {row[0]: row for row in session.exec(query).all()}
    columns = zip(*last.values(), strict=True) if last else ([], [], [], [])
    arrays = [pa.array(list(c), f.type) for c, f in zip(columns, _MOVED, strict=True)]
    return pa.table(arrays, schema=_MOVED)


def _base_seq(session: Session, run: Run) -> int:
    if run.base is None:
        return run.seq
    return session.get_one(Run, run.base).seq


def retired(hub: Hub, kind: str, into: Collection[str] | None = None) -> pa.Table:
    """(entity_id, merged_into, since_run) of the merged ids that readers see: the run by whose merge they lead there;
    `into`: those that lead to some."""
    with hub.sessions.read() as session:
        query = select(Entity.entity_id, Entity.merged_into).where(
            Entity.kind == kind, Entity.status == "merged", col(Entity.merged_into).is_not(None)
        )
        if into is not None:
            query = query.where(col(Entity.merged_into).in_(list(into)))
        leads = dict(session.exec(query).all())
        merges = _merges(session, kind, leads if into is not None else None)
    since = [_since(one, merges) for one in leads]
    return pa.table(
        {
            "entity_id": pa.array(leads, pa.string()),
            "merged_into": pa.array(leads.values(), pa.string()),
            "since_run": pa.array(since, pa.int32()),
        }
    )


def _merges(
    session: Session, kind: str, only: Collection[str] | None
) -> dict[str, tuple[str, int]]:
    """Merged id → where its last merge led, and in which run."""
    query = (
        select(EntityEvent.entity_id, EntityEvent.other, EntityEvent.run_seq)
        .where(EntityEvent.kind == kind, EntityEvent.event == "merge")
        .where(of_published(EntityEvent.run_seq))
        .order_by(col(EntityEvent.run_seq), col(EntityEvent.id))
    )
    lots = [None] if only is None else list(together(only))
    rows = [
        row
        for some in lots
        for row in session.exec(
            query if some is None else query.where(col(EntityEvent.entity_id).in_(some))
        )
    ]
    return {one: (other, run_seq) for one, other, run_seq in rows if other is not None}


def _since(entity_id: str, merges: Mapping[str, tuple[str, int]]) -> int | None:
    """The run whose merge leads an id to where it leads now: the last one on its way."""
    at, since, met = entity_id, None, set[str]()
    while (found := merges.get(at)) is not None and at not in met:
        met.add(at)
        at, since = found
    return since


def note_newcomers(hub: Hub, engine: Engine, kind: str) -> None:
    """Make `<kind>_newcomers` (source, layout, record_key): records that came to an entity in the run of a merge, and
    were of no id that it retired. Looked up, in the moves that whole runs kept, only where records that came together
    are about to part: otherwise it is empty. Needs the other tables that `identify` reads."""
    name = f"{kind}_newcomers"
    engine.table(name, f"SELECT {_KEY} FROM {kind}_previous WHERE false")
    if not engine.scalar(f"SELECT count(*) FROM {kind}_retired"):
        return
    parting = engine.fetch(
        f"""
        SELECT DISTINCT r.since_run FROM {kind}_previous p
        JOIN (SELECT DISTINCT merged_into, since_run FROM {kind}_retired) r
        ON p.entity_id = r.merged_into AND p.since_run = r.since_run
        JOIN {kind}_standardised s USING (source, layout, record_key) LEFT JOIN {kind}_clusters c ON c.rid = s.rid
        GROUP BY r.merged_into, r.since_run HAVING count(DISTINCT coalesce(c.cluster, s.rid)) > 1
        """
    )
    merges = parting["since_run"].to_pylist()
    with hub.sessions.read() as session:
        query = select(Run).where(col(Run.seq).in_(merges), Run.kind != DECISION)
        runs = session.exec(query).all() if merges else ()
    for run in runs:
        kept = hub.lake.reader(
            f"run/{kind}_entity_moves",
            owner=kept_by(run),
            columns=("source", "layout", "record_key", "from_entity"),
        )
        if kept is None:
            continue
        engine.register("moves_kept", kept)
        engine.run(
            f"""
            INSERT INTO {name} SELECT {_KEY} FROM {kind}_previous
            ANTI JOIN (FROM moves_kept SEMI JOIN {kind}_retired r ON r.entity_id = from_entity) USING ({_KEY})
            WHERE since_run = {run.seq}
            AND entity_id IN (SELECT merged_into FROM {kind}_retired WHERE since_run = {run.seq})
            """
        )
        engine.drop("moves_kept")


def bring(hub: Hub, engine: Engine, kind: str, run: Run, name: str) -> bool:
    """Make table `name` (the columns of `COLUMNS`) of all links as of `run`; False where the lake has none. Records of
    corrections that only small runs know have no number yet."""
    reader = hub.lake.reader(f"run/{kind}_links", owner=kept_by(run), columns=COLUMNS)
    if reader is None:
        return False
    with hub.sessions.read() as session:
        changes = moved(session, run, kind)
        added = _added(session, changes)
    if not changes.num_rows:
        engine.register(name, reader)
        return True
    engine.register("links_kept", reader)
    engine.register("links_moved", changes)
    engine.register("links_added", added)
    engine.table(
        name,
        f"""
        SELECT k.rid, k.source, k.layout, k.record_key, coalesce(m.entity_id, k.entity_id) AS entity_id,
               coalesce(m.since_run, k.since_run) AS since_run
        FROM links_kept k LEFT JOIN links_moved m ON m.rid = k.rid
        -- Homes of before may hold one twice: then it stood alone, and goes back to its own with the next run.
        WHERE k.source <> '{CORRECTION}' OR k.record_key NOT IN (FROM links_added SELECT record_key)
        UNION ALL
        SELECT NULL, '{CORRECTION}', '{"person" if kind == "person" else "family"}', record_key, entity_id, since_run
        FROM links_added
        """,
    )
    engine.drop("links_kept", "links_moved", "links_added")
    return True


def _added(session: Session, moves: pa.Table) -> pa.Table:
    """Of the moved records those of corrections that no whole run knows, and that are nobody's who was erased."""
    added = moves.filter(pc.less(moves["rid"], pa.scalar(0, pa.int32())))
    ids = added["entity_id"].unique().to_pylist()
    living = select(Entity.entity_id).where(
        Entity.status != "erased", col(Entity.entity_id).in_(ids)
    )
    held = pa.array(session.exec(living).all(), pa.string())
    return added.filter(pc.is_in(added["entity_id"], held))


def of_entities(hub: Hub, session: Session, run: Run, kind: str, ids: Collection[str]) -> pa.Table:
    """The links of some entities as of `run`, with the group of each record (mdm/lake/kept.py)."""
    owner, dataset = kept_by(run), f"run/{kind}_links"
    here = _moved_to(session, run, kind, ids)
    found = hub.lake.pick(dataset, owner, "entity_id", ids)
    if found is None:
        return here
    gone = moved(session, run, kind, [rid for rid in found["rid"].to_pylist() if rid is not None])
    away = set(gone["rid"].to_pylist())
    stays = [rid is None or rid not in away for rid in found["rid"].to_pylist()]
    found = found.filter(pa.array(stays, pa.bool_()))
    if not here.num_rows:
        return found
    origin = hub.lake.pick(f"run/{kind}_origin", owner, "rid", here["rid"].to_pylist())
    assert origin is not None
    places = {row["rid"]: row for row in origin.to_pylist()}
    rows = [
        {**places[row["rid"]], "entity_id": row["entity_id"], "since_run": row["since_run"]}
        for row in here.to_pylist()
        if row["rid"] in places
    ]
    more = [{name: row[name] for name in found.schema.names} for row in rows]
    return pa.concat_tables([found, pa.Table.from_pylist(more, schema=found.schema)])


def keys_now(hub: Hub, run: Run, kind: str, source: str) -> dict[tuple[str, str], str]:
    """(layout, record key) → the provider's own key, of records that were found again under another than they are known
    by: where the newest row stands."""
    columns = ("source", "layout", "record_key", "landed_key", "until")
    newest: dict[tuple[str, str], tuple[str, str]] = {}
    for some in hub.lake.reader(f"run/{kind}_hands", kept_by(run), columns) or ():
        for row in some.filter(pc.equal(some["source"], pa.scalar(source))).to_pylist():
            record, stood = (row["layout"], row["record_key"]), (row["until"], row["landed_key"])
            newest[record] = max(stood, newest.get(record, stood))
    return {record: key for record, (_, key) in newest.items()}


def _moved_to(session: Session, run: Run, kind: str, ids: Collection[str]) -> pa.Table:
    """The records that small runs moved to some entities, and that are there still."""
    query = select(Relinked.rid).where(
        Relinked.kind == kind, col(Relinked.entity_id).in_(list(ids))
    )
    rids = session.exec(query.distinct()).all()
    there = moved(session, run, kind, rids)
    wanted = pa.array([entity in set(ids) for entity in there["entity_id"].to_pylist()], pa.bool_())
    return there.filter(wanted)
