"""The queue: what waits for a steward, in order of human cost, with filters and counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from litestar import Response, get
from litestar.di import NamedDependency
from sqlmodel import Session

from api.actions import declares
from api.web.evidence import reason
from api.web.operations.named import source_name
from api.web.pages import AnyRequest, page
from api.web.review.asked import (
    NEXT,
    PARKED_QUEUE,
    QUEUE,
    TASK,
    UNDO,
    Asked,
    asked_of,
    between_in,
    key_of,
    region_words,
)
from api.web.visitor import Visitor, visitor_of
from api.web.waiting import Waiting
from api.web.wording import IN, Wording
from mdm.access import Principal
from mdm.access.named import names_of
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import ReviewTask
from mdm.review import queue as tasks
from mdm.review.claims import holder_of
from mdm.review.cost import age_points
from mdm.review.document import load_rules
from mdm.review.terms import PARKED, unpacked
from mdm.review.undoing import last_of
from reference.regions import full_name

MOST_CHOICES = 40


@dataclass(frozen=True)
class Line:
    """One task in the list."""

    path: str
    kind: str
    reasons: tuple[str, ...]
    region: str
    weight: float | None
    entities: int
    records: int
    benefit: bool
    boundary: bool
    correction: bool
    opened: datetime
    cost: float
    held_by: str
    mine: bool


@dataclass(frozen=True)
class Choice:
    """A filter with its options: (value, text), the one chosen."""

    name: str
    key: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@dataclass(frozen=True)
class QueuePage:
    """The list, a page of it."""

    lines: tuple[Line, ...]
    total: int
    choices: tuple[Choice, ...]
    asked: Asked
    begin: str
    more: str
    parked: bool
    waiting_parked: int
    undo: str  # where the last answer is taken back; '' when there is none


@declares("review.list")
@get(QUEUE, sync_to_thread=True)
def queue(
    request: AnyRequest, hub: NamedDependency[Hub], principal: NamedDependency[Principal]
) -> Response[bytes]:
    """What waits."""
    asked, words = asked_of(request), IN[visitor_of(request).language]
    with hub.sessions.read() as session:
        found = tasks.page(session, principal, asked.filters, key_of(request))
        told = tasks.counts(session, principal, asked.filters)
        aside = parked_for(session, visitor_of(request))
        undoable = last_of(session, principal) is not None
        at = now()
        holders = {one.id: holder_of(one, at) for one in found}
        names = names_of(session, filter(None, holders.values()))
    lines = tuple(
        _line(words, one, holders[one.id], names=names, principal=principal, asked=asked)
        for one in found
    )
    last = found[-1] if len(found) == tasks.PAGE else None
    joint = "&" if asked.values else "?"
    return page(
        request,
        "review/queue.html",
        QueuePage(
            lines,
            told.total,
            tuple(_choices(words, asked, told)),
            asked,
            NEXT + asked.query,
            f"{QUEUE}{asked.query}{joint}sesudah={last.rank},{last.id}" if last else "",
            asked.value("keadaan") == "parkir",
            aside,
            UNDO + asked.query if undoable else "",
        ),
        status=422 if asked.unread else 200,
    )


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """Tasks that wait in somebody's regions."""
    if visitor.principal is None or not visitor.may("review.decide"):
        return
    with hub.sessions.read() as session:
        n = tasks.waiting(session, visitor.principal)
        aside = parked_for(session, visitor)
    if aside:
        yield Waiting(aside, "reviewing.waiting.parked", PARKED_QUEUE, "urgent")
    yield Waiting(n, "reviewing.waiting", QUEUE)


def parked_for(session: Session, visitor: Visitor) -> int:
    """How many tasks wait for this supervisor; 0 for everybody else."""
    if visitor.principal is None or not visitor.may("review.supervise"):
        return 0
    return tasks.waiting(session, visitor.principal, tasks.Filters(status=PARKED))


def _line(
    words: Wording,
    one: ReviewTask,
    holder: str | None,
    *,
    names: Mapping[str, str],
    principal: Principal,
    asked: Asked,
) -> Line:
    points = sum(one.parts.values()) + age_points(one.opened, now(), load_rules())
    return Line(
        path=TASK + one.id + asked.query,
        kind=one.kind,
        reasons=tuple(reason(words, name) for name in unpacked(one.reasons)),
        region=full_name(one.region) or words.t("reviewing.country"),
        weight=one.weight,
        entities=one.entities,
        records=one.records,
        benefit=one.benefit,
        boundary=one.boundary,
        correction=one.correction,
        opened=one.opened,
        cost=points,
        held_by=names.get(holder, "") if holder else "",
        mine=holder == principal.id,
    )


def _choices(words: Wording, asked: Asked, told: tasks.Counts) -> Iterator[Choice]:
    every = ("", words.t("reviewing.every"))
    between = {between_in(code): n for code, n in told.between.items()}
    regions = {code: n for code, n in told.regions.items() if code} | between
    filters: tuple[tuple[str, str, Mapping[str, int], Callable[[str], str]], ...] = (
        ("wilayah", "reviewing.filter.region", regions, partial(region_words, words)),
        ("jenis", "reviewing.filter.kind", told.kinds, lambda v: words.t(f"reviewing.kind.{v}")),
        ("sebab", "reviewing.filter.reason", told.reasons, lambda v: reason(words, v)),
        ("sumber", "reviewing.filter.source", told.sources, lambda v: source_name(words, v)),
    )
    for name, key, counted, text in filters:
        listed = [
            (value, f"{text(value)} ({words.number(n)})")
            for value, n in list(counted.items())[:MOST_CHOICES]
            if value
        ]
        chosen = asked.value(name)
        if chosen and chosen not in counted:
            listed.append((chosen, f"{text(chosen)} (0)"))
        yield Choice(name, key, (every, *listed), chosen)
