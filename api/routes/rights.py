"""Rights of data subjects (UU 27/2022): restriction and its end (art. 41), erasure (art. 43-44).

Nobody carries the number, somebody of another region carries it: both look the same.
"""

from __future__ import annotations

from typing import Any

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.actions import declares
from api.auth.administered import waits
from api.auth.refused import refusal
from api.guard import require
from api.problems import Problem, Wrong
from api.schemas.rights import ErasedView, ErasureQuestion, Lifted, Restricted, RightQuestion
from api.whom import charge, missed
from mdm.access import Principal, decide
from mdm.access.terms import Resource
from mdm.compose import Hub
from mdm.desk.people import open_following, open_people
from mdm.hub.runs import published_seq
from mdm.rights import erasing, restriction, whom

_BODY = 4 << 10
SEVERAL = refusal("Several profiles carry this number.")


def _nobody() -> Problem:
    return Problem(
        404,
        "nobody",
        "There is nobody under this number whose rights you carry out.",
        "Check the number. What lies outside your regions looks the same.",
    )


def _subject(hub: Hub, principal: Principal, action: str, asked: RightQuestion) -> str:
    """The one person meant, in a region of the one who asks."""
    require(principal, action, asked.purpose)
    if (asked.nik is None) == (asked.subject is None):
        wrong = Wrong("nik", "either nik or subject", "Send exactly one of the two.")
        raise Problem(422, "invalid", f"{wrong.field}: {wrong.rule}", wrong.hint, errors=[wrong])
    ids = [asked.subject] if asked.subject else whom.carried_by(hub, asked.nik or "")
    with hub.sessions.read() as session:
        seq = published_seq(session)
        persons = open_following(hub, session, ids, seq)
        people = open_people(hub, session, persons, seq).values()
    mine = {
        one.person.entity_id
        for one in people
        if one.person.kind == "person"
        and decide(principal, action, Resource("person", one.region), asked.purpose).allowed
    }
    number = asked.nik or asked.subject or ""
    if not mine:
        missed(hub, principal, number, asked.purpose)
        raise _nobody()
    charge(hub, principal, number)
    if len(mine) > 1:
        raise Problem(
            409,
            "several",
            "Several profiles carry this number.",
            "Look them up, and send `subject` of the one that is meant.",
        )
    return mine.pop()


@declares("rights.restrict")
@post(
    "/restrict",
    status_code=200,
    summary="Restrict the use of a person's data",
    request_max_body_size=_BODY,
    responses={409: SEVERAL},
    sync_to_thread=True,
)
def restrict(
    data: JSONBody[RightQuestion], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Restricted:
    """From now on no programme sees this person, until the restriction is lifted. Doing it again
    changes nothing."""
    target = _subject(hub, principal, "rights.restrict", data)
    made = restriction.restrict(hub, target, basis=data.basis, actor=principal.id, case=data.case)
    return Restricted(target, made)


@declares("rights.restrict")
@post(
    "/lift",
    status_code=200,
    summary="Lift a restriction",
    request_max_body_size=_BODY,
    responses={409: SEVERAL},
    sync_to_thread=True,
)
def lift(
    data: JSONBody[RightQuestion], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Lifted:
    """Lift every restriction on this person."""
    target = _subject(hub, principal, "rights.restrict", data)
    lifted = restriction.lift(hub, target, basis=data.basis, actor=principal.id, case=data.case)
    return Lifted(target, lifted)


@declares("rights.erase")
@post(
    "/erase",
    status_code=200,
    summary="Erase a person for ever",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: SEVERAL},
    sync_to_thread=True,
)
def erase(
    data: JSONBody[ErasureQuestion],
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> ErasedView:
    """Erase a person: nobody can undo it. Another person must approve: the first request waits, the
    second one, with the approval, does it."""
    target = _subject(hub, principal, "rights.erase", data)
    done = erasing.erase(hub, target, reason=data.basis, actor=principal.id, approval=data.approval)
    told = list(done.handed_out)
    return ErasedView(list(done.entities), done.records, done.rows, done.jobs, told)


_HANDLERS: list[Any] = [restrict, lift, erase]
router = Router("/v1/rights", route_handlers=_HANDLERS, tags=["rights"])
