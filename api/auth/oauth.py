"""Refusals where tokens are given, as libraries of OAuth read them: the words of RFC 6749 §5.2 beside our own."""

from __future__ import annotations

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from api.problems import NOT_LISTED, Problem, problem_of
from api.refusals import of_litestar, respond

_AnyRequest = Request[object, object, State]
_UNREADABLE = (400, 422)  # to OAuth both are 400
_OF_STATUS = {500: "server_error", 503: "temporarily_unavailable"}


def refuse_token(request: _AnyRequest, error: Exception) -> Response[bytes]:
    """The answer for any exception of the token route."""
    problem = of_litestar(error) if isinstance(error, HTTPException) else problem_of(error)
    problem.oauth = problem.oauth or _word(problem)
    if problem.status in _UNREADABLE:
        problem.status = 400
    return respond(request, problem)


def _word(problem: Problem) -> str:
    """What it is called there. A client that proves nothing, or by another means, is `invalid_client`."""
    if problem.status in _OF_STATUS:
        return _OF_STATUS[problem.status]
    first = problem.errors[0] if problem.errors else None
    if first and first.field == "grant_type" and first.rule == NOT_LISTED:
        return "unsupported_grant_type"
    if first and first.field.startswith("client_assertion"):
        return "invalid_client"
    return "invalid_request"
