"""Tasks follow what is open: made, renewed and ended when a run becomes visible.

`prepare` works out, before the commit, which groups of entities are open now where something
changed; `Renewal.write` lets the standing tasks follow them, in the unit of work that publishes.
What it costs goes with what changed: a small run after one decision touches a handful of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select

from matching.engine import Engine
from mdm.arrow import rows_of
from mdm.compose import Hub
from mdm.days import local
from mdm.hub.lists import together
from mdm.hub.tables import EntityQuestion, ReviewTask, ReviewTaskEntity, Run
from mdm.review.facts import EntityFacts, close_desils, facts_of
from mdm.review.following import Following, known_facts
from mdm.review.terms import QuestionRow


@dataclass(frozen=True)
class Renewal:
    """What a run changed for review. `touched`: entities whose tasks must be looked at; `open_`: the
    questions open about them and about all who hang together with them; `facts`: what the run knows
    of entities, `guesses` what part of their records says where nothing else is known."""

    run_seq: int
    started: datetime
    touched: frozenset[str]
    open_: Sequence[QuestionRow]
    facts: Mapping[str, EntityFacts]
    guesses: Mapping[str, EntityFacts]
    merged: Mapping[str, str] = field(default_factory=dict)

    def write(self, session: Session) -> int:
        """Bring the tasks up to date in the caller's unit of work; how many were written."""
        if not self.touched:
            return 0
        return Following(session, self.run_seq, self.started, self.merged).write(
            self.touched, self.open_, self.facts, self.guesses
        )


def prepare(
    hub: Hub,
    engine: Engine,
    kinds: Sequence[str],
    run: Run,
    only: Mapping[str, Collection[str]] | None = None,
) -> Renewal:
    """Work out what run `run` changes, from the questions it staged and the tables it made. `only`:
    per kind the entities that a small run looked at; of others its tables do not hold all."""
    bounds = close_desils(hub, local(run.started).date())
    with hub.sessions.read() as session:
        hub.dialect.unhurried(session.connection())
        touched, asked = _changed(session, run.seq)
        facts: dict[str, EntityFacts] = {}
        merged: dict[str, str] = {}
        for kind in kinds:
            whole = None if only is None else frozenset(only.get(kind, ()))
            known = _in_tasks(session, kind, whole)
            merged |= _merged(engine, kind, known)
            ids = {*known, *asked.get(kind, ())}
            found = facts_of(engine, kind, ids if whole is None else ids & whole, bounds)
            facts |= found
            touched |= {one for one, then in known.items() if one in found and found[one] != then}
        touched |= merged.keys()
        open_, touched = _closure(session, run.seq, touched)
        guesses: dict[str, EntityFacts] = {}
        for kind in kinds:
            named = ((one.entity_id, one.other) for one in open_ if one.kind == kind)
            rest = {one for both in named for one in both if one} - facts.keys()
            guesses |= facts_of(engine, kind, rest, bounds)
    return Renewal(run.seq, run.started, frozenset(touched), open_, facts, guesses, merged)


def _changed(session: Session, seq: int) -> tuple[set[str], dict[str, set[str]]]:
    """Entities about which this run opened or settled something; by kind those it opened, with those they name, of whom
    nothing need be open. Before there was any task, everything that is open."""
    asked_now = col(EntityQuestion.run_seq) == seq
    changed = or_(asked_now, col(EntityQuestion.retired_seq) == seq)
    if session.exec(select(ReviewTask.id).limit(1)).first() is None:
        changed = asked_now = _holds(seq)
    whom = (EntityQuestion.entity_id, EntityQuestion.other, EntityQuestion.kind)
    query = select(*whom, asked_now).where(changed)
    touched: set[str] = set()
    asked: dict[str, set[str]] = defaultdict(set)
    for entity_id, other, kind, open_now in session.exec(query).all():
        touched.add(entity_id)
        if open_now:
            asked[kind].update(one for one in (entity_id, other) if one)
    return touched, asked


def _holds(seq: int) -> sa.ColumnElement[bool]:
    """Whether a question is open as of a run."""
    retired = col(EntityQuestion.retired_seq)
    return sa.and_(col(EntityQuestion.run_seq) <= seq, or_(retired.is_(None), retired > seq))


def _in_tasks(session: Session, kind: str, only: Collection[str] | None) -> dict[str, EntityFacts]:
    """The entities of standing tasks of a kind, or of `only`, with what is known of them."""
    query = (
        select(ReviewTaskEntity)
        .join(ReviewTask, col(ReviewTask.id) == col(ReviewTaskEntity.task_id))
        .where(ReviewTask.kind == kind)
    )
    if only is None:
        rows = list(session.exec(query).all())
    else:
        entity = col(ReviewTaskEntity.entity_id)
        rows = [
            row
            for some in together(only)
            for row in session.exec(query.where(entity.in_(some))).all()
        ]
    return {row.entity_id: known_facts(row) for row in rows}


def _merged(engine: Engine, kind: str, known: Collection[str]) -> dict[str, str]:
    """Those of the known entities that this run merged into another: id → the one they went into."""
    if not known or not engine.exists(f"{kind}_entities"):
        return {}
    rows = rows_of(
        engine.fetch(
            f"SELECT entity_id, merged_into FROM {kind}_entities WHERE status = 'merged'"
            " AND merged_into IS NOT NULL"
        )
    )
    into = dict(rows)
    found = {}
    for one in known:
        at, seen = one, {one}
        while at in into and into[at] not in seen:
            at = into[at]
            seen.add(at)
        if at != one:
            found[one] = at
    return found


def _closure(
    session: Session, seq: int, touched: Iterable[str]
) -> tuple[list[QuestionRow], set[str]]:
    """The questions open about some entities, about whom these name, about whom stands in one task
    with them, and so on; with all entities met."""
    found: dict[tuple[str, str, str], QuestionRow] = {}
    met: set[str] = set()
    ahead = set(touched)
    while ahead:
        met |= ahead
        fresh = list(_open(session, seq, ahead))
        found |= {(one.entity_id, one.question, one.other): one for one in fresh}
        named = {one.other for one in fresh if one.other}
        ahead = (named | _beside(session, ahead)) - met
    return sorted(found.values(), key=lambda q: (q.entity_id, q.question, q.other)), met


def _open(session: Session, seq: int, ids: Iterable[str]) -> Iterator[QuestionRow]:
    for some in together(ids):
        query = sa.select(
            col(EntityQuestion.entity_id),
            col(EntityQuestion.question),
            col(EntityQuestion.other),
            col(EntityQuestion.kind),
            col(EntityQuestion.weight),
            col(EntityQuestion.reason),
        ).where(col(EntityQuestion.entity_id).in_(some), _holds(seq))
        for row in session.connection().execute(query).all():
            yield QuestionRow(*row)


def _beside(session: Session, ids: Iterable[str]) -> set[str]:
    """The entities that stand in one task with some of these."""
    found: set[str] = set()
    for some in together(ids):
        tasks = select(ReviewTaskEntity.task_id).where(col(ReviewTaskEntity.entity_id).in_(some))
        query = select(ReviewTaskEntity.entity_id).where(col(ReviewTaskEntity.task_id).in_(tasks))
        found.update(session.exec(query).all())
    return found
