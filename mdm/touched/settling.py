"""Settling: bring the judgements that no published run knows into the golden records, at once.

Kind by kind, as the path does; each kind is one small run, published atomically. What cannot be done
at once (a whole run is under way, or too many records are concerned) waits, and is done later: nothing
is lost, for judgements are facts that every run reads.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlmodel import Session, col, func, select

from matching.engine import Engine
from matching.linkage import ORDER
from matching.rules import Judgement as Verdict
from matching.rules import Kind
from mdm import rulebook
from mdm.compose import Hub
from mdm.contracts import layouts_of, load_contracts
from mdm.corrections.terms import SOURCE as CORRECTION
from mdm.hub.runs import (
    DECISION,
    PUBLISHED,
    abandon_run,
    published_run,
    start_run,
    unfinished_runs,
    whole_run,
)
from mdm.hub.tables import CorrectionPlace, Judgement, Relinked, RuleSet, Run
from mdm.judgements import Pair, RecordRef
from mdm.lookup import SURVIVORSHIP
from mdm.publishing import publish
from mdm.survivorship.moved import had_elsewhere
from mdm.touched.clustering import cluster_again
from mdm.touched.components import Components, TooFarError, column
from mdm.touched.corrected import bring_corrections
from mdm.touched.reach import Reach, reach
from mdm.touched.surviving import survive_again
from mdm.touched.verdicts import Judged, Verdicts
from mdm.work.lock import BRIEF, BusyError
from mdm.work.progress import Silent

TOO_FAR = "too-far"  # why they wait: only a whole run reaches all that is concerned


@dataclass(frozen=True)
class Settled:
    """What readers see now. `entities`: per kind the entities whose profiles were made again, those
    that were and those that are; `runs`: sequence numbers of the small runs; `deferred`: judgements
    that reach too far, which the next whole run respects."""

    runs: tuple[int, ...]
    entities: dict[Kind, frozenset[str]]
    deferred: int = 0


@dataclass(frozen=True)
class Waiting:
    """Judgements that wait for a later run. `reason`: busy (a run is under way), too-far (too many
    records are concerned), or nothing-published."""

    reason: str
    judgements: int


def pending(hub: Hub) -> int:
    """How many judgements no published run knows yet."""
    with hub.sessions.read() as session:
        query = select(func.count()).where(col(Judgement.seq) > _known(session))
        return session.exec(query).one()


def settle(hub: Hub, engine: Engine, verdicts: Verdicts) -> Settled | Waiting | None:
    """Settle all that is pending; None when nothing is. `engine` may hold tables of an earlier call."""
    if not pending(hub):
        return None
    try:
        with hub.lock(BRIEF):
            return _settle(hub, engine, verdicts)
    except BusyError:
        return Waiting("busy", pending(hub))


def _settle(hub: Hub, engine: Engine, verdicts: Verdicts) -> Settled | Waiting | None:
    _give_up_dead(hub)
    with hub.sessions.read() as session:
        base = whole_run(session)
        fresh = verdicts.after(session, _known(session))
    fresh = [one for one in fresh if one.seq not in verdicts.deferred]
    if base is None:
        return Waiting("nothing-published", len(fresh))
    if not fresh:
        return None
    runs: list[int] = []
    entities: dict[Kind, frozenset[str]] = {}
    kinds = [kind for kind in ORDER if any(one.kind == kind for one in fresh)]
    before = len(verdicts.deferred)
    for kind in kinds:
        known = max(one.seq for one in fresh) if kind == kinds[-1] else None
        own = [one for one in fresh if one.kind == kind]
        for some in _together(own):
            mark = known if some[-1] is own[-1] else None
            try:
                pairs = [one.pair for one in some]
                done = _one_kind(hub, engine, verdicts, kind=kind, pairs=pairs, known=mark)
            except TooFarError:
                _give_up_dead(hub)
                verdicts.deferred |= {one.seq for one in some}
                continue
            runs.append(done[0])
            for name, ids in done[1].items():
                entities[name] = entities.get(name, frozenset()) | ids
    deferred = len(verdicts.deferred) - before
    return Settled(tuple(runs), entities, deferred) if runs else Waiting(TOO_FAR, deferred)


def _together(judged: Sequence[Judged]) -> list[list[Judged]]:
    """Judgements in lots that share no record: one that reaches too far holds up no other."""
    lots: list[tuple[set[RecordRef], list[Judged]]] = []
    for one in judged:
        refs = set(one.pair)
        own = [lot for lot in lots if lot[0] & refs]
        lots = [lot for lot in lots if not lot[0] & refs]
        lots.append(
            (refs.union(*(lot[0] for lot in own)), [*(s for lot in own for s in lot[1]), one])
        )
    return [sorted(of, key=lambda one: one.seq) for _, of in lots]


def _one_kind(
    hub: Hub,
    engine: Engine,
    verdicts: Verdicts,
    *,
    kind: Kind,
    pairs: Sequence[Pair],
    known: int | None,
) -> tuple[int, dict[Kind, frozenset[str]]]:
    """Take the judged records of one kind along again and publish. `known`: the number of the last
    judgement that is settled with it."""
    run = _start(hub)
    with hub.sessions.read() as session:
        before = published_run(session)
        assert before is not None  # a whole run is published
        components = Components(hub, session, before)
        found, corrected = _reached(engine, components, verdicts, kind=kind, pairs=pairs)
        human = _by_rid(components, found, verdicts)
        cluster_again(engine, components, found, human=human, seq=run.seq)
        chosen = _chosen(engine, components, run, kind, corrected)
        now = survive_again(engine, components, found, chosen=chosen)
    looked_at: dict[Kind, frozenset[str]] = {of: found.golden[of] | now[of] for of in ORDER}
    # Ids that were merged away earlier stand in the table too: they may have to lead elsewhere now.
    looked_at[kind] |= found.judged | column(
        engine.fetch(f"SELECT entity_id FROM {kind}_entities"), "entity_id"
    )
    moves = _moves(engine, kind, run.seq)
    publish(
        hub,
        engine,
        run,
        Silent(),
        only={str(of): ids for of, ids in looked_at.items()},
        sealed=[str(of) for of, ids in looked_at.items() if chosen and ids],
        within=_with(run, before, known, moves),
    )
    return run.seq, looked_at


def _reached(
    engine: Engine,
    components: Components,
    verdicts: Verdicts,
    *,
    kind: Kind,
    pairs: Sequence[Pair],
) -> tuple[Reach, bool]:
    """What the new judgements reach, and whether corrections are about them that the whole run did not know,
    or that were taken back since."""
    # Of the moment of which corrections are read: one that was approved meanwhile must not come without its link.
    verdicts.read(components.session)
    refs = {ref for pair in pairs for ref in pair}
    near = verdicts.about(kind, refs)
    refs |= {ref for pair in near for ref in pair}
    places = _places(components, kind, refs)
    seeds = [places[ref] for pair in pairs for ref in pair if ref in places]
    ends = [_ends(places, pair) for pair, verdict in near.items() if verdict == "link"]
    found = reach(components, kind, seeds, [one for one in ends if one])
    everybody = frozenset().union(*found.golden.values())
    corrected = bring_corrections(engine, components, everybody)
    corrected |= any(ref.source == CORRECTION for pair in pairs for ref in pair)
    if corrected:  # one may name another family
        found = reach(components, kind, seeds, [one for one in ends if one])
    return found, corrected


def _by_rid(
    components: Components, found: Reach, verdicts: Verdicts
) -> dict[tuple[int, int], list[Verdict]]:
    """The verdicts on all pairs with a record in them that is clustered anew, also those given long ago, by rid, and
    the links beyond them, for what people said of whom else is no open question; several where records have become one
    family since."""
    kind = found.kind
    own = _refs(kind, components.records(kind, ()), found.judged)
    if kind != "person":
        own = _listed(components, own) | own
    known = own | _beyond(components, kind, own, verdicts)
    human: dict[tuple[int, int], list[Verdict]] = {}
    for pair, verdict in verdicts.about(kind, known).items():
        left, right = known.get(pair[0]), known.get(pair[1])
        if left is not None and right is not None and left != right:
            said = human.setdefault((min(left, right), max(left, right)), [])
            if own.keys().isdisjoint(pair):
                said.clear()  # whether others contradict each other is asked where they are clustered
            said.append(verdict)
    return human


def _beyond(
    components: Components, kind: Kind, own: Mapping[RecordRef, int], verdicts: Verdicts
) -> dict[RecordRef, int]:
    """The records that people judged against those clustered anew, and what they joined to these."""
    others = {ref for pair in verdicts.about(kind, own) for ref in pair} - own.keys()
    ahead = others
    while ahead:
        said = verdicts.about(kind, ahead).items()
        joined = {ref for pair, verdict in said if verdict == "link" for ref in pair}
        ahead = joined - others - own.keys()
        others |= ahead
    if not others:
        return {}
    groups = {group for _, group in components.places(kind, others).values()}
    rows = components.records(kind, groups)
    found = _refs(kind, rows, column(rows, "entity_id"))
    return {ref: found[ref] for ref in others if ref in found}


def _chosen(
    engine: Engine, components: Components, run: Run, kind: Kind, corrected: bool
) -> frozenset[Kind]:
    """The kinds of which values may be others now: all where there are corrections or other rules; else
    the judged kind, and that only where a record moved; of families that the registry had elsewhere before, their
    households (mdm/survivorship/moved.py)."""
    if corrected or not _same_rules(components.session, run):
        return frozenset(ORDER)
    if not _moved(engine, kind):
        return frozenset()
    moved = kind == "family" and had_elsewhere(components.records(kind, ()))
    return frozenset({kind, "household"}) if moved else frozenset({kind})


def _moved(engine: Engine, kind: Kind) -> bool:
    """Whether a record belongs to another entity now, or an entity came or went."""
    tables = (f"{kind}_entity_moves", f"{kind}_entity_events")
    return any(engine.scalar(f"SELECT count(*) FROM {table}") for table in tables)


def _same_rules(session: Session, run: Run) -> bool:
    """Whether the rules of choosing are this run's for all that readers see, since the whole run it
    stands on."""
    base = session.get_one(Run, run.base)
    seen = select(Run.rules).where(Run.status == PUBLISHED, Run.seq >= base.seq).distinct()
    digests = {*session.exec(seen).all(), run.rules}
    text = col(RuleSet.documents)[SURVIVORSHIP].as_string()
    texts = session.exec(select(text).where(col(RuleSet.digest).in_(list(digests)))).all()
    return len(texts) == len(digests) and len(set(texts)) == 1


def _places(
    components: Components, kind: Kind, refs: set[RecordRef]
) -> dict[RecordRef, tuple[int, int]]:
    return components.places(kind, refs) if refs else {}


def _ends(places: dict[RecordRef, tuple[int, int]], pair: Pair) -> tuple[int, int] | None:
    left, right = places.get(pair[0]), places.get(pair[1])
    return (left[0], right[0]) if left and right else None


def _refs(kind: Kind, rows: pa.Table, entities: Collection[str]) -> dict[RecordRef, int]:
    """Record → the number that pairs of its kind use, of some entities."""
    node = "node" if kind == "household" else "rid"
    names = ("source", "layout", "record_key", node, "entity_id")
    columns = zip(*(rows[name].to_pylist() for name in names), strict=True)
    return {
        RecordRef(source, layout, key): rid
        for source, layout, key, rid, entity in columns
        if entity in entities
    }


def _listed(components: Components, own: Mapping[RecordRef, int]) -> dict[RecordRef, int]:
    """The records by which people judged families when only their members told of them, as the rows that list their
    cards now."""
    told = layouts_of(load_contracts(components.hub.settings.home / "contracts"), "person")
    names = ("source", "kk", "layout", "record_key")
    rows = components.records("family", ())
    columns = zip(*(rows[name].to_pylist() for name in names), strict=True)
    return {
        RecordRef(source, layout, card): own[ref]
        for source, card, *rest in sorted((row for row in columns if row[1]), reverse=True)
        if (ref := RecordRef(source, *rest)) in own
        for of, layout in told
        if of == source
    }


def _start(hub: Hub) -> Run:
    rules = rulebook.record(hub)
    with hub.sessions.begin() as session:
        base = whole_run(session)
        assert base is not None
        return start_run(session, DECISION, secrets.token_hex(16), rules, base.model, base=base.id)


def _moves(engine: Engine, kind: Kind, seq: int) -> list[Relinked | CorrectionPlace]:
    """The records whose entity is another than before, and where those of corrections stand."""
    rows = engine.fetch(
        f"""
        SELECT l.rid, l.entity_id, l.since_run, CASE WHEN l.rid < 0 THEN l.record_key END AS record_key
        FROM {kind}_links l JOIN touched t USING (rid)
        WHERE l.entity_id <> t.entity_id OR l.rid < 0 ORDER BY l.rid
        """
    ).to_pylist()
    placed = engine.fetch(
        f"SELECT l.record_key, l.entity_id FROM {kind}_links l JOIN touched USING (rid)"
        f" WHERE l.source = '{CORRECTION}' ORDER BY ALL"
    ).to_pylist()
    moves: list[Relinked | CorrectionPlace] = [
        Relinked(kind=kind, run_seq=seq, **row) for row in rows
    ]
    return moves + [CorrectionPlace(run_seq=seq, **row) for row in placed]


def _with(
    run: Run, before: Run, known: int | None, moves: Sequence[Relinked | CorrectionPlace]
) -> Callable[[Session], None]:
    def within(session: Session) -> None:
        held = session.get_one(Run, run.id)
        held.judged = before.judged if known is None else known
        session.add_all(moves)

    return within


def _give_up_dead(hub: Hub) -> None:
    """Small runs that a killed process left; under the work lock nobody else makes any."""
    with hub.sessions.begin() as session:
        for run in unfinished_runs(session):
            if run.kind == DECISION:
                abandon_run(session, run)


def _known(session: Session) -> int:
    run = published_run(session)
    return (run.judged or 0) if run is not None else 0
