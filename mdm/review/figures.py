"""Figures for who answers for reviewing: what is open, who answered how much, how far they agree."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from mdm.access import Principal
from mdm.hub.tables import ReviewAnswer, ReviewTask
from mdm.review.agreement import Agreement, agreement
from mdm.review.queue import KABUPATEN, Filters, where
from mdm.review.terms import JUDGED, OPEN, PARKED, UNDONE

DAYS = 28
#: Ages of open tasks: a name and the days they are younger than.
AGES = (("day", 1), ("week", 7), ("month", 30), ("older", None))
IDLE = timedelta(minutes=10)  # between two answers; a longer pause is no work


@dataclass(frozen=True)
class Reviewer:
    """What one person answered. `per_hour`: answers in an hour at work; `seconds`: median of one; `overruled`: answers
    that others took back or took the place of."""

    actor: str
    answers: int
    per_hour: float | None
    seconds: float | None
    unsure: int
    overruled: int


@dataclass(frozen=True)
class Figures:
    """Everything a supervisor's page shows. `ages`: name → open tasks; `regions`: kabupaten digits →
    open tasks, those of several by the digits that these share; `decided`: tasks, however many had to
    agree; `overruled`: answers that others took back or took the place of."""

    open: int
    parked: int
    in_hand: int
    decided: int
    ages: dict[str, int]
    regions: dict[str, int]
    reviewers: tuple[Reviewer, ...]
    agreement: Agreement | None
    overruled: int


def figures(session: Session, principal: Principal, at: datetime) -> Figures:
    """The figures of somebody's regions, answers of the last DAYS days."""
    open_ = where(principal, Filters(status=OPEN))
    parked = where(principal, Filters(status=PARKED))
    answers = _answers(session, principal, at - timedelta(days=DAYS))
    overruled = _overruled(session, answers)
    regions = session.connection().execute(
        sa.select(func.substr(col(ReviewTask.region), 1, KABUPATEN), func.count())
        .where(*open_)
        .group_by(sa.text("1"))
    )
    held = [*open_, col(ReviewTask.claimed_until) > at]
    return Figures(
        open=_count(session, open_),
        parked=_count(session, parked),
        in_hand=_count(session, held),
        decided=len({(one.task_id, one.version) for one in answers if one.state == JUDGED}),
        ages=_ages(session, open_, at),
        regions={str(region): n for region, n in sorted(regions.all())},
        reviewers=tuple(_reviewers(answers, overruled)),
        agreement=agreement(_doubly(answers)),
        overruled=len(overruled),
    )


def _count(session: Session, which: Iterable[sa.ColumnElement[bool]]) -> int:
    return session.exec(select(func.count()).select_from(ReviewTask).where(*which)).one()


def _ages(session: Session, open_: list[sa.ColumnElement[bool]], at: datetime) -> dict[str, int]:
    found: dict[str, int] = {}
    until = None
    for name, days in AGES:
        opened = [*open_] if until is None else [*open_, col(ReviewTask.opened) <= until]
        if days is not None:
            since = at - timedelta(days=days)
            opened.append(col(ReviewTask.opened) > since)
            until = since
        found[name] = _count(session, opened)
    return found


def _answers(session: Session, principal: Principal, since: datetime) -> list[ReviewAnswer]:
    query = (
        select(ReviewAnswer)
        .join(ReviewTask, col(ReviewTask.id) == col(ReviewAnswer.task_id))
        .where(ReviewAnswer.at > since)
        .order_by(col(ReviewAnswer.at))
    )
    if "" not in principal.regions:
        here = [col(ReviewTask.region).startswith(one) for one in principal.regions]
        query = query.where(sa.or_(sa.false(), *here))
    return list(session.exec(query).all())


def _overruled(session: Session, answers: Iterable[ReviewAnswer]) -> set[str]:
    """The ids of those that somebody else took back or took the place of: who mends an own answer is not overruled."""
    later = aliased(ReviewAnswer)
    mended = select(ReviewAnswer.id).join(
        later,
        sa.and_(
            col(later.id) == col(ReviewAnswer.overruled_by),
            col(later.actor) == col(ReviewAnswer.actor),
        ),
    )
    found = {one.id for one in answers if one.overruled_by not in (None, one.actor)}
    return found - set(session.exec(mended).all()) if found else found


def _reviewers(answers: Iterable[ReviewAnswer], overruled: set[str]) -> Iterable[Reviewer]:
    by: dict[str, list[ReviewAnswer]] = defaultdict(list)
    for one in answers:
        by[one.actor].append(one)
    for actor in sorted(by, key=lambda actor: (-len(by[actor]), actor)):
        of = by[actor]
        seconds = [one.seconds for one in of if one.seconds is not None]
        yield Reviewer(
            actor=actor,
            answers=len(of),
            per_hour=_per_hour([one.at for one in of]),
            seconds=statistics.median(seconds) if seconds else None,
            unsure=sum(one.outcome == "unsure" for one in of),
            overruled=sum(one.id in overruled for one in of),
        )


def _per_hour(moments: list[datetime]) -> float | None:
    """Answers in an hour, pauses left out; None of a single one."""
    steps = [later - earlier for earlier, later in pairwise(moments)]
    worked = [step for step in steps if step <= IDLE]
    hours = sum(worked, timedelta()).total_seconds() / 3600
    return len(worked) / hours if hours else None


def _doubly(answers: Iterable[ReviewAnswer]) -> list[tuple[str, str]]:
    """First and second answer to the same task, of two people, those taken back left out."""
    of: dict[tuple[str, int], list[ReviewAnswer]] = defaultdict(list)
    for one in answers:
        if one.state != UNDONE:
            of[one.task_id, one.version].append(one)
    return [(two[0].outcome, two[1].outcome) for two in of.values() if len(two) > 1]
