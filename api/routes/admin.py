"""What waits for another person's word, honey NIKs, alarms. Nobody's data is seen here."""

from __future__ import annotations

from typing import Any

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.actions import declares
from api.auth.refused import refusal
from api.schemas.admin import (
    Alarms,
    AlarmView,
    Answer,
    Approvals,
    ApprovalView,
    Done,
    HoneyQuestion,
    OwnRequest,
)
from mdm.access import Principal, alarms, approvals, honey
from mdm.compose import Hub

_BODY = 64 << 10


@declares("approval.list")
@get("/approvals", summary="What waits for another person", sync_to_thread=True)
def list_approvals(hub: NamedDependency[Hub]) -> Approvals:
    """Requests that wait, oldest first."""
    with hub.sessions.read() as session:
        return Approvals(
            [
                ApprovalView(
                    id=one.id,
                    action=one.action,
                    summary=one.summary,
                    state=one.state,
                    requested_by=one.requested_by,
                    requested=one.requested.isoformat(),
                    expires=one.expires.isoformat(),
                )
                for one in approvals.waiting(session)
            ]
        )


@declares("approval.decide")
@post(
    "/approvals",
    status_code=200,
    summary="Approve or refuse",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def decide_approval(
    data: JSONBody[Answer], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Approve or refuse another person's request."""
    with hub.sessions.begin() as session:
        approvals.answer(session, principal, data.approval, approve=data.approve)
    return Done()


@declares("approval.withdraw")
@post(
    "/approvals/withdraw",
    status_code=200,
    summary="Take a request back",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def withdraw_approval(
    data: JSONBody[OwnRequest], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Take back a request of one's own that is not done yet."""
    with hub.sessions.begin() as session:
        approvals.withdraw(session, principal.id, data.approval)
    return Done()


@declares("honey.add")
@post(
    "/honey",
    status_code=200,
    summary="Set out a honey NIK",
    request_max_body_size=_BODY,
    responses={409: refusal("Somebody carries this NIK.")},
    sync_to_thread=True,
)
def add_honey(
    data: JSONBody[HoneyQuestion], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Set out a NIK nobody has: who asks for it raises an alarm."""
    with hub.sessions.begin() as session:
        return Done(honey.add_honey(hub, session, data.nik, actor=principal.id))


@declares("alarm.read")
@get("/alarms", summary="Alarms", sync_to_thread=True)
def list_alarms(hub: NamedDependency[Hub]) -> Alarms:
    """The latest alarms, newest first."""
    with hub.sessions.read() as session:
        return Alarms(
            [
                AlarmView(
                    one.id, one.kind, alarms.KINDS[one.kind], one.principal, one.at.isoformat()
                )
                for one in alarms.alarms(session)
            ]
        )


_HANDLERS: list[Any] = [
    list_approvals,
    decide_approval,
    withdraw_approval,
    add_honey,
    list_alarms,
]
router = Router("/v1/admin", route_handlers=_HANDLERS, tags=["administration"])
