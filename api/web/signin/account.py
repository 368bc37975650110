"""One's own account: a password of one's own, the second factor with its picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import segno
from anyio import to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from markupsafe import Markup

from api.actions import declares
from api.auth.identify import entered
from api.auth.pace import paced
from api.web import back
from api.web.errors import PASSWORD, SECOND_FACTOR
from api.web.flash import Flash
from api.web.forms import as_typed, text
from api.web.pages import AnyRequest, page, see_other
from api.web.signin.door import session_cookie
from mdm.access import Principal, login
from mdm.access.passwords import SHORTEST
from mdm.access.sessions import enter
from mdm.compose import Hub
from mdm.errors import AccessError, HubError, InputError

_Form = URLEncodedBody[dict[str, Any]]


@dataclass(frozen=True)
class PasswordPage:
    """Choosing a password. `must`: somebody else made the present one; `wrong`: keys of texts."""

    must: bool
    wrong: dict[str, str]


@dataclass(frozen=True)
class FactorPage:
    """The second factor. `picture` and `secret` are shown this once; `asked`: a code is awaited."""

    must: bool
    picture: Markup | None = None
    secret: str = ""
    asked: bool = False
    refused: bool = False


@declares("session.change")
@get(PASSWORD, sync_to_thread=True)
def password_page(request: AnyRequest) -> Response[bytes]:
    """The form."""
    return page(request, "signin/password.html", PasswordPage(_must(request, "password"), {}))


@declares("session.change")
@post(PASSWORD, status_code=303, request_max_body_size=4096)
async def choose_password(
    request: AnyRequest,
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Choose it; every other session ends."""
    running, _ = entered(request)
    old, new = as_typed(data, "old", 1024), as_typed(data, "new", 257)
    wrong = {}
    if new != as_typed(data, "again", 257):
        wrong["again"] = "signin.password.differs"
    if len(new) < SHORTEST:
        wrong["new"] = "signin.password.short"
    if not wrong:
        try:
            secret = await paced(
                request.app.state,
                login.change_password,
                hub,
                principal.id,
                old,
                new,
                second_factor=running.second_factor,
            )
        except InputError:  # said of the new one only when the present one is right
            wrong["new"] = "signin.password.easy"
        except HubError:
            wrong["old"] = "signin.password.refused"
        else:
            return await to_thread.run_sync(_onwards, hub, secret, "signin.password.done")
    context = PasswordPage("password" in running.missing, wrong)
    return page(request, "signin/password.html", context, status=422)


@declares("session.change")
@get(SECOND_FACTOR, sync_to_thread=True)
def factor_page(request: AnyRequest) -> Response[bytes]:
    """What it is, and the button to begin."""
    return page(request, "signin/factor.html", FactorPage(_must(request, "second-factor")))


@declares("session.change")
@post(SECOND_FACTOR, status_code=200, sync_to_thread=True)
def begin_factor(
    request: AnyRequest, principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """A new secret as a picture. Shown in this answer only, so nothing is redirected."""
    must = _must(request, "second-factor")
    try:
        secret, address = login.begin_second_factor(hub, principal.id)
    except AccessError:
        return see_other(back.HOME, Flash("plain", "signin.factor.there"))
    drawn = segno.make(address, error="m").svg_inline(scale=5, border=3, light="#fff")
    context = FactorPage(must, Markup(drawn), secret, asked=True)
    return page(request, "signin/factor.html", context)


@declares("session.change")
@post(SECOND_FACTOR + "/kode", status_code=303, request_max_body_size=1024, sync_to_thread=True)
def confirm_factor(
    request: AnyRequest,
    data: _Form,
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """The first code sets it up."""
    code, must = text(data, "code", 16).replace(" ", ""), _must(request, "second-factor")
    try:
        secret = login.confirm_second_factor(hub, principal.id, code)
    except AccessError:
        context = FactorPage(must, asked=True, refused=True)
        return page(request, "signin/factor.html", context, status=422)
    return _onwards(hub, secret, "signin.factor.done")


def _must(request: AnyRequest, what: str) -> bool:
    return what in entered(request)[0].missing


def _onwards(hub: Hub, secret: str, key: str) -> Response[bytes]:
    """With the new session to what is still to be done, or home."""
    missing = enter(hub, secret).missing
    goal = SECOND_FACTOR if "second-factor" in missing else back.HOME
    return see_other(goal, Flash("good", key), cookies=[session_cookie(hub, secret)])
