"""Retracting: propose that an approved step be taken back, by an officer of its region, with a reason and evidence."""

from __future__ import annotations

from sqlmodel import Session, select

from mdm.access.decide import decide
from mdm.access.terms import Decision, Principal, Resource
from mdm.compose import Hub
from mdm.corrections import chain, revoking, store
from mdm.corrections.chain import CHECK, NOT_THERE, PROPOSE
from mdm.corrections.deadlines import today
from mdm.corrections.document import load_rules
from mdm.corrections.terms import PURPOSE, REVOKE, Check, Proposal, Retraction
from mdm.hub.columns import now
from mdm.hub.tables import Correction, CorrectionTarget


def try_out(hub: Hub, principal: Principal, draft: Retraction) -> list[Check]:
    """What is to be said of taking an approved step back, before that is sent; the look stays in the log."""
    with hub.sessions.begin() as session:
        _, checks, seen, decision = _examine(hub, session, principal, draft)
        chain.write_down(session, principal, CHECK, REVOKE, seen, decision)
    return checks


def propose(hub: Hub, principal: Principal, draft: Retraction) -> str:
    """Send on its way that an approved step be taken back; the id of that proposal. Errors as in `chain.propose`."""
    rules = load_rules()
    with hub.sessions.begin() as session:
        chain.one_by_one(session)
        proposal, checks, seen, decision = _examine(hub, session, principal, draft)
        if proposal is not None:
            region = store.by_id(session, draft.correction).region
            made = chain.keep(hub, session, rules, principal, region, draft.files, proposal)
            chain.write_down(session, principal, PROPOSE, REVOKE, seen, decision, id=made.id)
            return made.id
        chain.write_down(session, principal, CHECK, REVOKE, seen, decision)
        error = chain.refusal(session, checks)
    raise error


def _examine(
    hub: Hub, session: Session, principal: Principal, draft: Retraction
) -> tuple[Proposal | None, list[Check], list[str], Decision]:
    """The proposal to take a step back, what the checks say, whom it is about, why the principal may see that."""
    rules, row = load_rules(), session.get(Correction, draft.correction)
    if row is None:
        raise NOT_THERE
    decision = decide(principal, PROPOSE, Resource("correction", row.region), PURPOSE)
    if not decision.allowed:
        raise NOT_THERE
    proposal, checks = revoking.examine(
        hub, session, rules, principal, row, draft, today(rules, now())
    )
    targets = select(CorrectionTarget.entity_id).where(CorrectionTarget.correction == row.id)
    return proposal, checks, sorted(set(session.exec(targets))), decision
