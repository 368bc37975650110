"""Administration: accounts, roles, clients, approvals, alarms. Nobody's data is seen here."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.actions import declares
from api.auth.administered import client_view, user_view, waits
from api.auth.refused import refusal
from api.schemas.admin import (
    Alarms,
    AlarmView,
    Amendment,
    Answer,
    Approvals,
    ApprovalView,
    Clients,
    ClientView,
    Done,
    GoneKey,
    HoneyQuestion,
    KeyId,
    NamedClient,
    NamedUser,
    NewClient,
    NewKey,
    NewUser,
    OneTimePassword,
    OpenedClient,
    OwnRequest,
    ResetQuestion,
    RoleAway,
    RoleQuestion,
    Users,
)
from api.schemas.auth import Made
from mdm.access import Principal, administration, alarms, approvals, clients, honey, roles, staff
from mdm.access.agreements import read_agreement
from mdm.access.passwords import new_password
from mdm.compose import Hub
from mdm.eligibility.library import current

_BODY = 64 << 10


@declares("user.list")
@get("/users", summary="Accounts of staff", sync_to_thread=True)
def users(hub: NamedDependency[Hub]) -> Users:
    """Every account with its roles."""
    with hub.sessions.read() as session:
        return Users([user_view(session, one) for one in staff.all_staff(session)])


@declares("user.create")
@post(
    "/users",
    summary="A new account",
    request_max_body_size=_BODY,
    responses={409: refusal("There is an account with this login.")},
    sync_to_thread=True,
)
def create_user(
    data: JSONBody[NewUser], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> OneTimePassword:
    """A new account without a role, with a password for its first login."""
    password = new_password()
    with hub.sessions.begin() as session:
        made = staff.create(session, data.login, password, actor=principal.id)
        return OneTimePassword(made.id, made.login, password)


@declares("user.disable")
@post(
    "/users/disable",
    status_code=200,
    summary="Disable an account",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def disable_user(
    data: JSONBody[NamedUser], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Let somebody in no more; their sessions end now."""
    with hub.sessions.begin() as session:
        staff.disable(session, staff.find(session, data.user), actor=principal.id)
    return Done()


@declares("user.enable")
@post(
    "/users/enable",
    status_code=200,
    summary="Enable an account again",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("The account is not disabled.")},
    sync_to_thread=True,
)
def enable_user(
    data: JSONBody[ResetQuestion], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Let somebody in again, with the roles held before. Another person must approve."""
    administration.enable_user(hub, principal.id, data.user, approval=data.approval)
    return Done()


@declares("user.sign-out")
@post(
    "/users/sign-out",
    status_code=200,
    summary="End the sessions of an account",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def sign_out_user(
    data: JSONBody[NamedUser], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """End every session of somebody, who may sign in again."""
    with hub.sessions.begin() as session:
        staff.sign_out(session, staff.find(session, data.user), actor=principal.id)
    return Done()


@declares("user.reset")
@post(
    "/users/reset",
    status_code=200,
    summary="Reset an account",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("The account signs in with OpenID Connect.")},
    sync_to_thread=True,
)
def reset_user(
    data: JSONBody[ResetQuestion], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> OneTimePassword:
    """A new password for the next login; the second factor is to be set up anew. For an account
    with a role that needs a second factor another person must approve."""
    password = new_password()
    found = administration.reset_user(
        hub, principal.id, data.user, password, approval=data.approval
    )
    return OneTimePassword(found.id, found.login, password)


@declares("role.grant")
@post(
    "/roles/grant",
    status_code=200,
    summary="Grant a role",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("The role is held already.")},
    sync_to_thread=True,
)
def grant_role(
    data: JSONBody[RoleQuestion], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Made:
    """Give a role. Another person must approve: the first request waits, the second one, with the
    approval, does it."""
    given = administration.grant_role(
        hub, principal.id, data.user, data.role, data.region, approval=data.approval
    )
    return Made(given.id)


@declares("role.revoke")
@post(
    "/roles/revoke",
    status_code=200,
    summary="Take a role away",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def revoke_role(
    data: JSONBody[RoleAway], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Take a role away, for one region or all."""
    with hub.sessions.begin() as session:
        found = staff.find(session, data.user)
        roles.revoke(session, found.id, data.role, data.region, actor=principal.id)
    return Done()


@declares("client.list")
@get("/clients", summary="Clients", sync_to_thread=True)
def all_clients(hub: NamedDependency[Hub]) -> Clients:
    """Every client with its agreement."""
    with hub.sessions.read() as session:
        return Clients([client_view(session, one) for one in clients.all_clients(session)])


@declares("client.create")
@post(
    "/clients",
    status_code=201,
    summary="Register a client",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("There is a client of this name.")},
    sync_to_thread=True,
)
def create_client(
    data: JSONBody[NewClient], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> ClientView:
    """Register a client under its agreement, with its public key. Another person must approve."""
    agreement = read_agreement(msgspec.to_builtins(data.agreement), current(hub).names)
    made = administration.register_client(
        hub,
        principal.id,
        data.name,
        agreement,
        msgspec.to_builtins(data.key),
        approval=data.approval,
    )
    with hub.sessions.read() as session:
        return client_view(session, made)


@declares("client.amend")
@post(
    "/clients/amend",
    status_code=200,
    summary="Amend a client's agreement",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("The agreement says this already.")},
    sync_to_thread=True,
)
def amend_agreement(
    data: JSONBody[Amendment], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> ClientView:
    """Another version of a client's agreement, which speaks from now on; what it said before is kept.
    Tokens that tell otherwise end. Another person must approve."""
    agreement = read_agreement(msgspec.to_builtins(data.agreement), current(hub).names)
    administration.amend_agreement(
        hub, principal.id, data.client, agreement, approval=data.approval
    )
    with hub.sessions.read() as session:
        return client_view(session, clients.find(session, data.client))


@declares("client.disable")
@post(
    "/clients/disable",
    status_code=200,
    summary="Disable a client",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def disable_client(
    data: JSONBody[NamedClient], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Refuse a client and its tokens, from now on."""
    with hub.sessions.begin() as session:
        clients.disable(session, clients.find(session, data.client), actor=principal.id)
    return Done()


@declares("client.enable")
@post(
    "/clients/enable",
    status_code=200,
    summary="Enable a client again",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("The client is not disabled.")},
    sync_to_thread=True,
)
def enable_client(
    data: JSONBody[OpenedClient], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Take a client's questions again, under its agreement. Another person must approve."""
    administration.enable_client(hub, principal.id, data.client, approval=data.approval)
    return Done()


@declares("client.withdraw-key")
@post(
    "/clients/withdraw-key",
    status_code=200,
    summary="Withdraw a client's key",
    request_max_body_size=_BODY,
    sync_to_thread=True,
)
def withdraw_key(
    data: JSONBody[GoneKey], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Done:
    """Take a public key away without another in its place; tokens given before end."""
    with hub.sessions.begin() as session:
        client = clients.find(session, data.client)
        clients.withdraw_key(session, client, data.kid, actor=principal.id)
    return Done()


@declares("client.rotate-key")
@post(
    "/clients/rotate-key",
    status_code=200,
    summary="Replace a client's key",
    request_max_body_size=_BODY,
    responses={202: waits(), 409: refusal("The client had this key before.")},
    sync_to_thread=True,
)
def rotate_key(
    data: JSONBody[NewKey], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> KeyId:
    """Put a new public key in the place of all others; tokens given before end. Another person
    must approve."""
    key = msgspec.to_builtins(data.key)
    return KeyId(
        administration.rotate_client_key(
            hub, principal.id, data.client, key, approval=data.approval
        )
    )


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
    users,
    create_user,
    disable_user,
    enable_user,
    sign_out_user,
    reset_user,
    grant_role,
    revoke_role,
    all_clients,
    create_client,
    amend_agreement,
    disable_client,
    enable_client,
    withdraw_key,
    rotate_key,
    list_approvals,
    decide_approval,
    withdraw_approval,
    add_honey,
    list_alarms,
]
router = Router("/v1/admin", route_handlers=_HANDLERS, tags=["administration"])
