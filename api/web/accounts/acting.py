"""What is done with an account: a role granted or withdrawn, closed, opened again, reset, signed out."""

from __future__ import annotations

from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from api.actions import declares
from api.web.accounts.account import PATH, again
from api.web.accounts.invite import OncePage
from api.web.accounts.requests import ACCOUNT, FIELD, WAITS, asked_for, two
from api.web.complete import demand
from api.web.errors import Told
from api.web.flash import Flash
from api.web.forms import text
from api.web.pages import AnyRequest, page, see_other
from mdm.access import Principal, administration, roles, staff
from mdm.access.errors import SecondPersonError
from mdm.access.passwords import new_password
from mdm.compose import Hub
from mdm.errors import AccessError, InputError
from mdm.hub.tables import Staff

_Form = URLEncodedBody[dict[str, Any]]


@declares("role.grant")
@post(PATH + "/peran", request_max_body_size=2048, sync_to_thread=True)
def grant_role(
    request: AnyRequest,
    staff_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Give a role: ask for it, or do it once another person approved."""
    _there(hub, staff_id)
    if FIELD not in data:
        demand(data, ("peran", "wilayah"))  # a region left out would be the whole country
    typed = {"role": text(data, "peran", 40), "region": text(data, "wilayah", 16).replace(".", "")}

    def grant() -> None:
        approval, before = asked_for(hub, principal.id, "role.grant", data)
        said = before or {"user": staff_id, **typed}
        administration.grant_role(
            hub, principal.id, said["user"], said["role"], said["region"], approval=approval
        )

    refused = again(request, hub, staff_id, "role", typed)
    return two(f"{ACCOUNT}/{staff_id}", "accounts.done.granted", grant, refused)


@declares("role.revoke")
@post(PATH + "/peran/cabut", request_max_body_size=2048, sync_to_thread=True)
def revoke_role(
    request: AnyRequest,
    staff_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Take a role away, at once."""
    _there(hub, staff_id)
    demand(data, ("peran", "wilayah"))
    role, region = text(data, "peran", 40), text(data, "wilayah", 16)

    def revoke() -> None:
        with hub.sessions.begin() as session:
            roles.revoke(session, staff_id, role, region, actor=principal.id)

    refused = again(request, hub, staff_id, "revoke")
    return two(f"{ACCOUNT}/{staff_id}", "accounts.done.revoked", revoke, refused)


@declares("user.disable")
@post(PATH + "/nonaktif", request_max_body_size=2048, sync_to_thread=True)
def disable(
    staff_id: FromPath[str], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """Let somebody in no more, at once."""
    _there(hub, staff_id)
    with hub.sessions.begin() as session:
        staff.disable(session, staff.find(session, staff_id), actor=principal.id)
    return see_other(f"{ACCOUNT}/{staff_id}", Flash("good", "accounts.done.disabled"))


@declares("user.enable")
@post(PATH + "/aktif", request_max_body_size=2048, sync_to_thread=True)
def enable(
    request: AnyRequest,
    staff_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Let somebody in again: ask for it, or do it once another person approved."""
    _there(hub, staff_id)

    def enable() -> None:
        approval, _ = asked_for(hub, principal.id, "user.enable", data)
        administration.enable_user(hub, principal.id, staff_id, approval=approval)

    refused = again(request, hub, staff_id, "state")
    return two(f"{ACCOUNT}/{staff_id}", "accounts.done.enabled", enable, refused)


@declares("user.sign-out")
@post(PATH + "/keluarkan", request_max_body_size=2048, sync_to_thread=True)
def sign_out(
    staff_id: FromPath[str], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """End the sessions that run."""
    _there(hub, staff_id)
    with hub.sessions.begin() as session:
        staff.sign_out(session, staff.find(session, staff_id), actor=principal.id)
    return see_other(f"{ACCOUNT}/{staff_id}", Flash("good", "accounts.done.signed-out"))


@declares("user.reset")
@post(PATH + "/atur-ulang", status_code=200, request_max_body_size=2048, sync_to_thread=True)
def reset(
    request: AnyRequest,
    staff_id: FromPath[str],
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """A new password, shown in this answer only, and the second factor anew; a guarded account takes two."""
    _there(hub, staff_id)
    password = new_password()
    try:
        approval, _ = asked_for(hub, principal.id, "user.reset", data)
        found, until = administration.reset_user(
            hub, principal.id, staff_id, password, approval=approval
        )
    except SecondPersonError:
        return see_other(f"{ACCOUNT}/{staff_id}", WAITS)
    except (InputError, AccessError) as error:
        return again(request, hub, staff_id, "reset")(error)
    context = OncePage(found.id, found.login, password, until, anew=True)
    return page(request, "accounts/once.html", context)


def _there(hub: Hub, staff_id: str) -> None:
    """404 in words for an account that there is not."""
    with hub.sessions.read() as session:
        if session.get(Staff, staff_id) is None:
            raise Told(404, "accounts.no-account")


HANDLERS: list[Any] = [grant_role, revoke_role, disable, enable, sign_out, reset]
