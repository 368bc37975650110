"""Undo: take an answer back. Its judgements go, those it took the place of stand again, and the task
is open once more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sqlmodel import Session, col, select

from matching.rules import Judgement as Verdict
from matching.rules import Kind
from mdm import audit, judgements
from mdm.access import Principal, Resource, decide
from mdm.compose import Hub
from mdm.errors import AccessError, ConflictError
from mdm.hub.tables import ReviewAnswer, ReviewTask, ReviewTaskEntity
from mdm.judgements import Pair
from mdm.review import contents
from mdm.review.claims import SUPERVISE, claim, locked
from mdm.review.contents import Content
from mdm.review.terms import CLOSED, JUDGED, OPEN, OUTVOTED, UNDONE, WAITING
from mdm.review.words import TAKEN_BACK, pair_of, words_of


def undo(hub: Hub, principal: Principal, answer_id: str) -> int:
    """Take back one's own answer, or as a supervisor anybody's; how many judgements that wrote.

    AccessError for another's; ConflictError for one that is taken back, or that others outvoted.
    """
    with hub.sessions.begin() as session:
        one, task = _found(session, principal, answer_id)
        content = contents.opened(hub, session, one)
        if one.state not in (WAITING, JUDGED) or content is None:
            raise ConflictError("This answer cannot be taken back.", "Look at the task again.")
        written = _take_back(hub, session, principal, one=one, content=content, kind=task.kind)
        together = _of_one_decision(session, one) if one.state == JUDGED else [one]
        for other in together:
            other.state = UNDONE
            if other.actor != principal.id:
                other.overruled_by = principal.id
            session.add(other)
        _open_again(session, task, content)
        session.flush()
        claim(session, principal, task.id)
        audit.record(
            session,
            principal.id,
            "review.undo",
            id=one.id,
            kind=task.kind,
            entity_id=sorted(set(content.entities.values())),
            counts={"judgements": written},
        )
        return written


def last_of(session: Session, principal: Principal) -> ReviewAnswer | None:
    """The last answer of somebody that can be taken back."""
    query = select(ReviewAnswer).where(
        ReviewAnswer.actor == principal.id, col(ReviewAnswer.state).in_((WAITING, JUDGED))
    )
    return session.exec(query.order_by(col(ReviewAnswer.at).desc()).limit(1)).first()


def _found(
    session: Session, principal: Principal, answer_id: str
) -> tuple[ReviewAnswer, ReviewTask]:
    one = session.get(ReviewAnswer, answer_id)
    if one is None:
        raise AccessError("There is no such answer of yours.", "Take back one of your own.")
    task = locked(session, principal, one.task_id)
    session.refresh(one)  # somebody may have taken it back while this waited for its turn
    resource = Resource(task.kind, region=task.region)
    if one.actor != principal.id and not decide(principal, SUPERVISE, resource).allowed:
        raise AccessError("There is no such answer of yours.", "Take back one of your own.")
    return one, task


def _take_back(
    hub: Hub,
    session: Session,
    principal: Principal,
    *,
    one: ReviewAnswer,
    content: Content,
    kind: str,
) -> int:
    """Write what stood before, on every pair on which the answer still has the last word."""
    words, mine = words_of(hub), set(one.judgements)
    back = []
    for pair, before in content.before:
        last = words.last(session, kind, pair)
        if last is not None and last.id in mine:
            back.append((*pair, cast(Verdict, before or TAKEN_BACK)))
    if back:
        ids = judgements.add(
            hub, session, cast(Kind, kind), back, actor=principal.id, reason=judgements.UNDO
        )
        _theirs_again(hub, session, one, {back[at][:2]: said for at, said in enumerate(ids)})
    return len(back)


def _theirs_again(
    hub: Hub, session: Session, one: ReviewAnswer, given_back: Mapping[Pair, str]
) -> None:
    """The answers that this one had overruled stand again: what was given back is theirs, to be taken back with
    them. `given_back`: pair → judgement."""
    query = select(ReviewAnswer).where(
        ReviewAnswer.overruled_by == one.id, ReviewAnswer.state == JUDGED
    )
    for other in session.exec(query).all():
        said = [pair_of(*pair) for _, pair in judgements.pairs(hub, session, ids=other.judgements)]
        fresh = (given_back[pair] for pair in dict.fromkeys(said) if pair in given_back)
        other.judgements = [*other.judgements, *fresh]
        other.overruled_by = None
        session.add(other)


def _of_one_decision(session: Session, one: ReviewAnswer) -> list[ReviewAnswer]:
    query = select(ReviewAnswer).where(
        ReviewAnswer.task_id == one.task_id,
        ReviewAnswer.version == one.version,
        col(ReviewAnswer.state).in_((JUDGED, OUTVOTED)),
    )
    return list(session.exec(query).all())


def _open_again(session: Session, task: ReviewTask, content: Content) -> None:
    """The task as it was; where it was over, its entities stand in it again, so that it goes on."""
    if task.status == CLOSED:
        for entity_id in sorted(set(content.entities.values())):
            records = sum(entity == entity_id for entity in content.entities.values())
            session.merge(
                ReviewTaskEntity(
                    task_id=task.id, entity_id=entity_id, records=records, region=task.region
                )
            )
    task.status, task.ended, task.parked, task.followed_by = OPEN, None, None, None
    task.version += 1
    session.add(task)
