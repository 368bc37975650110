"""Whom a question of an auditor is about, if they live where the one who asks may look.

Nobody carries the number, somebody of another region carries it: both look the same.
"""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import Session

from api.guard import denied
from api.problems import Problem
from mdm import tracing
from mdm.access import Principal, decide
from mdm.access.terms import Decision, Resource
from mdm.compose import Hub
from mdm.errors import HomeError, InputError


def find_for(
    hub: Hub,
    session: Session,
    principal: Principal,
    act: tuple[str, str],
    question: tracing.Question,
) -> tuple[tracing.Target, Decision]:
    """Whom the question is about, if this principal may do `act` there: an action, for a purpose.
    Problem 404 otherwise."""
    bare = replace(question, attributes=(), kind=None)
    try:
        whom = tracing.find(hub, session, bare)
    except (InputError, HomeError):  # nobody, or nothing published then: both look the same
        raise nobody() from None
    action, purpose = act
    resource = Resource(whom.opened.kind, tracing.region_of(hub, session, whom))
    decision = decide(principal, action, resource, purpose)
    if not decision.allowed:
        raise nobody()
    if not question.attributes and question.kind is None:
        return whom, decision
    return tracing.find(hub, session, question), decision


def may_see(
    target: tracing.Target, decision: Decision, question: tracing.Question
) -> tracing.Question:
    """The question, for the attributes that may be seen; whole records only where all may be."""
    may = decision.fields.get(target.opened.kind, frozenset())
    held = {choice.attribute for choice in target.explanation.choices}
    if question.attributes and not set(question.attributes) <= may:
        raise denied("no-fields")
    if held <= may:
        return question
    some = question.attributes or sorted(held & may)
    if not some:
        raise nobody()
    return replace(question, attributes=some, whole_records=False)


def nobody() -> Problem:
    """The refusal that says nothing of who there is."""
    return Problem(
        404,
        "nobody",
        "There is nobody to show under this number.",
        "Check the number and the moment. What lies outside your regions looks the same.",
    )
