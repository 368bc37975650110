"""Problems: every refusal is application/problem+json (RFC 9457) with a stable code and what to do.

No message here repeats a value that somebody sent: fields are named, their contents are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from api.forms import in_words
from mdm.cli.failures import explain, masked
from mdm.desk.errors import BudgetError, BusyError
from mdm.errors import (
    AccessError,
    CapacityError,
    ConflictError,
    DiskFullError,
    HomeError,
    HubError,
    InputError,
    IntegrityError,
    RuleError,
    UnknownError,
    UsageError,
)

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:dtsen:problem:"
NOT_LISTED = "is one of the values that the schema lists"  # what is wrong with a value of a few


@dataclass(frozen=True)
class Wrong:
    """One thing wrong with a request: where, which rule it broke, and what to do."""

    field: str
    rule: str
    hint: str


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """A refusal as the caller reads it. `code` never changes its meaning; `hint` says what to do."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        hint: str = "",
        *,
        errors: Sequence[Wrong] = (),
        headers: Mapping[str, str] | None = None,
        fault: str | None = None,
        oauth: str | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.oauth = oauth  # what libraries of clients look for
        self.fault = fault  # for the log alone: where in our code it happened

    def body(self, request_id: str | None = None) -> bytes:
        """The document that is sent."""
        return msgspec.json.encode(
            ProblemDocument(
                type=TYPE + self.code,
                title=TITLES.get(self.status, "Refused"),
                status=self.status,
                code=self.code,
                detail=self.detail,
                hint=self.hint,
                errors=[WrongField(w.field, w.rule, w.hint) for w in self.errors],
                request_id=request_id,
                error=self.oauth,
                error_description=_plain(self.detail, self.hint) if self.oauth else None,
            )
        )


class WrongField(msgspec.Struct):
    """One thing wrong with a request."""

    field: str
    rule: str
    hint: str


class ProblemDocument(msgspec.Struct, omit_defaults=True):
    """What every refusal looks like (RFC 9457). `error`, `error_description`: where tokens are given, the
    words of RFC 6749."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str = ""
    errors: list[WrongField] = []
    request_id: str | None = None
    error: str | None = None
    error_description: str | None = None


def _plain(detail: str, hint: str) -> str:
    """Both as one text, in the characters that RFC 6749 lets a description have."""
    return re.sub(r"[^ !#-\[\]-~]", "'", f"{detail.rstrip('.')}. {hint}").strip()


TITLES = {
    400: "Not understood",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    413: "Too large",
    415: "Media type not supported",
    422: "Not acceptable as it is",
    429: "Too many requests",
    500: "Something failed inside the hub",
    503: "Not available now",
}

#: What a HubError becomes: status and code. The first class that fits, from the most special on.
OF_HUB: dict[type[HubError], tuple[int, str]] = {
    UsageError: (400, "usage"),
    UnknownError: (404, "not-there"),
    ConflictError: (409, "conflict"),
    InputError: (422, "input"),
    AccessError: (403, "not-allowed"),
    CapacityError: (413, "capacity"),
    HomeError: (503, "hub-unavailable"),
    RuleError: (500, "rules"),
    IntegrityError: (500, "integrity"),
    BusyError: (503, "busy"),
    HubError: (409, "refused"),
}


def problem_of(error: BaseException) -> Problem:
    """The problem that any exception becomes. What nobody foresaw says nothing but its fault id."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, BudgetError):
        retry = {"Retry-After": str(error.retry_after)}
        return Problem(429, error.bound, error.message, error.hint, headers=retry)
    failure = explain(error)
    if failure.kind == DiskFullError.__name__:  # wherever it was met
        hint = "Tell who runs the hub, and try again later: nothing was changed."
        return Problem(503, "storage-full", failure.message, hint)
    if isinstance(error, HubError):
        status, code = next(OF_HUB[kind] for kind in type(error).__mro__ if kind in OF_HUB)
        return Problem(status, code, error.message, error.hint)
    if isinstance(error, (sa.exc.OperationalError, sa.exc.TimeoutError)):
        return Problem(
            503,
            "database-unavailable",
            "The hub's database does not answer.",
            "Try again in a moment.",
            headers={"Retry-After": "5"},
        )
    fault = failure.message
    number = re.search(r"internal error (\w+)", fault)
    return Problem(
        500,
        "internal",
        f"Something failed inside the hub. Fault {number[1] if number else 'unknown'}.",
        "Report the fault number to who runs the hub.",
        fault=fault,
    )


#: What msgspec says → what we say.
_WORDS = (
    (r"Expected `array` of length >= 1\b", "has at least 1 entry"),
    (r"Expected `array` of length <= 1\b", "has at most 1 entry"),
    (r"Expected `str` of length >= (\d+)", "has at least {0} characters"),
    (r"Expected `str` of length <= (\d+)", "has at most {0} characters"),
    (r"Expected `array` of length >= (\d+)", "has at least {0} entries"),
    (r"Expected `array` of length <= (\d+)", "has at most {0} entries"),
    (r"Expected `(?:int|float)` (<|<=|>|>=) (-?[\d.]+)", "is {0} {1}"),
    (r"Expected `([^`]*)`, got `([^`]*)`", "is {0}, not {1}"),
    (r"Object contains unknown field `[^`]*`", "is not a field of this request"),
    (r"Object missing required field `[^`]*`", "is required"),
    (r"Invalid enum value .*", NOT_LISTED),
    (r"Invalid RFC3339 encoded date", "is a day of the calendar, year-month-day"),
)


_TYPES = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}


def invalid(errors: Sequence[Wrong]) -> Problem:
    """The refusal of a request with these things wrong, of which there is at least one."""
    return Problem(
        422,
        "invalid",
        f"{errors[0].field}: {errors[0].rule}",
        "Mend the fields named in `errors`; nothing was changed.",
        errors=errors,
    )


def wrong_fields(extra: Any) -> list[Wrong]:
    """What Litestar found wrong with the parts of a request, without their values."""
    found = extra if isinstance(extra, list) else []
    return [
        Wrong(
            field=_where(one),
            rule=_rule(masked(str(one.get("message", "")))),
            hint="Send this field as the schema at /schema describes it.",
        )
        for one in found
        if isinstance(one, Mapping)
    ]


def _where(one: Mapping[str, Any]) -> str:
    where = masked(str(one.get("key", ""))) or "body"
    where = "body" if where == "data" else where
    named = re.search(r"(?:unknown|required) field `([^`]*)`", str(one.get("message", "")))
    if named:
        name = masked(named[1])
        return name if where == "body" else f"{where}.{name}"
    return where


def _rule(message: str) -> str:
    """msgspec's sentence in words, without the path that `field` says already."""
    if message == "'data'":  # nothing was sent
        return "is required"
    plain = re.sub(r"\s*-\s*at `[^`]*`", "", message).replace(
        "\\\\", "\\"
    )  # a pattern comes quoted
    if form := re.fullmatch("Expected `str` matching regex '(.*)'", plain):
        return in_words(form[1])
    for pattern, words in _WORDS:
        if found := re.fullmatch(pattern, plain):
            return words.format(*(_TYPES.get(one, one) for one in found.groups()))
    return plain or "not acceptable"
