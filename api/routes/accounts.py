"""Accounts of staff, and the roles they hold."""

from __future__ import annotations

from typing import Any

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from api.actions import declares
from api.auth.administered import user_view, waits
from api.auth.refused import refusal
from api.schemas.accounts import (
    NamedUser,
    NewUser,
    OneTimePassword,
    ResetQuestion,
    RoleAway,
    RoleQuestion,
    Users,
)
from api.schemas.admin import Done
from api.schemas.auth import Made
from mdm.access import Principal, administration, roles, staff
from mdm.access.passwords import new_password
from mdm.compose import Hub
from mdm.hub.columns import now

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
        until = now() + hub.settings.access.one_time_life
        made = staff.create(session, data.login, password, actor=principal.id, until=until)
        return OneTimePassword(made.id, made.login, password, until)


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
    with a role that needs a second factor, or that approves what others ask, another person must approve."""
    password = new_password()
    found, until = administration.reset_user(
        hub, principal.id, data.user, password, approval=data.approval
    )
    return OneTimePassword(found.id, found.login, password, until)


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


_HANDLERS: list[Any] = [
    users,
    create_user,
    disable_user,
    enable_user,
    sign_out_user,
    reset_user,
    grant_role,
    revoke_role,
]
router = Router("/v1/admin", route_handlers=_HANDLERS, tags=["administration"])
