"""Refusals: from whatever was raised to the problem document that leaves."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from api.metrics import PROBLEMS
from api.problems import MEDIA_TYPE, Problem, Wrong, invalid, problem_of, wrong_fields
from api.ready import Ready
from api.schemas.auth import Waiting
from mdm.access.errors import SecondPersonError

_AnyRequest = Request[Any, Any, Any]

#: Litestar's refusals by status: our code, what happened, what to do.
_OF_STATUS = {
    400: (
        "malformed",
        "The request cannot be read.",
        "Send well-formed JSON as /schema describes.",
    ),
    401: (
        "not-signed-in",
        "This needs a valid token or session.",
        "Ask for a token, then send it.",
    ),
    403: ("not-allowed", "This is not allowed.", "Ask for it under your agreement or role."),
    404: ("no-such-route", "There is no such route.", "See /schema for the routes there are."),
    405: ("method", "This route has no such method.", "See the Allow header, or /schema."),
    413: ("too-large", "The body is larger than this route takes.", "Send less at once."),
    415: ("media-type", "This media type is not supported.", "Send application/json."),
    429: ("too-many", "Too many requests.", "Wait as long as Retry-After says."),
}


def refuse(request: _AnyRequest, error: Exception) -> Response[bytes]:
    """The answer for any exception that a route or the router raised."""
    problem = of_litestar(error) if isinstance(error, HTTPException) else problem_of(error)
    return respond(request, problem)


def respond(request: _AnyRequest, problem: Problem) -> Response[bytes]:
    """A problem as an answer; counted, and noted for the log line of its request."""
    state = request.scope["state"]
    state["problem"], state["fault"] = problem.code, problem.fault
    PROBLEMS.labels(problem.code).inc()
    return Ready(
        problem.body(state.get("request_id")),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def of_litestar(error: HTTPException) -> Problem:
    """What Litestar refused, in our words: its own may quote what was sent."""
    if isinstance(error, ValidationException):
        return _invalid(error)
    status = error.status_code if error.status_code in _OF_STATUS else 500
    if status == 500:
        return problem_of(error.__cause__ or error)
    code, detail, hint = _OF_STATUS[status]
    headers = dict(error.headers or {})
    if status == 401:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return Problem(status, code, detail, hint, headers=headers)


def _invalid(error: ValidationException) -> Problem:
    return invalid(
        wrong_fields(error.extra)
        or [Wrong("request", "as /schema describes it", "Compare with the schema.")]
    )


def wait(_request: _AnyRequest, error: SecondPersonError) -> Response[Waiting]:
    """No refusal: what was asked waits for another person, under this number."""
    return Response(Waiting(error.approval, "waiting", error.message), status_code=202)


HANDLERS: ExceptionHandlersMap = {
    HTTPException: refuse,
    SecondPersonError: wait,
    Exception: refuse,
}
