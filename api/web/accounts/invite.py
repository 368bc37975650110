"""A new account: its login, and the password for the first sign-in, which is shown this once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody

from api.actions import declares
from api.web.accounts.requests import ACCOUNT
from api.web.accounts.words import Refused, refused
from api.web.forms import text
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from mdm.access import Principal, staff
from mdm.access.passwords import new_password
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.columns import now

PATH = ACCOUNT + "/baru"


@dataclass(frozen=True)
class InvitePage:
    """The form."""

    login: str = ""
    wrong: Refused | None = None


@dataclass(frozen=True)
class OncePage:
    """What is shown once: the password to hand over, and until when it holds. `anew`: of an account that was reset."""

    id: str
    login: str
    password: str
    until: datetime
    anew: bool


@declares("user.create")
@get(PATH, sync_to_thread=True)
def invite_page(request: AnyRequest) -> Response[bytes]:
    """The form."""
    return page(request, "accounts/invite.html", InvitePage())


@declares("user.create")
@post(PATH, status_code=200, request_max_body_size=2048, sync_to_thread=True)
def invite(
    request: AnyRequest,
    data: URLEncodedBody[dict[str, Any]],
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Make it. The password stands in this answer only, so nothing is redirected."""
    login, password = text(data, "login", 64), new_password()
    try:
        with hub.sessions.begin() as session:
            until = now() + hub.settings.access.one_time_life
            made = staff.create(session, login, password, actor=principal.id, until=until)
            context = OncePage(made.id, made.login, password, until, anew=False)
    except InputError as error:
        wrong = refused(visitor_of(request), "invite", error)
        return page(request, "accounts/invite.html", InvitePage(login, wrong), status=wrong.status)
    return page(request, "accounts/once.html", context)
