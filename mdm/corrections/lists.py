"""Lists of proposals: one's own, those that wait for somebody's step, those about a family; and one, whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, or_, select

from mdm import audit
from mdm.access.decide import decide, may
from mdm.access.named import names_of
from mdm.access.terms import WHOLE_COUNTRY, Principal, Resource
from mdm.compose import Hub
from mdm.corrections import evidence, merging, store
from mdm.corrections.around import known_as
from mdm.corrections.chain import (
    NOT_THERE,
    PROPOSE,
    READ,
    SENT_BACK,
    WITHDRAWN,
    step_for,
    steps_of,
)
from mdm.corrections.checks import carried_elsewhere
from mdm.corrections.deadlines import Clock, clock
from mdm.corrections.document import Step, load_rules
from mdm.corrections.heads import name_of
from mdm.corrections.merging import SAID_APART, Merged, said_apart
from mdm.corrections.outcomes import Outcome, outcomes
from mdm.corrections.recalling import heard
from mdm.corrections.resting import resting, rests
from mdm.corrections.revoking import GONE, Upon, stops, taken_back_by, upon
from mdm.corrections.terms import PURPOSE, REVOKE, File, Proposal
from mdm.hub.columns import now
from mdm.hub.tables import Correction, CorrectionEvidence, CorrectionStep, CorrectionTarget
from mdm.hub.tables.corrections import APPROVED, REVOKED, WAITING

PAGE, RECENT = 50, 20
ONE_VALUE = "correct-value"  # a kind of corrections.yaml


@dataclass(frozen=True)
class Listed:
    """One proposal in a list: nothing of whom it is about but how it stands."""

    row: Correction
    clock: Clock
    family: str | None  # whose sheet it belongs to
    value: tuple[str, str] | None  # kind and attribute, where it is about one value
    outcomes: Sequence[Outcome]
    merged: Merged | None  # where it says that two are one
    revokes: int | None = None  # the number of the step that it takes back


@dataclass(frozen=True)
class StepTaken:
    """A step, with who took it and the reason given."""

    step: CorrectionStep
    login: str
    note: str


@dataclass(frozen=True)
class Taken:
    """The step that a proposal takes back, open, with what came after it while that is not decided. `none`: it opens no
    more."""

    row: Correction
    proposal: Proposal
    names: dict[str, str]
    after: Upon | None


@dataclass(frozen=True)
class Whole:
    """One proposal, open. `step`: what the reader may do with it now; `own`: it is the reader's, and open; `back`: it
    is the reader's, and was sent back to be mended; `merged`: what became of two that are said to be one, and `parter`,
    by whom it was taken back; None where nothing of the sort was approved. `taken`: the step that this one takes back;
    `by`: the proposal that took this one back; `heard`: when the civil registry was told of what was, and when that it
    was; `revocable`: the reader may propose to."""

    row: Correction
    proposal: Proposal
    clock: Clock
    steps: Sequence[StepTaken]
    evidence: Sequence[CorrectionEvidence]
    outcomes: Sequence[Outcome]
    names: dict[str, str]  # entity id → name, of those it is about
    warnings: Sequence[str]  # what the checks said, and what they say to this reader now
    head_after: str  # the name of who is head afterwards of a family that loses its head; empty where it is not known
    step: Step | None
    own: bool
    back: bool
    merged: Merged | None
    parter: str | None
    taken: Taken | None
    by: Correction | None
    heard: tuple[datetime, datetime | None] | None
    revocable: bool


def mine(hub: Hub, principal: Principal) -> list[Listed]:
    """What somebody proposed, the newest first."""
    with hub.sessions.read() as session:
        query = select(Correction).where(Correction.proposer == principal.id, ~resting())
        rows = session.exec(query.order_by(col(Correction.number).desc()).limit(PAGE)).all()
        return _listed(hub, session, rows)


def inbox(hub: Hub, principal: Principal) -> list[Listed]:
    """What waits for somebody's step, the most overdue first; not what they proposed themselves."""
    query = _waiting(principal)
    if query is None:
        return []
    with hub.sessions.read() as session:
        rows = session.exec(query.order_by(col(Correction.due), col(Correction.number)).limit(PAGE))
        return _listed(hub, session, [r for r in rows if step_for(session, principal, r)])


def decided(hub: Hub, principal: Principal) -> list[Listed]:
    """What somebody took a step on, the latest first; not what they proposed themselves."""
    last = (
        select(CorrectionStep.correction, func.max(CorrectionStep.at).label("at"))
        .where(CorrectionStep.actor == principal.id)
        .group_by(CorrectionStep.correction)
        .subquery()
    )
    query = (
        select(Correction)
        .join(last, last.c.correction == Correction.id)
        .where(Correction.proposer != principal.id, ~resting())
        .order_by(last.c.at.desc(), col(Correction.number).desc())
        .limit(RECENT)
    )
    with hub.sessions.read() as session:
        rows = [row for row in session.exec(query).all() if _sees(principal, row)]
        return _listed(hub, session, rows)


def count_waiting(hub: Hub, principal: Principal) -> tuple[int, int]:
    """How many proposals wait for somebody's step, and how many of them are late."""
    query = _waiting(principal)
    if query is None:
        return 0, 0
    late = sa.case((col(Correction.due) < now(), 1), else_=0)
    with hub.sessions.read() as session:
        counted = query.with_only_columns(func.count(), func.coalesce(func.sum(late), 0))
        n, overdue = session.connection().execute(counted).one()
    return int(n), int(overdue)


def count_returned(hub: Hub, principal: Principal) -> int:
    """How many proposals of somebody were sent back and wait for them: not given up, and nothing of theirs proposed
    since about the same."""
    later, ours, theirs = aliased(Correction), aliased(CorrectionTarget), aliased(CorrectionTarget)
    again = (
        select(later.id)
        .join(theirs, col(theirs.correction) == later.id)
        .join(
            ours,
            sa.and_(
                col(ours.entity_id) == theirs.entity_id, col(ours.attribute) == theirs.attribute
            ),
        )
        .where(
            later.proposer == principal.id,
            later.number > Correction.number,
            later.state != WITHDRAWN,
            ours.correction == Correction.id,
        )
        .exists()
    )
    with hub.sessions.read() as session:
        return session.exec(
            select(func.count())
            .select_from(Correction)
            .where(
                Correction.proposer == principal.id,
                Correction.state == SENT_BACK,
                ~again,
                ~resting(),
            )
        ).one()


def about(hub: Hub, principal: Principal, entity_ids: Sequence[str]) -> list[Listed]:
    """The proposals about some entities that a principal may see, the newest first."""
    with hub.sessions.read() as session:
        query = (
            select(Correction)
            .join(CorrectionTarget, col(CorrectionTarget.correction) == Correction.id)
            .where(
                col(CorrectionTarget.entity_id).in_(list(known_as(session, entity_ids))), ~resting()
            )
            .order_by(col(Correction.number).desc())
            .distinct()
            .limit(PAGE)
        )
        rows = [row for row in session.exec(query).all() if _sees(principal, row)]
        return _listed(hub, session, rows)


def open_whole(hub: Hub, principal: Principal, correction: str) -> Whole:
    """Open one proposal; the reveal is in the audit log before. UnknownError for what is not to be
    seen, and what rests."""
    rules = load_rules()
    with hub.sessions.begin() as session:
        row = store.by_id(session, correction)
        key = store.key_of(hub, session, correction)
        if key is None or not _sees(principal, row) or rests(session, correction):
            raise NOT_THERE
        proposal = store.opened(key, row)
        told = steps_of(session, correction)
        became = merging.merged(hub, session, [(row, proposal)]).get(row.id)
        by = became.by if became else None
        logins = names_of(session, [*(one.actor for one in told), *([by] if by else [])])
        taken = _taken(hub, session, row, proposal)
        shown = [proposal, *([taken.proposal] if taken else [])]
        audit.record(
            session,
            principal.id,
            "correction.open",
            id=correction,
            kind=row.kind,
            purpose=PURPOSE,
            entity_id=sorted(
                {one for said in shown for one, _ in said.entities}
                | ({proposal.head_after or ""} - {""})
            ),
            fields={kind: names for said in shown for kind, names in said.told.items()},
        )
        return Whole(
            row=row,
            proposal=proposal,
            clock=clock(rules, row, now()),
            steps=[
                StepTaken(
                    one,
                    logins.get(one.actor, one.actor),
                    store.open_note(key, row.id, one.n, one.note)
                    if one.note and one.n > proposal.unsaid
                    else "",
                )
                for one in told
            ],
            evidence=evidence.of(session, correction),
            outcomes=outcomes(hub, session, [(row, proposal)]).get(row.id, []),
            names=_names(proposal),
            warnings=_warnings(hub, session, principal, row, proposal),
            head_after=name_of(hub, session, proposal.head_after) if proposal.head_after else "",
            step=step_for(session, principal, row),
            own=row.proposer == principal.id and row.state in WAITING,
            back=row.proposer == principal.id and row.state == SENT_BACK,
            merged=became,
            parter=logins.get(by, by) if by else None,
            taken=taken,
            by=taken_back_by(hub, session, row),
            heard=heard(session, row.id) if row.state == REVOKED else None,
            revocable=row.state == APPROVED
            and row.kind != REVOKE
            and decide(principal, PROPOSE, Resource("correction", row.region), PURPOSE).allowed,
        )


def open_evidence(hub: Hub, principal: Principal, correction: str, file: str) -> File:
    """One file of evidence; the reveal is in the audit log before, with whom the proposal is about: what else their
    papers show nobody knows."""
    with hub.sessions.begin() as session:
        row = store.by_id(session, correction)
        key = store.key_of(hub, session, correction)
        held = session.get(CorrectionEvidence, file)
        if (
            key is None
            or held is None
            or held.correction != correction
            or not _sees(principal, row)
            or rests(session, correction)
        ):
            raise NOT_THERE
        proposal = store.opened(key, row)
        audit.record(
            session,
            principal.id,
            "correction.evidence",
            id=[correction, file],
            purpose=PURPOSE,
            entity_id=sorted({one for one, _ in proposal.entities}),
            fields=proposal.told,
        )
    return evidence.read(hub, held, key)


def _names(proposal: Proposal) -> dict[str, str]:
    return {p.entity_id: str(p.was.get("name") or "") for p in proposal.parts if p.entity_id}


def _taken(hub: Hub, session: Session, row: Correction, proposal: Proposal) -> Taken | None:
    if proposal.revokes is None:
        return None
    one = store.by_id(session, proposal.revokes.correction)
    key = store.key_of(hub, session, one.id)
    if key is None:
        return None
    said = store.opened(key, one)
    after = upon(hub, session, one, said) if row.state in (*WAITING, SENT_BACK) else None
    return Taken(one, said, _names(said), after)


def _warnings(
    hub: Hub, session: Session, principal: Principal, row: Correction, proposal: Proposal
) -> list[str]:
    """What the checks said when it was proposed, and what they say to this reader now."""
    said = list(proposal.warnings)
    if carried_elsewhere(hub, session, principal, proposal):
        said.append("moves-here" if row.kind == "add-member" else "nik-of-another")
    if row.state in WAITING and stops(hub, session, proposal):
        said.append(GONE)
    merge = proposal.merge if row.state in WAITING else None
    if merge is not None and said_apart(hub, session, merge):
        said.append(SAID_APART)
    return list(dict.fromkeys(said))


def _sees(principal: Principal, row: Correction) -> bool:
    decision = decide(principal, READ, Resource("correction", row.region), PURPOSE)
    return decision.allowed or row.proposer == principal.id


def _waiting(principal: Principal) -> Any:
    """The proposals that wait for one of a principal's steps, in their regions; None where they have no step."""
    steps = [s for s in load_rules().chain if may(principal, s.action, PURPOSE).allowed]
    if not steps:
        return None
    query = select(Correction).where(
        col(Correction.state).in_([step.waits for step in steps]),
        Correction.proposer != principal.id,
        ~resting(),
    )
    if WHOLE_COUNTRY in principal.regions:
        return query
    here = [
        col(Correction.region).startswith(region, autoescape=True) for region in principal.regions
    ]
    return query.where(or_(sa.false(), *here))


def _listed(hub: Hub, session: Session, rows: Sequence[Correction]) -> list[Listed]:
    rules, moment = load_rules(), now()
    opened = list(store.open_many(hub, session, rows))
    became, joined = outcomes(hub, session, opened), merging.merged(hub, session, opened)
    proposed = {row.id: proposal for row, proposal in opened}
    return [
        Listed(
            row,
            clock(rules, row, moment),
            one.family if (one := proposed.get(row.id)) else None,
            _value_of(one) if one else None,
            became.get(row.id, []),
            joined.get(row.id),
            one.revokes.number if one and one.revokes else None,
        )
        for row in rows
    ]


def _value_of(proposal: Proposal) -> tuple[str, str] | None:
    """What is corrected, where it is one value: of a family's domicile its members' is too."""
    about = [(part.kind, attribute) for part in proposal.parts for attribute in part.attributes]
    return about[0] if about and proposal.kind == ONE_VALUE else None
