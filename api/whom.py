"""Whom a request of an auditor is about, if they live where the one who asks may look.

Nobody carries the number, somebody of another region carries it: both look the same.
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session

from api.guard import denied
from api.problems import Problem
from mdm import audit, tracing
from mdm.access import Principal, decide
from mdm.access.budgets import Budgets, Charge
from mdm.access.terms import Decision, Resource
from mdm.compose import Hub
from mdm.desk.errors import BudgetError
from mdm.errors import HomeError, InputError


def find_for(
    hub: Hub,
    session: Session,
    principal: Principal,
    act: tuple[str, str],
    request: tracing.TraceRequest,
) -> tuple[tracing.Target, Decision]:
    """Whom the request is about, if this principal may do `act` there: an action, for a purpose.
    Problem 404 otherwise."""
    bare = replace(request, attributes=(), kind=None)
    try:
        whom = tracing.find(hub, session, bare)
    except (InputError, HomeError):  # nobody, or nothing published then: both look the same
        raise nobody() from None
    action, purpose = act
    resource = Resource(whom.opened.kind, tracing.region_of(hub, session, whom))
    decision = decide(principal, action, resource, purpose)
    if not decision.allowed:
        raise nobody()
    if not request.attributes and request.kind is None:
        return whom, decision
    return tracing.find(hub, session, request), decision


def asked_for(
    hub: Hub, principal: Principal, act: tuple[str, str], request: tracing.TraceRequest
) -> tuple[tracing.Target, Decision]:
    """The same, counted on the budget of who asks. A miss is in the audit log before it is told; what
    comes of a hit, whoever shows it writes down. BudgetError beyond the budget."""
    subject = request.nik or request.entity_id or ""
    try:
        with hub.sessions.read() as session:
            found = find_for(hub, session, principal, act, request)
    except Problem as problem:
        if problem.status == 404:
            missed(hub, principal, subject, act[1])
        raise
    charge(hub, principal, subject)
    return found


def missed(hub: Hub, principal: Principal, subject: str, purpose: str) -> None:
    """Count, and put on record, that somebody asked for whom there is not to be seen."""
    charge(hub, principal, subject, missed=True)
    with hub.sessions.begin() as session:
        audit.record(session, principal.id, "look", purpose=purpose, found=False)


def charge(hub: Hub, principal: Principal, subject: str, *, missed: bool = False) -> None:
    """Count one subject, a NIK or an entity id, on a budget; what is counted stays. BudgetError beyond it."""
    with hub.sessions.begin() as session:
        cost = Charge(principal, [subject], [subject] if missed else [])
        (verdict,) = Budgets(hub).charge(session, [cost])
    if not verdict.allowed:
        raise BudgetError(verdict)


def may_see(
    target: tracing.Target, decision: Decision, request: tracing.TraceRequest
) -> tracing.TraceRequest:
    """The request, for the attributes that may be seen; whole records only where all may be."""
    may = decision.fields.get(target.opened.kind, frozenset())
    held = {choice.attribute for choice in target.explanation.choices}
    if request.attributes and not set(request.attributes) <= may:
        raise denied("no-fields")
    if held <= may:
        return request
    some = request.attributes or sorted(held & may)
    if not some:
        raise nobody()
    return replace(request, attributes=some, whole_records=False)


def nobody() -> Problem:
    """The refusal that says nothing of who there is."""
    return Problem(
        404,
        "nobody",
        "There is nobody to show under this number.",
        "Check the number and the moment. What lies outside your regions looks the same.",
    )
