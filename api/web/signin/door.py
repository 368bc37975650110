"""The door: signing in and out, the first account, the language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from anyio import to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter, URLEncodedBody

from api.actions import declares
from api.auth.cookies import DEVICE, DEVICE_SECONDS, cookie
from api.auth.identify import entered
from api.auth.left import COOKIE as LEFT
from api.auth.left import SECONDS as LEFT_SECONDS
from api.auth.pace import paced
from api.context import hub_of
from api.web import back
from api.web.complete import chosen
from api.web.errors import PASSWORD, SECOND_FACTOR, SIGN_IN
from api.web.flash import Flash
from api.web.forms import as_typed, text
from api.web.languages import COOKIE as LANGUAGE
from api.web.languages import LANGUAGES, SECONDS
from api.web.pages import AnyRequest, page, see_other
from mdm.access import Principal, login, setup
from mdm.access.errors import NotIdentifiedError, OneTimeOverError
from mdm.access.sessions import COOKIE, enter
from mdm.compose import Hub
from mdm.errors import HubError

SETUP = "/penyiapan"
_Form = URLEncodedBody[dict[str, Any]]
_Back = Annotated[str | None, QueryParameter(name=back.FIELD, max_length=512)]
_Over = Annotated[str | None, QueryParameter(name="sesi", max_length=16)]


@dataclass(frozen=True)
class SignInPage:
    """The sign-in page. `over`: a session ended; `left`: what was typed then is kept, so many minutes; `outdated`: a
    one-time password came too late; `first`: there is no account yet."""

    balik: str
    login: str
    over: bool
    left: int
    failed: bool
    outdated: bool
    issuer: bool
    first: bool


@dataclass(frozen=True)
class SetupPage:
    """The first set-up. `wrong`: what was refused, in words; `original`: in the hub's; `hours`: how long a token is
    good."""

    login: str
    failed: bool
    original: str
    hours: int


@declares("page.open")
@get(SIGN_IN, sync_to_thread=True)
def sign_in_page(request: AnyRequest, balik: _Back = None, sesi: _Over = None) -> Response[bytes]:
    """Login, password, code; or the issuer's button."""
    return page(request, "signin/signin.html", _sign_in(request, back.safe(balik), over=bool(sesi)))


@declares("session.begin")
@post(SIGN_IN, status_code=303, request_max_body_size=4096)
async def sign_in(request: AnyRequest, data: _Form, hub: NamedDependency[Hub]) -> Response[bytes]:
    """Begin a session, then on to where one came from."""
    name, goal = text(data, "login", 64), back.safe(text(data, back.FIELD, 512))
    code = text(data, "code", 16).replace(" ", "") or None
    cookies = request.cookies
    attempt = login.Attempt(
        name, as_typed(data, "password", 1024), code, cookies.get(DEVICE), cookies.get(COOKIE)
    )
    try:
        secret, device = await paced(request.app.state, login.log_in, hub, attempt)
    except (NotIdentifiedError, OneTimeOverError) as error:
        late = isinstance(error, OneTimeOverError)
        context = await to_thread.run_sync(
            lambda: _sign_in(request, goal, login=name, failed=not late, outdated=late)
        )
        return page(request, "signin/signin.html", context, status=422)
    running = await to_thread.run_sync(enter, hub, secret)
    if running.missing:
        goal = PASSWORD if "password" in running.missing else SECOND_FACTOR
    held = [session_cookie(hub, secret), cookie(DEVICE, device, seconds=DEVICE_SECONDS)]
    return see_other(goal, cookies=held)


@declares("session.end")
@post("/keluar", status_code=303, sync_to_thread=True)
def sign_out(
    request: AnyRequest, principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """End the session."""
    _, secret = entered(request)
    login.log_out(hub, secret, principal.id)
    gone = [cookie(name, "", seconds=0) for name in (COOKIE, LEFT)]
    return see_other(SIGN_IN, Flash("good", "signin.signed-out"), cookies=gone)


@declares("page.open")
@get(SETUP, sync_to_thread=True)
def setup_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """The first account, while there is none."""
    if not setup.needed(hub):
        return see_other(SIGN_IN)
    return page(request, "signin/setup.html", _setup(hub, ""))


@declares("session.setup")
@post(SETUP, status_code=303, request_max_body_size=4096)
async def first_account(
    request: AnyRequest, data: _Form, hub: NamedDependency[Hub]
) -> Response[bytes]:
    """Make it with the one-time token."""
    name, original = text(data, "login", 64), ""
    token, password = text(data, "token", 128), as_typed(data, "password", 256)
    try:
        await paced(request.app.state, setup.first_account, hub, token, name, password)
        return see_other(SIGN_IN, Flash("good", "signin.setup.done"))
    except NotIdentifiedError:
        pass
    except HubError as error:
        original = f"{error.message} {error.hint}"
    context = _setup(hub, name, failed=not original, original=original)
    return page(request, "signin/setup.html", context, status=422)


@declares("page.open")
@post("/bahasa", status_code=303, request_max_body_size=2048, sync_to_thread=False)
def choose_language(data: _Form) -> Response[bytes]:
    """Indonesian or English, from now on in this browser."""
    value = chosen(data, "bahasa", LANGUAGES)
    goal = back.safe(text(data, back.FIELD, 512))
    return see_other(goal, cookies=[cookie(LANGUAGE, value, seconds=SECONDS)])


def session_cookie(hub: Hub, secret: str) -> Any:
    """The cookie of a session."""
    return cookie(COOKIE, secret, seconds=hub.settings.access.session_hours * 3600)


def _sign_in(
    request: AnyRequest,
    balik: str,
    *,
    login: str = "",
    over: bool = False,
    failed: bool = False,
    outdated: bool = False,
) -> SignInPage:
    hub = hub_of(request)
    issuer, first = hub.settings.access.oidc is not None, setup.needed(hub)
    left = LEFT_SECONDS // 60 if LEFT in request.cookies else 0
    return SignInPage(balik, login, over, left, failed, outdated, issuer, first)


def _setup(hub: Hub, login: str, *, failed: bool = False, original: str = "") -> SetupPage:
    return SetupPage(login, failed, original, hub.settings.access.setup_hours)
