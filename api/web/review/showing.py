"""Showing a task: it is claimed and the look recorded before anything of it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from markupsafe import Markup
from sqlmodel import Session, select

from api.guard import denied
from api.web.evidence import reason
from api.web.operations.named import source_name
from api.web.pages import AnyRequest
from api.web.review.asked import NEXT, TASK, asked_of
from api.web.review.graph import graph
from api.web.review.model import Table, table_of
from api.web.visitor import visitor_of
from api.web.wording import IN, Wording
from mdm import audit
from mdm.access import Principal, Resource, decide
from mdm.access.budgets import Budgets, Charge
from mdm.access.named import names_of
from mdm.access.restricted import restricted
from mdm.compose import Hub
from mdm.desk.errors import BudgetError
from mdm.hub.columns import now
from mdm.hub.tables import ReviewTask, ReviewTaskEntity
from mdm.judgements import RecordRef
from mdm.review import queue
from mdm.review.claims import claim
from mdm.review.contradictions import Contradiction
from mdm.review.cost import age_points
from mdm.review.document import load_rules
from mdm.review.terms import unpacked
from mdm.review.voices import Voice, voices
from mdm.tracing.component import Component, look
from reference.regions import full_name
from reference.sentences import Sentence

OPEN_VALUES, PURPOSE = "review.open", "review"


@dataclass(frozen=True)
class Clash:
    """A contradiction in words: the records as letters, and each standing judgement on the way."""

    left: str
    right: str
    apart: bool  # the answer says apart, what stands says one
    words: tuple[tuple[str, str, str, datetime, str], ...]  # left, right, verdict, at, who


@dataclass(frozen=True)
class Heard:
    """What a reviewer said, for the supervisor who settles it: the records of each person as letters.
    `note`: '' while values are masked; `noted`: whether there is one."""

    who: str
    at: datetime
    outcome: str
    groups: str
    reason: Sentence
    note: str
    noted: bool


@dataclass(frozen=True)
class TaskPage:
    """Everything the page of a task knows."""

    task_id: str
    version: int
    kind: str
    region: str
    reasons: tuple[str, ...]
    benefit: bool
    boundary: bool
    correction: bool
    parts: tuple[tuple[Sentence, float], ...]
    table: Table
    picture: Markup
    answers: tuple[tuple[str, Sentence], ...]
    path: str
    query: str
    next_path: str
    onward: str
    opened: bool
    groups: Mapping[int, str]
    note: str
    reason: str
    clashes: tuple[Clash, ...]
    parked: str
    heard: tuple[Heard, ...]


@dataclass(frozen=True)
class Taken:
    """A task in hand: the row, its entities, its component."""

    task: ReviewTask
    ids: tuple[str, ...]
    component: Component


def take(hub: Hub, principal: Principal, task_id: str, *, opened: bool = False) -> Taken:
    """Claim a task and write down the look, or the reveal; then look. TakenError, ChangedError,
    UnknownError; Problem where values may not be opened."""
    with hub.sessions.begin() as session:
        task = claim(session, principal, task_id)
        ids = entities_of(session, task_id)
        fields = fields_of(principal, task)
        if opened and not fields:
            raise denied("no-fields")
        audit.record(
            session,
            principal.id,
            "reveal" if opened else "look",
            purpose=PURPOSE,
            id=task_id,
            kind=task.kind,
            entity_id=list(ids),
            region=task.region or None,
            fields={task.kind: sorted(fields)} if opened else None,
            found=True,
        )
    return Taken(task, ids, _unrestricted(hub, look(hub, task.kind, ids)))  # type: ignore[arg-type]


def _unrestricted(hub: Hub, component: Component) -> Component:
    """Without the relatives whose processing is restricted, as if they were not there."""
    everybody = {one.entity_id for members in component.families.values() for one in members}
    with hub.sessions.read() as session:
        hidden = restricted(session, everybody)
    families = {
        family: tuple(one for one in members if one.entity_id not in hidden)
        for family, members in component.families.items()
    }
    return replace(component, families=families)


def charge(hub: Hub, principal: Principal, task_id: str) -> None:
    """Count those whose values are to be opened on the budget that lookups have, too; kept also when
    it is refused. BudgetError beyond it."""
    with hub.sessions.begin() as session:
        asked = Charge(principal, entities_of(session, task_id))
        (verdict,) = Budgets(hub).charge(session, [asked])
    if not verdict.allowed:
        raise BudgetError(verdict)


def entities_of(session: Session, task_id: str) -> tuple[str, ...]:
    """The entities of a task."""
    query = select(ReviewTaskEntity.entity_id).where(ReviewTaskEntity.task_id == task_id)
    return tuple(sorted(session.exec(query).all()))


def fields_of(principal: Principal, task: ReviewTask) -> frozenset[str]:
    """The attributes that may be opened of a task, by the access document; none when none may."""
    resource = Resource(task.kind, region=task.region)
    decision = decide(principal, OPEN_VALUES, resource, PURPOSE)
    if not decision.allowed:
        return frozenset()
    shown = decision.fields.get(task.kind, frozenset())
    # A household's records are dwellings and the families placed in them.
    return shown | decision.fields.get("family", frozenset()) if task.kind == "household" else shown


def task_page(
    request: AnyRequest,
    hub: Hub,
    principal: Principal,
    taken: Taken,
    *,
    opened: bool = False,
    groups: Mapping[int, str] | None = None,
    note: str = "",
    reason_given: str = "",
    contradicted: Sequence[Contradiction] = (),
) -> TaskPage:
    """The page of a task that is in hand."""
    words, asked, rules = IN[visitor_of(request).language], asked_of(request), load_rules()
    task = taken.task
    table = table_of(taken.component, words, fields_of(principal, task), opened=opened)
    with hub.sessions.read() as session:
        after = queue.following(session, principal, asked.filters, task)
        clashes = _clashes(session, words, taken, table, contradicted)
        spoken = voices(hub, session, task) if task.parked else []
        names = names_of(session, {one.actor for one in spoken})
    age = age_points(task.opened, now(), rules)
    parts = [(rules.cost[part].sentence, n) for part, n in task.parts.items() if part in rules.cost]
    return TaskPage(
        task_id=task.id,
        version=task.version,
        kind=task.kind,
        region=full_name(task.region) or words.t("reviewing.country"),
        reasons=tuple(reason(words, name) for name in unpacked(task.reasons)),
        benefit=task.benefit,
        boundary=task.boundary,
        correction=task.correction,
        parts=(*parts, (rules.cost["age"].sentence, age)),
        table=table,
        picture=graph(table, words.t("reviewing.graph")),
        answers=tuple(rules.reasons.items()),
        path=TASK + task.id,
        query=asked.query,
        next_path=(TASK + after.id if after else NEXT) + asked.query,
        onward=NEXT + asked.query,
        opened=opened,
        groups=groups or {column.place: str(column.group) for column in table.columns},
        note=note,
        reason=reason_given,
        clashes=clashes,
        parked=task.parked or "",
        heard=_heard(words, spoken, names, _letters(taken, table), opened=opened),
    )


def _heard(
    words: Wording,
    said: Sequence[Voice],
    names: Mapping[str, str],
    letters: Mapping[RecordRef, str],
    *,
    opened: bool,
) -> tuple[Heard, ...]:
    reasons = load_rules().reasons

    def listed(refs: Sequence[RecordRef]) -> str:
        return ", ".join(sorted(letters[ref] for ref in refs if ref in letters))

    def parted(one: Voice) -> str:
        unsure = words.t("reviewing.heard.unsure", letters=listed(one.unsure)) if one.unsure else ""
        return " | ".join(filter(None, (*map(listed, one.groups), unsure)))

    return tuple(
        Heard(
            names.get(one.actor, one.actor),
            one.at,
            one.outcome,
            parted(one),
            reasons[one.reason],
            one.note if opened else "",
            bool(one.note),
        )
        for one in said
    )


def _letters(taken: Taken, table: Table) -> dict[RecordRef, str]:
    return {taken.component.records[column.place].ref: column.letter for column in table.columns}


def _clashes(
    session: Session,
    words: Wording,
    taken: Taken,
    table: Table,
    found: Sequence[Contradiction],
) -> tuple[Clash, ...]:
    letters = _letters(taken, table)
    names = names_of(session, {word.actor for one in found for word in one.words})

    def called(ref: RecordRef) -> str:
        return letters.get(ref) or words.t(
            "reviewing.outside", source=source_name(words, ref.source)
        )

    return tuple(
        Clash(
            called(one.left),
            called(one.right),
            one.against is None,
            tuple(
                (
                    called(word.pair[0]),
                    called(word.pair[1]),
                    word.judgement,
                    word.at,
                    names.get(word.actor, word.actor),
                )
                for word in one.words
            ),
        )
        for one in found
    )
