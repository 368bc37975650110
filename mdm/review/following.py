"""How standing tasks follow the groups that are open now: they go on, are made, come to an end.

A task keeps its id and its age as long as an entity in it stays open. Its version rises whenever it
is about other entities or records: an answer given before then no longer counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of, table_of
from mdm.hub.lists import together
from mdm.hub.tables import ReviewTask, ReviewTaskEntity
from mdm.ids import short_id
from mdm.questions.groups import connected
from mdm.review.correcting import corrected
from mdm.review.cost import answers_needed
from mdm.review.document import load_rules
from mdm.review.facts import EntityFacts
from mdm.review.grouping import OpenTask, follow
from mdm.review.ranking import place_of, ranked
from mdm.review.terms import CLOSED, DECIDED, OPEN, QuestionRow, packed, unpacked

REGION_STEPS = (6, 4, 2, 0)  # digits of kecamatan, kabupaten, provinsi, country
_ENTITY = ("task_id", "entity_id", "records", "region", "sources", "benefit", "boundary")
_NOTHING = EntityFacts()


@dataclass
class Following:
    """One run's tasks, brought up to date in the caller's unit of work. `merged`: entity → the one
    this run merged it into; `started`: when the run began, and with it what it knew of answers."""

    session: Session
    run_seq: int
    started: datetime
    merged: Mapping[str, str] = field(default_factory=dict)

    def write(
        self,
        touched: Collection[str],
        open_: Iterable[QuestionRow],
        facts: Mapping[str, EntityFacts],
        guesses: Mapping[str, EntityFacts],
    ) -> int:
        """Tasks written. `touched`: everybody whose task may change; `open_`: what is open about
        them; `facts`: what this run knows of entities; `guesses`: what to think of the rest."""
        groups, questions = grouped(open_)
        tasks, rows = self._open_tasks(touched)
        became = follow(groups, [self._open_task(tasks[one], rows[one]) for one in tasks])
        known = {one.entity_id: known_facts(one) for of in rows.values() for one in of}
        held = {**guesses, **known, **facts}
        waits = corrected(self.session, [one for group in groups for one in group])
        ids, fresh, entities = dict[int, str](), list[dict[str, Any]](), list[tuple[Any, ...]]()
        for at, group in enumerate(groups):
            of = {one: held.get(one, _NOTHING) for one in group}
            about = about_of(questions[at], of) | {"correction": not waits.isdisjoint(group)}
            if at in became.keeps:
                task = tasks[became.keeps[at].id]
                self._renew(task, about, changed=_records(rows[task.id]) != _records_of(of))
                ids[at] = task.id
            else:
                fresh.append(self._new(about, became.heirs.get(at)))
                ids[at] = fresh[-1]["id"]
            entities += [_row(ids[at], one, facts) for one, facts in of.items()]
        kept = {one.id for one in became.keeps.values()}
        for task in tasks.values():
            if task.id not in kept:
                self._end(task, ids.get(became.ended.get(task.id, -1)))
        self._store(tasks, fresh, entities)
        return len(tasks) + len(fresh)

    def _open_tasks(
        self, touched: Collection[str]
    ) -> tuple[dict[str, ReviewTask], dict[str, list[ReviewTaskEntity]]]:
        """The tasks with one of these entities in them, and their entities."""
        wanted: set[str] = set()
        for some in together(touched):
            query = select(ReviewTaskEntity.task_id)
            wanted.update(
                self.session.exec(query.where(col(ReviewTaskEntity.entity_id).in_(some))).all()
            )
        tasks: dict[str, ReviewTask] = {}
        rows: dict[str, list[ReviewTaskEntity]] = defaultdict(list)
        for some in together(sorted(wanted)):
            # Locked: who answers one of them meanwhile is the second, not the run.
            named = select(ReviewTask).where(col(ReviewTask.id).in_(some))
            named = named.order_by(col(ReviewTask.id)).with_for_update()
            tasks |= {task.id: task for task in self.session.exec(named).all()}
            of = select(ReviewTaskEntity).where(col(ReviewTaskEntity.task_id).in_(some))
            for row in self.session.exec(of).all():
                rows[row.task_id].append(row)
        return tasks, rows

    def _open_task(self, task: ReviewTask, rows: Iterable[ReviewTaskEntity]) -> OpenTask:
        entities = frozenset(self.merged.get(row.entity_id, row.entity_id) for row in rows)
        return OpenTask(task.id, task.opened, task.opened_run, entities)

    def _new(self, about: Mapping[str, Any], heir: OpenTask | None) -> dict[str, Any]:
        """The row of a new task. Plain: a first run makes ten thousand."""
        identity, opened = short_id(), heir.opened if heir else now()
        parts, rank = place_of(about, opened)
        return {
            "id": identity,
            "status": OPEN,
            "version": 1,
            "opened_run": heir.opened_run if heir else self.run_seq,
            "opened": opened,
            "run_seq": self.run_seq,
            "needed": answers_needed(identity, load_rules()),
            "parts": parts,
            "rank": rank,
            **about,
        }

    def _renew(self, task: ReviewTask, about: Mapping[str, Any], *, changed: bool) -> None:
        task.sqlmodel_update(dict(about))
        task.run_seq = self.run_seq
        ranked(task)
        # The run may have begun before the answer: then it says nothing against it.
        unsettled = task.status == DECIDED and task.ended is not None and task.ended < self.started
        if changed or unsettled:
            task.version += 1
            task.needed = answers_needed(task.id, load_rules())
            task.parked = None
            if task.status != DECIDED or unsettled:
                task.status, task.ended = OPEN, None
            task.claimed_by = task.claimed = task.claimed_until = None

    def _end(self, task: ReviewTask, followed_by: str | None) -> None:
        task.status, task.followed_by = CLOSED, followed_by
        task.version += 1
        task.ended = task.ended or now()
        task.claimed_by = task.claimed = task.claimed_until = None

    def _store(
        self,
        tasks: Mapping[str, ReviewTask],
        fresh: Sequence[Mapping[str, Any]],
        entities: Sequence[tuple[Any, ...]],
    ) -> None:
        self.session.flush()
        for some in together(tasks):
            self.session.exec(
                delete(ReviewTaskEntity).where(col(ReviewTaskEntity.task_id).in_(some))
            )
        connection = self.session.connection()
        if fresh:
            connection.execute(sa.insert(table_of(ReviewTask)), fresh)
        dialect_of(connection).load(connection, ReviewTaskEntity, _ENTITY, entities)


def grouped(
    open_: Iterable[QuestionRow],
) -> tuple[list[list[str]], list[list[QuestionRow]]]:
    """The groups of entities that open questions join, and the questions of each group."""
    asked = list(open_)
    groups = connected((one.entity_id, one.other or one.entity_id) for one in asked)
    place = {entity: at for at, group in enumerate(groups) for entity in group}
    questions: list[list[QuestionRow]] = [[] for _ in groups]
    for one in asked:
        questions[place[one.entity_id]].append(one)
    return groups, questions


def about_of(asked: Sequence[QuestionRow], of: Mapping[str, EntityFacts]) -> dict[str, Any]:
    """What a task says of its group of entities."""
    weights = [one.weight for one in asked if one.weight is not None]
    return {
        "kind": asked[0].kind,
        "region": shared_region(facts.region for facts in of.values()),
        "reasons": packed(one.reason for one in asked),
        "questions": packed(one.question for one in asked),
        "sources": packed(source for facts in of.values() for source in facts.sources),
        "weight": min(weights, key=lambda weight: (abs(weight), weight), default=None),
        "entities": len(of),
        "records": sum(facts.records for facts in of.values()),
        "benefit": any(facts.benefit for facts in of.values()),
        "boundary": any(facts.boundary for facts in of.values()),
    }


def shared_region(regions: Iterable[str | None]) -> str:
    """The smallest region that all of these lie in; the country where one is not known."""
    codes = {region or "" for region in regions}
    for step in REGION_STEPS:
        prefixes = {code[:step] for code in codes}
        if len(prefixes) == 1 and len(prefix := prefixes.pop()) == step:
            return prefix
    return ""


def known_facts(row: ReviewTaskEntity) -> EntityFacts:
    """What a task knows of one of its entities."""
    sources = unpacked(row.sources)
    return EntityFacts(row.records, row.region, sources, row.benefit, row.boundary)


def _row(task_id: str, entity_id: str, facts: EntityFacts) -> tuple[Any, ...]:
    return (
        task_id, entity_id, facts.records, facts.region, packed(facts.sources),
        facts.benefit, facts.boundary,
    )  # fmt: skip


def _records(rows: Iterable[ReviewTaskEntity]) -> dict[str, int]:
    return {row.entity_id: row.records for row in rows}


def _records_of(of: Mapping[str, EntityFacts]) -> dict[str, int]:
    return {entity: facts.records for entity, facts in of.items()}
