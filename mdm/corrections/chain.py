"""The chain: propose, verify, endorse, approve; send back with a reason; withdraw.

Every act is a row that stays, with its audit event, in one unit of work. Who acts names the version they saw, and is
told kindly when somebody was there before them. Nobody acts in two roles on one proposal, and nobody agrees twice.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from typing import Any

from sqlmodel import Session, col, func, select

from matching.rules import Kind
from mdm import audit, judgements
from mdm.access.budgets import Budgets, Charge
from mdm.access.decide import decide
from mdm.access.restricted import restricted
from mdm.access.terms import Decision, Principal, Resource
from mdm.compose import Hub
from mdm.corrections import evidence, merging, revoking, store
from mdm.corrections.around import Around, look_around
from mdm.corrections.checks import SENT_ALREADY, examine
from mdm.corrections.deadlines import due_after, today
from mdm.corrections.document import CorrectionRules, Step, load_rules
from mdm.corrections.reading import NUMBERS
from mdm.corrections.resting import rests
from mdm.corrections.revoking import StoppedError
from mdm.corrections.terms import PURPOSE, SOURCE, Check, Draft, File, Proposal
from mdm.desk.errors import BudgetError
from mdm.errors import AccessError, ConflictError, InputError, UnknownError
from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.tables import Correction, CorrectionStep, CorrectionTarget
from mdm.hub.tables.corrections import APPROVED, WAITING
from mdm.judgements import RecordRef
from mdm.review import correcting

PROPOSE, READ, CHECK = "correction.propose", "correction.read", "correction.check"
SENT_BACK, WITHDRAWN = "sent-back", "withdrawn"
REGION_DIGITS = 6
LONGEST_NOTE = 1000
NOT_THERE = UnknownError("There is nobody to see.", "Search again in your own region.")


class RefusedError(InputError):
    """A draft cannot be sent as it is; `checks` say why, by column."""

    def __init__(self, checks: list[Check]) -> None:
        super().__init__("The proposal cannot be sent as it is.", "Mend what the checks name.")
        self.checks = checks


class SentError(RefusedError):
    """What is sent again is on its way already, as `correction`."""

    def __init__(self, checks: list[Check], correction: str) -> None:
        super().__init__(checks)
        self.correction = correction


class DoneError(ConflictError):
    """What somebody does again they have done already: nothing is changed by it."""


def try_out(hub: Hub, principal: Principal, draft: Draft) -> list[Check]:
    """What the checks say of a draft, before it is sent. It opens whom it names, and says so in the log."""
    rules = load_rules()
    charge(hub, principal, draft)
    with hub.sessions.begin() as session:
        around, decision = target(hub, session, principal, draft.entity_id)
        _, checks = examine(hub, session, rules, principal, draft, around, today(rules, now()))
        about = [around.target.entity_id]
        write_down(session, principal, CHECK, draft.kind, about, decision)
    return checks


def propose(hub: Hub, principal: Principal, draft: Draft) -> str:
    """Send a proposal on its way; its id. RefusedError with what the checks say against it; SentError where it is on
    its way already; UnknownError for somebody who is not there, or not in the proposer's region: both look the same."""
    rules = load_rules()
    charge(hub, principal, draft)
    with hub.sessions.begin() as session:
        one_by_one(session)
        around, decision = target(hub, session, principal, draft.entity_id)
        proposal, checks = examine(
            hub, session, rules, principal, draft, around, today(rules, now())
        )
        about, region = [around.target.entity_id], around.region or ""
        if proposal is not None:
            made = keep(hub, session, rules, principal, region, draft.files, proposal)
            write_down(session, principal, PROPOSE, made.kind, about, decision, id=made.id)
            return made.id
        # Checks tell of whom they looked at: that they did stays in the log, although nothing is kept.
        write_down(session, principal, CHECK, draft.kind, about, decision)
        error = refusal(session, checks)
    raise error


def refusal(session: Session, checks: list[Check]) -> RefusedError:
    """Why a draft is not kept: for what the checks say, or because it was kept before."""
    for one in checks:
        if one.code == SENT_ALREADY:
            query = select(Correction.id).where(Correction.number == one.value)
            return SentError(checks, session.exec(query).one())
    return RefusedError(checks)


def one_by_one(session: Session) -> None:
    """Whoever proposes, or decides last, sees what all others did before."""
    connection = session.connection()
    dialect_of(connection).exclusive(connection, "corrections")


def target(
    hub: Hub, session: Session, principal: Principal, entity_id: str, action: str = PROPOSE
) -> tuple[Around, Decision]:
    """Whom a principal may propose something about, opened. UnknownError otherwise; whose data are restricted looks as
    if not there."""
    around = look_around(hub, session, entity_id)
    if around is None or restricted(session, [around.target.entity_id]):
        raise NOT_THERE
    about = Resource(around.target.kind, around.region)
    decision = decide(principal, action, about, PURPOSE)
    if not decision.allowed:
        raise NOT_THERE
    return around, decision


def charge(hub: Hub, principal: Principal, draft: Draft) -> None:
    """Count the NIKs that a form names on the proposer's budget, honey NIKs included; what is counted stays, whatever
    comes of the form. BudgetError beyond it."""
    typed = {re.sub(r"[\s.\-]", "", draft.values.get(name, "")) for name in NUMBERS}
    niks = sorted(one for one in typed if re.fullmatch("[0-9]{16}", one))
    with hub.sessions.begin() as session:
        (verdict,) = Budgets(hub).charge(session, [Charge(principal, niks)])
    if not verdict.allowed:
        raise BudgetError(verdict)


def agree(
    hub: Hub, principal: Principal, correction: str, act: str, *, version: int, note: str = ""
) -> str:
    """Verify, endorse or approve; the state it leaves. With the approval, human links tie its records to their
    targets, or what it revokes is taken back. DoneError for what they have done already, ConflictError when somebody
    else acted meanwhile, StoppedError when another proposal stands in its way, AccessError when it is not theirs."""
    rules = load_rules()
    step = rules.step(act)
    with hub.sessions.begin() as session:
        if step.then == APPROVED:
            one_by_one(session)
        row = _take(session, principal, correction, version, [step.waits], act)
        _may(session, principal, row, step)
        row.state, row.version = step.then, row.version + 1
        row.due = due_after(rules, row.state, now())
        if row.state == APPROVED:
            row.decided = now()
        _step(hub, session, row, principal, act, step.role, note)
        # Last: who answers one of the tasks that it moves takes these turns in this order, too.
        if row.state == APPROVED:
            _carry_out(hub, session, row, principal.id, step.role)
    return row.state


def send_back(hub: Hub, principal: Principal, correction: str, *, version: int, note: str) -> None:
    """Give a proposal back to its proposer, with a reason, which is required. Errors as in `agree`."""
    if not note.strip():
        raise InputError("Say why it goes back.", "Write one sentence that helps the proposer.")
    rules = load_rules()
    with hub.sessions.begin() as session:
        row = _take(session, principal, correction, version, WAITING, "send-back")
        step = rules.waiting(row.state)
        assert step is not None  # an open proposal waits for somebody
        _may(session, principal, row, step)
        row.state, row.version = SENT_BACK, row.version + 1
        _step(hub, session, row, principal, "send-back", step.role, note)


def withdraw(hub: Hub, principal: Principal, correction: str, *, version: int) -> None:
    """Take back what one proposed oneself, while it is open, or give up what was sent back. Errors as in `agree`."""
    with hub.sessions.begin() as session:
        row = _take(session, principal, correction, version, (*WAITING, SENT_BACK), "withdraw")
        if row.proposer != principal.id:
            raise NOT_THERE
        row.state, row.version = WITHDRAWN, row.version + 1
        _step(hub, session, row, principal, "withdraw", "proposer", "")


def steps_of(session: Session, correction: str) -> list[CorrectionStep]:
    """What was done with a proposal, in order."""
    query = select(CorrectionStep).where(CorrectionStep.correction == correction)
    return list(session.exec(query.order_by(col(CorrectionStep.n))).all())


def step_for(session: Session, principal: Principal, row: Correction) -> Step | None:
    """The step a principal could take on a proposal now; None when it is not theirs."""
    step = load_rules().waiting(row.state)
    try:
        if step is not None:
            _may(session, principal, row, step)
    except (AccessError, UnknownError):
        return None
    return step


def keep(  # noqa: PLR0917 - all that a row is made of
    hub: Hub,
    session: Session,
    rules: CorrectionRules,
    principal: Principal,
    region: str,
    files: Sequence[File],
    proposal: Proposal,
) -> Correction:
    """Put a proposal on its way, in the caller's unit of work."""
    identity = proposal.parts[0].key if proposal.parts else secrets.token_hex(16)
    number = (session.exec(select(func.max(Correction.number))).one() or 0) + 1
    key, moment = store.give_key(hub, session, identity), now()
    row = Correction(
        id=identity,
        number=number,
        kind=proposal.kind,
        state=rules.chain[0].waits,
        version=1,
        region=region[:REGION_DIGITS],
        proposer=principal.id,
        proposed=moment,
        due=due_after(rules, rules.chain[0].waits, moment),
        content=store.sealed(key, identity, proposal),
    )
    session.add(row)
    for entity_id, attribute in sorted(proposal.entities):
        session.add(CorrectionTarget(correction=identity, entity_id=entity_id, attribute=attribute))
    evidence.keep(hub, session, identity, key, files)
    role = next(iter(sorted(principal.roles)), "")
    session.add(
        CorrectionStep(correction=identity, n=1, act="propose", role=role, actor=principal.id)
    )
    session.flush()
    correcting.note(session, identity)
    return row


def _take(  # noqa: PLR0917 - all that is held against what the asker saw
    session: Session,
    principal: Principal,
    correction: str,
    version: int,
    states: Collection[str],
    act: str,
) -> Correction:
    """The row, for this unit of work alone; ConflictError when it is not as the asker saw it, DoneError when that is
    their own doing: a form sent twice, or again for want of an answer; UnknownError for what rests."""
    connection = session.connection()
    dialect_of(connection).exclusive(connection, f"correction {correction}")
    row = store.by_id(session, correction)
    session.refresh(row)
    if rests(session, correction):
        raise NOT_THERE
    if row.version == version and row.state in states:
        return row
    done = [one.act for one in steps_of(session, correction) if one.actor == principal.id]
    if act in done:
        raise DoneError("You have done this already.", "Nothing was changed by sending it again.")
    raise ConflictError(
        "Somebody has acted on this proposal meanwhile.", "Open it again; nothing was lost."
    )


def _may(session: Session, principal: Principal, row: Correction, step: Step) -> None:
    """AccessError unless this step is the principal's: role, region, four eyes."""
    decision = decide(principal, step.action, Resource("correction", row.region), PURPOSE)
    if not decision.allowed:
        raise NOT_THERE
    before = [(one.act, one.role) for one in steps_of(session, row.id) if one.actor == principal.id]
    if row.proposer == principal.id or before:
        raise AccessError(
            "You have acted on this proposal already.", "Another person must take this step."
        )


def _step(  # noqa: PLR0917 - all that a row is made of
    hub: Hub,
    session: Session,
    row: Correction,
    principal: Principal,
    act: str,
    role: str,
    note: str,
) -> None:
    n = len(steps_of(session, row.id)) + 1
    sealed = None
    if note.strip():
        key = store.key_of(hub, session, row.id)
        sealed = store.seal_note(key, row.id, n, note.strip()[:LONGEST_NOTE]) if key else None
    session.add(
        CorrectionStep(correction=row.id, n=n, act=act, role=role, actor=principal.id, note=sealed)
    )
    session.add(row)
    session.flush()
    correcting.note(session, row.id)
    audit.record(
        session, principal.id, f"correction.{act}", id=row.id, kind=row.kind, purpose=PURPOSE
    )


def _carry_out(hub: Hub, session: Session, row: Correction, actor: str, role: str) -> None:
    """The human links of an approved correction; of one that revokes another, what undoes that."""
    key = store.key_of(hub, session, row.id)
    if key is None:
        raise UnknownError("What was proposed was erased.", "Send it back.")
    proposal = store.opened(key, row)
    if proposal.revokes is not None:
        revoking.carry_out(hub, session, row, proposal, actor=actor, role=role)
        return
    if revoking.stops(hub, session, proposal):
        raise StoppedError(Check("", revoking.GONE, "refuse"))
    said: list[tuple[Kind, RecordRef, RecordRef]] = [
        (part.kind, RecordRef(SOURCE, part.kind, part.key), part.anchor)
        for part in proposal.parts
        if part.anchor is not None
    ]
    if (merge := proposal.merge) is not None:
        said += [(merge.kind, *pair) for pair in merging.links(hub, session, merge)]
    reason = f"correction {row.number}"
    for kind, left, right in said:
        judgements.add(hub, session, kind, [(left, right, "link")], actor=actor, reason=reason)


def write_down(  # noqa: PLR0917 - all that an event says
    session: Session,
    principal: Principal,
    event: str,
    kind: str,
    about: Sequence[str],
    decision: Decision,
    **said: Any,
) -> None:
    """Whom somebody looked at for a proposal, in the audit log."""
    audit.record(
        session,
        principal.id,
        event,
        kind=kind,
        purpose=PURPOSE,
        entity_id=list(about),
        decision=decision.reason,
        policy=decision.policy,
        **said,
    )
