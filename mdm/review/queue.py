"""The queue: tasks of a steward's regions, the dearest first, a page at a time by key, not by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from mdm.access import Principal
from mdm.access.restricted import barred
from mdm.hub.columns import now
from mdm.hub.tables import ReviewAnswer, ReviewTask, ReviewTaskEntity
from mdm.review.terms import OPEN, UNSURE, WAITING, unpacked

PAGE = 30
KABUPATEN = 4  # digits of its code


@dataclass(frozen=True)
class Filters:
    """What of the queue is asked for. `region`: first digits of a Kemendagri code; `between`: only tasks that lie in no
    part of it alone, such as those of two of its kabupaten; weights in bits."""

    region: str | None = None
    between: bool = False
    kind: str | None = None
    question: str | None = None
    reason: str | None = None
    source: str | None = None
    weight_from: float | None = None
    weight_to: float | None = None
    status: str = OPEN


@dataclass(frozen=True)
class Key:
    """Where a page ends: the place of its last task in the order."""

    rank: float
    id: str


@dataclass(frozen=True)
class Counts:
    """How many open tasks there are, by what they can be filtered by. `regions`: with all that lies in them; `between`:
    provinces, and the country (''), with what lies in no part of them alone."""

    total: int
    kinds: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    regions: dict[str, int] = field(default_factory=dict)
    between: dict[str, int] = field(default_factory=dict)


def page(
    session: Session,
    principal: Principal,
    filters: Filters,
    after: Key | None = None,
    *,
    limit: int = PAGE,
) -> list[ReviewTask]:
    """The next tasks after a place, also those that others have in hand."""
    query = select(ReviewTask).where(*where(principal, filters))
    return _in_order(session, query, after, limit)


def next_for(
    session: Session,
    principal: Principal,
    filters: Filters,
    *,
    besides: Sequence[str] = (),
    after: Key | None = None,
) -> ReviewTask | None:
    """The first task that somebody may take now: not in another's hand, not answered by them."""
    at = now()
    query = select(ReviewTask).where(
        *where(principal, filters),
        or_(
            col(ReviewTask.claimed_until).is_(None),
            col(ReviewTask.claimed_until) <= at,
            ReviewTask.claimed_by == principal.id,
        ),
        ~_answered(principal),
    )
    if besides:
        query = query.where(col(ReviewTask.id).not_in(list(besides)))
    found = _in_order(session, query, after, 1)
    return found[0] if found else None


def following(
    session: Session, principal: Principal, filters: Filters, task: ReviewTask
) -> ReviewTask | None:
    """The task to ask after this one: further down the order, then from its top. What somebody has
    in hand besides, they have seen already: it may be fetched ahead before this one is answered."""
    below = next_for(session, principal, filters, after=Key(task.rank, task.id))
    if below is not None:
        return below
    held = [one.id for one in in_hand(session, principal, now())]
    return next_for(session, principal, filters, besides=[task.id, *held])


def counts(session: Session, principal: Principal, filters: Filters) -> Counts:
    """How many tasks the filters leave, and of which they are."""
    query = sa.select(
        col(ReviewTask.kind),
        col(ReviewTask.reasons),
        col(ReviewTask.sources),
        func.substr(col(ReviewTask.region), 1, KABUPATEN),
        func.count(),
    ).where(*where(principal, filters))
    groups = session.connection().execute(query.group_by(sa.text("1, 2, 3, 4"))).all()
    total, kinds, reasons, sources, regions = 0, _Sum(), _Sum(), _Sum(), _Sum()
    for kind, of_reasons, of_sources, region, n in groups:
        total += n
        kinds.add(kind, n)
        regions.add(region, n)
        for reason in unpacked(of_reasons):
            reasons.add(reason, n)
        for source in unpacked(of_sources):
            sources.add(source, n)
    between = {code: n for code, n in regions.items() if is_between(code)}
    within = _within(regions).most()
    return Counts(total, dict(kinds), reasons.most(), sources.most(), within, between)


def is_between(region: str) -> bool:
    """Whether the region of a task is wider than a kabupaten: it is of several."""
    return len(region) < KABUPATEN


def _within(regions: _Sum) -> _Sum:
    """The counts with those of a province's kabupaten in the province's own: whoever filters by it gets them all."""
    return _Sum(
        {
            code: sum(n for other, n in regions.items() if other.startswith(code)) if code else own
            for code, own in regions.items()
        }
    )


def waiting(session: Session, principal: Principal, filters: Filters | None = None) -> int:
    """How many tasks wait in somebody's regions, open ones by default: one count over an index."""
    conditions = where(principal, filters or Filters())
    query = select(func.count()).select_from(ReviewTask).where(*conditions)
    return session.exec(query).one()


def in_hand(session: Session, principal: Principal, at: datetime) -> list[ReviewTask]:
    """The tasks that somebody has taken and not answered."""
    query = select(ReviewTask).where(
        ReviewTask.claimed_by == principal.id, col(ReviewTask.claimed_until) > at
    )
    return list(session.exec(query).all())


def _in_order(
    session: Session, query: SelectOfScalar[ReviewTask], after: Key | None, limit: int
) -> list[ReviewTask]:
    rank, identity = col(ReviewTask.rank), col(ReviewTask.id)
    if after is not None:
        query = query.where(
            or_(rank < after.rank, sa.and_(rank == after.rank, identity < after.id))
        )
    ordered = query.order_by(rank.desc(), identity.desc()).limit(limit)
    return list(session.exec(ordered).all())


def where(principal: Principal, filters: Filters) -> list[sa.ColumnElement[bool]]:
    """The conditions on tasks: of somebody's regions, as filtered, and about nobody whose processing is restricted."""
    region = col(ReviewTask.region)
    about = select(ReviewTaskEntity.task_id).where(col(ReviewTaskEntity.entity_id).in_(barred()))
    found = [col(ReviewTask.status) == filters.status, col(ReviewTask.id).not_in(about)]
    if "" not in principal.regions:
        found.append(or_(sa.false(), *(region.startswith(one) for one in principal.regions)))
    if filters.between:
        found.append(region == (filters.region or ""))
    elif filters.region:
        found.append(region.startswith(filters.region))
    if filters.kind:
        found.append(col(ReviewTask.kind) == filters.kind)
    for column, name in (
        (ReviewTask.questions, filters.question),
        (ReviewTask.reasons, filters.reason),
        (ReviewTask.sources, filters.source),
    ):
        if name:
            found.append(col(column).contains(f"|{name}|", autoescape=True))
    if filters.weight_from is not None:
        found.append(col(ReviewTask.weight) >= filters.weight_from)
    if filters.weight_to is not None:
        found.append(col(ReviewTask.weight) <= filters.weight_to)
    return found


def _answered(principal: Principal) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(
            col(ReviewAnswer.task_id) == col(ReviewTask.id),
            col(ReviewAnswer.version) == col(ReviewTask.version),
            col(ReviewAnswer.actor) == principal.id,
            or_(col(ReviewAnswer.state) == WAITING, col(ReviewAnswer.outcome) == UNSURE),
        )
        .correlate(ReviewTask)
    )


class _Sum(dict[str, int]):
    def add(self, name: str, n: int) -> None:
        self[name] = self.get(name, 0) + n

    def most(self) -> dict[str, int]:
        """The most frequent first."""
        return dict(sorted(self.items(), key=lambda item: (-item[1], item[0])))
