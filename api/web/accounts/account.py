"""One account: its roles, what waits about it, its history from the log, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from sqlmodel import Session, col, func, select

from api.actions import declares
from api.web.accounts.invite import OncePage
from api.web.accounts.requests import ACCOUNT, PLACES, Request, asked_for, requests, two
from api.web.accounts.shown import Account, shown
from api.web.accounts.words import Refused, place, refused, regions
from api.web.auditor.spoken import Names, Spoken, spoken
from api.web.errors import Told
from api.web.flash import Flash
from api.web.forms import text
from api.web.pages import AnyRequest, page, see_other
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.access import Principal, administration, approvals, roles, staff
from mdm.access.directory import grants_of
from mdm.access.errors import SecondPersonError
from mdm.access.passwords import new_password
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.errors import AccessError, HubError, InputError
from mdm.hub.columns import now
from mdm.hub.tables import Approval, Staff, StaffSession

PATH = ACCOUNT + "/{staff_id:str}"
EVENTS = 30  # of the history
MOST = 5_000  # events looked at for it
_Form = URLEncodedBody[dict[str, Any]]
_ACTS = [act for act in PLACES if not act.startswith("client.")]


@dataclass(frozen=True)
class Role:
    """A role that is held, since when, and who gave it."""

    role: str
    region: str
    place: str
    since: datetime
    by: str
    approved_by: str


@dataclass(frozen=True)
class AccountPage:
    """One account. `own`: the visitor's; `sessions`: how many run; `guarded`: a role of it needs a second factor;
    `roles`: those that there are, (name, whether for a region)."""

    one: Account
    own: bool
    held: list[Role]
    requests: list[Request]
    history: list[Spoken]
    sessions: int
    guarded: bool
    roles: list[str]
    regions: list[tuple[str, str]]
    typed: dict[str, str]
    wrong: Refused | None


@declares("user.list")
@get(PATH, sync_to_thread=True)
def account_page(
    request: AnyRequest, staff_id: FromPath[str], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """The account as it stands."""
    return _page(request, hub, staff_id)


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
    typed = {"role": text(data, "peran", 40), "region": text(data, "wilayah", 16).replace(".", "")}

    def grant() -> None:
        approval, before = asked_for(hub, principal.id, "role.grant", data)
        said = before or {"user": staff_id, **typed}
        administration.grant_role(
            hub, principal.id, said["user"], said["role"], said["region"], approval=approval
        )

    again = _again(request, hub, staff_id, "role", typed)
    return two(f"{ACCOUNT}/{staff_id}", "accounts.done.granted", grant, again)


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
    role, region = text(data, "peran", 40), text(data, "wilayah", 16)

    def revoke() -> None:
        with hub.sessions.begin() as session:
            roles.revoke(session, staff_id, role, region, actor=principal.id)

    again = _again(request, hub, staff_id, "revoke")
    return two(f"{ACCOUNT}/{staff_id}", "accounts.done.revoked", revoke, again)


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

    again = _again(request, hub, staff_id, "state")
    return two(f"{ACCOUNT}/{staff_id}", "accounts.done.enabled", enable, again)


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
        found = administration.reset_user(hub, principal.id, staff_id, password, approval=approval)
    except SecondPersonError:
        return see_other(f"{ACCOUNT}/{staff_id}", Flash("plain", "accounts.request.waits"))
    except (InputError, AccessError) as error:
        return _again(request, hub, staff_id, "reset")(error)
    context = OncePage(found.id, found.login, password, anew=True)
    return page(request, "accounts/once.html", context)


def _there(hub: Hub, staff_id: str) -> None:
    """404 in words for an account that there is not."""
    with hub.sessions.read() as session:
        if session.get(Staff, staff_id) is None:
            raise Told(404, "accounts.no-account")


def _again(
    request: AnyRequest, hub: Hub, staff_id: str, form: str, typed: dict[str, str] | None = None
) -> Callable[[HubError], Response[bytes]]:
    """The page once more, with what is wrong at one of its forms."""

    def answered(error: HubError) -> Response[bytes]:
        wrong = refused(visitor_of(request), form, error)
        return _page(request, hub, staff_id, typed, wrong)

    return answered


def _page(
    request: AnyRequest,
    hub: Hub,
    staff_id: str,
    typed: dict[str, str] | None = None,
    wrong: Refused | None = None,
) -> Response[bytes]:
    visitor = visitor_of(request)
    with hub.sessions.read() as session:
        one = session.get(Staff, staff_id)
        if one is None:
            raise Told(404, "accounts.no-account")
        running = select(func.count(col(StaffSession.id_hash))).where(
            StaffSession.staff_id == staff_id, col(StaffSession.expires) > now()
        )
        context = AccountPage(
            one=shown(session, [one])[0],
            own=staff_id == visitor.id,
            held=_held(session, request, staff_id),
            requests=requests(session, visitor, approvals.standing(session, staff_id, _ACTS)),
            history=spoken(
                session,
                visitor,
                search(session, _events(session, staff_id), limit=EVENTS, most=MOST).events,
            ),
            sessions=session.exec(running).one(),
            guarded=roles.guarded(session, staff_id),
            roles=roles.staff_roles(),
            regions=regions(),
            typed=typed or {},
            wrong=wrong,
        )
    return page(request, "accounts/account.html", context, status=wrong.status if wrong else 200)


def _held(session: Session, request: AnyRequest, staff_id: str) -> list[Role]:
    grants = [one for one in grants_of(session, staff_id) if one.revoked is None]
    givers = {who for one in grants for who in (one.granted_by, one.approved_by) if who}
    visitor = visitor_of(request)
    names, words = Names(session, visitor, givers), IN[visitor.language]
    return [
        Role(
            one.role,
            one.region,
            place(words, one.region),
            one.granted,
            names.of(one.granted_by),
            names.of(one.approved_by) if one.approved_by else "",
        )
        for one in grants
    ]


def _events(session: Session, staff_id: str) -> Wanted:
    """What the log says of an account: of itself, of its roles, of requests about it."""
    asked = session.exec(select(Approval.id).where(Approval.about == staff_id)).all()
    return Wanted(subjects=(staff_id, *(one.id for one in grants_of(session, staff_id)), *asked))


HANDLERS: list[Any] = [
    account_page,
    grant_role,
    revoke_role,
    disable,
    enable,
    sign_out,
    reset,
]
