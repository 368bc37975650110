"""Sessions of staff: the first account, logging in, the second factor, OpenID Connect."""

from __future__ import annotations

from typing import Annotated, Any, cast

from anyio import to_thread
from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from api.actions import declares
from api.auth.cookies import DEVICE, DEVICE_SECONDS, FLOW, FLOW_SECONDS, cookie
from api.auth.identify import entered, not_identified
from api.auth.pace import paced
from api.auth.refused import refusal
from api.problems import Problem
from api.queries import ANY
from api.schemas.auth import (
    CodeQuestion,
    LoginQuestion,
    Made,
    PasswordQuestion,
    SecondFactor,
    SessionAnswer,
    SetupQuestion,
)
from api.web.signin.returned import returned
from mdm.access import Principal, login, oidc, setup
from mdm.access.errors import NotIdentifiedError, OneTimeOverError
from mdm.access.issuer import Issuer, IssuerError
from mdm.access.sessions import COOKIE, csrf_of, enter
from mdm.compose import Hub

UNKNOWN = refusal("Not known, whatever the reason.")
BUSY = refusal("Too many people log in at this moment.")
NO_ISSUER = refusal("No issuer is set up.")
_AnyRequest = Request[Any, Any, Any]
_State = Annotated[str | None, QueryParameter(name="state", max_length=256)]
_Code = Annotated[str | None, QueryParameter(name="code", max_length=2048)]


@declares("session.setup")
@post(
    "/v1/setup",
    summary="The first account",
    request_max_body_size=4096,
    responses={401: UNKNOWN, 429: BUSY},
)
async def first_account(
    request: _AnyRequest, data: JSONBody[SetupQuestion], hub: NamedDependency[Hub]
) -> Made:
    """Make the first account with the one-time token that `dtsen admin setup-token` wrote."""
    try:
        act, state = setup.first_account, request.app.state
        return Made(await paced(state, act, hub, data.token, data.login, data.password))
    except NotIdentifiedError as error:
        raise not_identified(error) from None


@declares("session.begin")
@post(
    "/v1/session",
    status_code=200,
    summary="Log in",
    request_max_body_size=4096,
    responses={401: UNKNOWN, 429: BUSY},
)
async def log_in(
    request: _AnyRequest, data: JSONBody[LoginQuestion], hub: NamedDependency[Hub]
) -> Response[SessionAnswer]:
    """Log in with login, password and, where it is set up, the code of the second factor.

    Whatever is wrong, the refusal is the same; after five wrong attempts the account waits.
    """
    try:
        cookies = request.cookies
        attempt = login.Attempt(
            data.login, data.password, data.code, cookies.get(DEVICE), cookies.get(COOKIE)
        )
        secret, device = await paced(request.app.state, login.log_in, hub, attempt)
    except NotIdentifiedError:
        raise Problem(
            401,
            "login-failed",
            "Login, password or code is not right, or the account waits.",
            "Check all three; after several attempts wait a while.",
        ) from None
    except OneTimeOverError as error:
        raise Problem(401, "one-time-over", error.message, error.hint) from None
    answer = await to_thread.run_sync(_with_session, hub, secret)
    answer.cookies.append(cookie(DEVICE, device, seconds=DEVICE_SECONDS))
    return answer


@declares("session.read")
@get("/v1/session", summary="Who am I?", sync_to_thread=True)
def me(request: _AnyRequest, principal: NamedDependency[Principal]) -> Response[SessionAnswer]:
    """Who is asking, with which roles, regions and purposes."""
    return Response(_answer(request, principal))


@declares("session.end")
@delete("/v1/session", status_code=204, summary="Log out", sync_to_thread=True)
def log_out(
    request: _AnyRequest, principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Response[None]:
    """End the session; its id is good for nothing afterwards."""
    _, secret = entered(request)
    login.log_out(hub, secret, principal.id)
    return Response(
        None,
        status_code=204,
        headers={"Clear-Site-Data": '"cache", "storage"'},
        cookies=[cookie(COOKIE, "", seconds=0)],
    )


@declares("session.change")
@post(
    "/v1/session/password",
    status_code=200,
    summary="Choose a password",
    request_max_body_size=4096,
)
async def choose_password(
    request: _AnyRequest,
    data: JSONBody[PasswordQuestion],
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[SessionAnswer]:
    """Choose a password of one's own; every other session of the account ends."""
    running, _ = entered(request)
    secret = await paced(
        request.app.state,
        login.change_password,
        hub,
        principal.id,
        data.old,
        data.new,
        second_factor=running.second_factor,
    )
    return await to_thread.run_sync(_with_session, hub, secret)


@declares("session.change")
@post(
    "/v1/session/second-factor",
    status_code=200,
    summary="Begin the second factor",
    sync_to_thread=True,
)
def begin_second_factor(
    request: _AnyRequest, principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> SecondFactor:
    """A secret for an authenticator. It counts once a code of it was shown."""
    entered(request)
    return SecondFactor(*login.begin_second_factor(hub, principal.id))


@declares("session.change")
@post(
    "/v1/session/second-factor/confirm",
    status_code=200,
    summary="Confirm the second factor",
    request_max_body_size=1024,
    sync_to_thread=True,
)
def confirm_second_factor(
    request: _AnyRequest,
    data: JSONBody[CodeQuestion],
    principal: NamedDependency[Principal],
    hub: NamedDependency[Hub],
) -> Response[SessionAnswer]:
    """Show the first code: the second factor is set up, and this session has it."""
    entered(request)
    return _with_session(hub, login.confirm_second_factor(hub, principal.id, data.code))


@declares("session.begin")
@get(
    "/v1/session/oidc",
    status_code=302,
    summary="Log in at the issuer",
    responses={403: NO_ISSUER},
    sync_to_thread=True,
)
def oidc_start(request: _AnyRequest, hub: NamedDependency[Hub]) -> Response[None]:
    """Send the browser to the OpenID Connect issuer of the ministry."""
    address, flow = oidc.begin(hub, _issuer(request, hub))
    # Lax: the issuer sends the browser back from another site.
    held = cookie(FLOW, flow, seconds=FLOW_SECONDS, samesite="lax")
    return Response(None, status_code=302, headers={"Location": address}, cookies=[held])


@declares("session.begin")
@get(
    "/v1/session/oidc/callback",
    opt={ANY: True},  # issuers add what they like
    status_code=200,
    summary="Back from the issuer",
    responses={401: UNKNOWN, 403: NO_ISSUER, 422: refusal("A parameter is too long.")},
    sync_to_thread=True,
)
def oidc_callback(
    request: _AnyRequest,
    hub: NamedDependency[Hub],
    sent_state: _State = None,
    sent_code: _Code = None,
) -> Response[SessionAnswer]:
    """Take what the issuer sent back, and begin the session."""
    issuer, browser = _issuer(request, hub), "text/html" in request.headers.get("accept", "")
    done = cookie(FLOW, "", seconds=0, samesite="lax")
    try:
        flow = request.cookies.get(FLOW)
        secret = oidc.finish(hub, issuer, flow, sent_state or "", sent_code or "")
    except NotIdentifiedError as error:
        if browser:
            return cast("Response[SessionAnswer]", returned(request, cookies=[done], failed=True))
        raise not_identified(error) from None
    except IssuerError as error:
        raise _away(error) from None
    answer = _with_session(hub, secret)
    answer.cookies.append(done)
    if browser:
        return cast("Response[SessionAnswer]", returned(request, cookies=answer.cookies))
    return answer


def _issuer(request: _AnyRequest, hub: Hub) -> Issuer:
    """The issuer of this process; what it said of itself is kept."""
    state = request.app.state
    if "issuer" not in state:
        state.issuer = Issuer(oidc.settings_of(hub))
    issuer: Issuer = state.issuer
    try:
        _ = issuer.authorization_endpoint
    except IssuerError as error:
        raise _away(error) from None
    return issuer


def _away(error: IssuerError) -> Problem:
    """The refusal while the issuer does not answer as it should."""
    return Problem(503, "issuer", error.message, error.hint)


def _with_session(hub: Hub, secret: str) -> Response[SessionAnswer]:
    """The answer to who logged in, with the cookie."""
    running = enter(hub, secret)
    answer = _of(running.principal)
    answer.login, answer.missing = running.login, list(running.missing)
    answer.csrf, answer.expires = csrf_of(secret), running.expires.isoformat()
    seconds = hub.settings.access.session_hours * 3600
    return Response(answer, cookies=[cookie(COOKIE, secret, seconds=seconds)])


def _answer(request: _AnyRequest, principal: Principal) -> SessionAnswer:
    answer = _of(principal)
    if principal.kind == "staff":
        running, secret = entered(request)
        answer.login, answer.missing = running.login, list(running.missing)
        answer.csrf, answer.expires = csrf_of(secret), running.expires.isoformat()
    return answer


def _of(principal: Principal) -> SessionAnswer:
    return SessionAnswer(
        id=principal.id,
        kind=principal.kind,
        login=None,
        roles=sorted(principal.roles),
        regions=sorted(principal.regions),
        purposes=sorted(principal.purposes),
        programmes=sorted(principal.programmes),
        missing=[],
        csrf=None,
        expires=None,
    )


_HANDLERS: list[Any] = [
    first_account,
    log_in,
    me,
    log_out,
    choose_password,
    begin_second_factor,
    confirm_second_factor,
    oidc_start,
    oidc_callback,
]
router = Router("/", route_handlers=_HANDLERS, tags=["sessions"])
