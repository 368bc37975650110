"""Errors as pages: whoever asked for a page is refused in words; machines get the problem document.

Who is not signed in goes to the sign-in page, and comes back afterwards. Who must first choose a
password or set up the second factor is led there.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from api.context import Connection
from api.metrics import PROBLEMS
from api.problems import Problem, problem_of
from api.refusals import HANDLERS, of_litestar, refuse
from api.web import back, left
from api.web.pages import AnyRequest, page, see_other
from api.web.texts import texts
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.access import load_rules
from mdm.access.sessions import COOKIE

SIGN_IN = "/masuk"
PASSWORD, SECOND_FACTOR = "/akun/sandi", "/akun/faktor-kedua"
_MACHINES = ("/v1/", "/registry/", "/schema", "/health", "/metrics", "/.well-known/")


class Told(Problem):
    """A refusal of a page, in words of its own: `key` of the texts, with its values."""

    def __init__(self, status: int, key: str, **values: object) -> None:
        super().__init__(status, key, texts()[key].en)
        self.key, self.values = key, values


@dataclass(frozen=True)
class ErrorPage:
    """What the page of a refusal says."""

    status: int
    title: str
    reason: str
    hint: str
    original: str  # in English, where the hub has no other words; else empty
    request_id: str


def wants_page(connection: Connection) -> bool:
    """Whether a browser asks for a page, not a machine for a document."""
    if connection.scope["path"].startswith(_MACHINES):
        return False
    return "text/html" in connection.headers.get("accept", "")


def show(request: AnyRequest, error: Exception) -> Response[bytes]:
    """The answer for any exception: a page where one was asked for."""
    if not wants_page(request):
        return refuse(request, error)
    problem = of_litestar(error) if isinstance(error, HTTPException) else problem_of(error)
    state = request.scope["state"]
    state["problem"], state["fault"] = problem.code, problem.fault
    PROBLEMS.labels(problem.code if not isinstance(problem, Told) else "told").inc()
    if problem.status == 401 and request.url.path != SIGN_IN:
        return _sign_in(request)
    if problem.code == "csrf" and (kept := left.kept(request)):
        # Of an earlier session of the same person, who is signed in again: back to the form.
        return see_other(back.here(request), cookies=kept)
    if problem.status == 405 and request.method == "GET":
        # Where only a form leads: what stands above it.
        return see_other(request.url.path.rpartition("/")[0] or back.HOME)
    if problem.status == 403 and (missing := visitor_of(request).missing):
        return see_other(PASSWORD if "password" in missing else SECOND_FACTOR)
    context = _context(request, problem)
    headers = {name: text for name, text in problem.headers.items() if name == "Retry-After"}
    return page(request, "errors/error.html", context, status=problem.status, headers=headers)


def _sign_in(request: AnyRequest) -> Response[bytes]:
    """To the sign-in page; who had a session hears that it ended, and that what they typed is kept."""
    over = {"sesi": "berakhir"} if request.cookies.get(COOKIE) else {}
    goal = back.with_back(SIGN_IN, back.here(request), **over)
    return see_other(goal, cookies=left.kept(request))


def _context(request: AnyRequest, problem: Problem) -> ErrorPage:
    words = IN[visitor_of(request).language]
    status = problem.status if f"errors.{problem.status}.title" in texts() else 500
    reason, hint, original = (
        words.t(f"errors.{status}.reason"),
        words.t(f"errors.{status}.hint"),
        "",
    )
    if f"errors.code.{problem.code}.hint" in texts():
        hint = words.t(f"errors.code.{problem.code}.hint")
    if isinstance(problem, Told):
        reason = words.t(problem.key, **problem.values)
    elif problem.code in load_rules().reasons:
        reason = words.said(load_rules().reasons[problem.code])
    elif f"errors.code.{problem.code}" in texts():
        reason = words.t(f"errors.code.{problem.code}")
    elif status in (409, 422, 429, 503):
        original = f"{problem.detail} {problem.hint}".strip()
    return ErrorPage(
        status=problem.status,
        title=words.t(f"errors.{status}.title"),
        reason=reason,
        hint=hint,
        original=original,
        request_id=request.scope["state"].get("request_id", ""),
    )


PAGE_HANDLERS: ExceptionHandlersMap = {**HANDLERS, HTTPException: show, Exception: show}
