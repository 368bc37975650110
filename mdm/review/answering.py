"""Answering: what a reviewer says becomes judgements, once as many agree as must, in one transaction.

Where two must agree, the first answer waits sealed and the second sees nothing of it; when they
differ, a third decides; when all three differ, a supervisor does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from sqlmodel import Session, col, func, select

from matching.rules import Judgement as Verdict
from matching.rules import Kind
from mdm import audit, judgements
from mdm.access import Principal
from mdm.compose import Hub
from mdm.contracts import layouts_of, load_contracts
from mdm.errors import InputError
from mdm.hub.columns import now
from mdm.hub.tables import ReviewAnswer, ReviewTask, ReviewTaskEntity
from mdm.ids import short_id
from mdm.judgements import RecordRef
from mdm.review import contents
from mdm.review.claims import (
    ChangedError,
    TakenError,
    free,
    holder_of,
    locked,
    must_be_answerable,
)
from mdm.review.contents import Content
from mdm.review.contradictions import ContradictedError, contradictions, overruled
from mdm.review.document import load_rules
from mdm.review.partitions import Partition, Statement, outcome_of, statements
from mdm.review.terms import (
    DECIDED,
    DISAGREEMENT,
    JUDGED,
    NOBODY_SURE,
    OPEN,
    OUTVOTED,
    PARKED,
    UNSURE,
    WAITING,
)
from mdm.review.voices import answers_to
from mdm.review.words import TAKEN_BACK, Word, pair_of, words_of

MOST_ANSWERS = 3  # different ones, before a supervisor decides
LONGEST_NOTE = 2_000
WRITING = timedelta(minutes=10)  # an answer and the judgements it writes are never further apart


@dataclass(frozen=True)
class Given:
    """An answer as a reviewer gives it. `version`: of the task they saw; `entities`: record → entity
    as they saw it; `evidence`: what the page told of pairs; `overrule`: whether it may take the
    place of judgements that stand."""

    task_id: str
    version: int
    partition: Partition
    entities: Mapping[RecordRef, str] = field(repr=False)
    reason: str
    note: str | None = field(default=None, repr=False)
    evidence: Sequence[Any] = field(default=(), repr=False)
    overrule: bool = False


@dataclass(frozen=True)
class Answered:
    """What an answer came to: `state` decided, waiting (for another's), parked (for a supervisor) or
    unsure (another is asked); how many judgements it wrote."""

    answer_id: str
    state: str
    judgements: int


def answer(hub: Hub, principal: Principal, given: Given) -> Answered:
    """Take an answer. TakenError, ChangedError, ContradictedError: then nothing was written."""
    _check(given)
    words = words_of(hub)
    with hub.sessions.read() as session:  # unseal what is new outside the unit of work that writes
        words.about(session, "", ())
    with hub.sessions.begin() as session:
        task = _ready(session, principal, given)
        content = Content(
            given.partition, given.entities, given.note or None, given.evidence, given.overrule
        )
        standing = words.about(session, task.kind, given.partition.records)
        found = contradictions(given.partition, standing)
        if found and not given.overrule:
            raise ContradictedError(found)
        one = _answer_of(
            principal, task, given,
            outcome=outcome_of(given.partition, given.entities),
            began=_began(session, principal, task),
        )  # fmt: skip
        earlier = answers_to(session, task)
        done = _write(
            hub, session, task, one=one, content=content, earlier=earlier, standing=standing
        )
        free(task)
        session.add(task)
        return done


def _check(given: Given) -> None:
    if given.reason not in load_rules().reasons:
        raise InputError("This reason is not known.", "Choose one of the list.")
    if given.note and len(given.note) > LONGEST_NOTE:
        raise InputError("The note is too long.", f"Write {LONGEST_NOTE} characters at most.")


def _ready(session: Session, principal: Principal, given: Given) -> ReviewTask:
    task = locked(session, principal, given.task_id)
    at = now()
    holder = holder_of(task, at)
    if holder is not None and holder != principal.id:
        raise TakenError(holder, task.claimed or at)
    must_be_answerable(session, principal, task)
    in_it = select(ReviewTaskEntity.entity_id).where(ReviewTaskEntity.task_id == task.id)
    about = set(session.exec(in_it).all()) == set(given.entities.values())
    whole = given.partition.records == given.entities.keys()
    if task.version != given.version or not (about and whole):
        raise ChangedError
    return task


def _began(session: Session, principal: Principal, task: ReviewTask) -> datetime | None:
    """Since when somebody has been looking at a task: it may have been fetched ahead, while they
    still answered the one before."""
    if task.claimed is None or task.claimed_by != principal.id:
        return None
    query = select(func.max(ReviewAnswer.at)).where(
        ReviewAnswer.actor == principal.id, ReviewAnswer.at > task.claimed
    )
    return session.exec(query).one() or task.claimed


def _answer_of(
    principal: Principal, task: ReviewTask, given: Given, *, outcome: str, began: datetime | None
) -> ReviewAnswer:
    at = now()
    return ReviewAnswer(
        id=short_id(),
        task_id=task.id,
        version=task.version,
        actor=principal.id,
        at=at,
        seconds=None if began is None else round((at - began).total_seconds(), 3),
        outcome=outcome,
        reason=given.reason,
        state=WAITING,
    )


def _write(
    hub: Hub,
    session: Session,
    task: ReviewTask,
    *,
    one: ReviewAnswer,
    content: Content,
    earlier: Sequence[ReviewAnswer],
    standing: Sequence[Word],
) -> Answered:
    """Write the answer and whatever it decides."""
    spoken = {other.id: contents.opened(hub, session, other) for other in earlier}
    like = [o for o in earlier if (s := spoken[o.id]) and s.partition == content.partition]
    if one.outcome == UNSURE:
        state = _unsure(task, [other for other in earlier if other.outcome == UNSURE])
    elif task.status == PARKED or len(like) + 1 >= _needed(task, content.partition):
        content = _judge(hub, session, task, one=one, content=content, standing=standing)
        for other in earlier:
            other.state = JUDGED if other in like else OUTVOTED
            session.add(other)
        task.status, task.ended, task.parked = DECIDED, now(), None
        state = JUDGED
    else:
        state = WAITING
        if sum(other.outcome != UNSURE for other in earlier) + 1 >= MOST_ANSWERS:
            task.status, task.parked, state = PARKED, DISAGREEMENT, PARKED
        task.needed = max(task.needed, _needed(task, content.partition))
    contents.keep(hub, session, one, content)
    session.add(one)
    audit.record(
        session,
        one.actor,
        "review",
        id=one.id,
        kind=task.kind,
        decision=one.outcome,
        reason=one.reason,
        region=task.region or None,
        entity_id=sorted(set(content.entities.values())),
        counts={"judgements": len(one.judgements), "overruled": one.overruled},
        found=state == JUDGED,
    )
    return Answered(
        one.id, UNSURE if one.outcome == UNSURE and state == OPEN else state, len(one.judgements)
    )


def _unsure(task: ReviewTask, others: Sequence[ReviewAnswer]) -> str:
    if task.status == PARKED or len(others) + 1 >= load_rules().unsure.reviewers:
        task.status, task.parked = PARKED, task.parked or NOBODY_SURE
        return PARKED
    return OPEN


def _needed(task: ReviewTask, said: Partition) -> int:
    """How many answers must agree: two also where the answer makes one of very many records."""
    merges = len(said.groups) == 1 or task.records > said.largest
    large = said.largest >= load_rules().large_merge.records and merges
    return max(task.needed, 2 if large else 1)


def _judge(
    hub: Hub,
    session: Session,
    task: ReviewTask,
    *,
    one: ReviewAnswer,
    content: Content,
    standing: Sequence[Word],
) -> Content:
    """Write the judgements, the words they take the place of taken back; what was before them."""
    gone = overruled(content.partition, standing)
    left = {word.id for word in gone}
    kind = cast(Kind, task.kind)
    fresh = statements(
        content.partition,
        [word for word in standing if word.id not in left],
        _passing(hub, kind, content.partition),
    )
    judged = {pair for pair, _ in fresh}
    back: list[Statement] = [(w.pair, TAKEN_BACK) for w in gone if w.pair not in judged]
    before = {word.pair: word.judgement for word in standing}
    said_now = [(*pair, cast(Verdict, verdict)) for pair, verdict in (*back, *fresh)]
    one.judgements = list(
        judgements.add(hub, session, kind, said_now, actor=one.actor, reason=one.reason)
    )
    one.state, one.overruled = JUDGED, len(gone)
    mark_overruled(session, gone, one.id)
    pairs = [pair for pair, _ in (*back, *fresh)]
    return replace(content, before=[(pair_of(*pair), before.get(pair)) for pair in pairs])


def _passing(hub: Hub, kind: Kind, said: Partition) -> set[RecordRef]:
    """The families among the records that only their members tell of: gone once these leave the card."""
    if kind == "person":
        return set()
    told = layouts_of(load_contracts(hub.settings.home / "contracts"), "person")
    return {ref for ref in said.records if (ref.source, ref.layout) in told}


def mark_overruled(session: Session, words: Iterable[Word], by: str) -> None:
    """Say of the answers that wrote these words that another took their place."""
    marked: set[Any] = set()
    for word in words:
        if word.id in marked:
            continue
        query = select(ReviewAnswer).where(
            ReviewAnswer.state == JUDGED,
            ReviewAnswer.actor == word.actor,
            col(ReviewAnswer.at).between(word.at - WRITING, word.at + WRITING),
        )
        for one in session.exec(query).all():
            if word.id in one.judgements:
                one.overruled_by = by
                session.add(one)
                marked.update(one.judgements)
