"""The service described: OpenAPI 3.1 at /schema, as JSON and YAML."""

from __future__ import annotations

from importlib.metadata import version

from litestar import Litestar, Router
from litestar.enums import OpenAPIMediaType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, Contact, Example, License, SecurityScheme
from litestar.params import ParameterKwarg

from api.actions import action_of
from api.document import Document
from api.problems import MEDIA_TYPE, TITLES, TYPE, ProblemDocument
from mdm.access import is_open

TEXT = """\
Golden profiles of persons, families and households, and what programmes may decide with them.

A NIK is sent in the body, never in a URL. Every reveal names a purpose of use and is written to the
audit log before the answer leaves. Nobody found, another region and a restricted person look the
same. Every refusal is `application/problem+json` with a stable `code` and what to do.
"""


def description() -> OpenAPIConfig:
    """What /schema serves."""
    return OpenAPIConfig(
        title="DTSEN Hub",
        version=version("dtsen-hub"),
        description=TEXT,
        contact=Contact(name="Who runs this hub"),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "client": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="A client's access token, five minutes long, asked for at the "
                    "token route with private_key_jwt.",
                ),
                "staff": SecurityScheme(
                    type="apiKey",
                    name="__Host-dtsen",
                    security_scheme_in="cookie",
                    description="A staff session after sign-in.",
                ),
            }
        ),
        security=[{"client": []}, {"staff": []}],
        openapi_router=Router(
            "/schema",
            route_handlers=[],
            opt={"action": "documentation.read"},
            include_in_schema=False,
        ),
        render_plugins=[
            Document(["/", "/openapi.json"], OpenAPIMediaType.OPENAPI_JSON),
            Document(["/openapi.yaml", "/openapi.yml"], OpenAPIMediaType.OPENAPI_YAML),
        ],
    )


#: What any route may answer; those that take a body, and those that want to know who asks, more.
ALWAYS, WITH_BODY, IDENTIFIED = (400, 404, 405, 500, 503), (408, 413, 415, 422), (401, 403, 429)
NEVER = "never_answers"  # of a handler that says otherwise what others say with these statuses
_CODES = {
    400: "malformed",
    401: "not-identified",
    403: "no-role",
    404: "no-such-route",
    405: "method",
    408: "too-slow",
    413: "too-large",
    415: "media-type",
    422: "invalid",
    429: "requests-per-minute",
    500: "internal",
    503: "busy",
}


def describe_refusals(app: Litestar) -> None:
    """Add to every route what it may answer when it refuses, and whether it wants credentials."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            action = action_of(handler)
            if isinstance(handler, HTTPRouteHandler) and action is not None:
                _describe(handler, open_to_all=is_open(action))


def _describe(handler: HTTPRouteHandler, *, open_to_all: bool) -> None:
    statuses = set(ALWAYS)
    if handler.parsed_data_field is not None:
        statuses.update(WITH_BODY)
    parameters = handler.parsed_fn_signature.parameters.values()
    if any(isinstance(one.kwarg_definition, ParameterKwarg) for one in parameters):
        statuses.add(422)
    if open_to_all:
        handler.security = [{}]
    else:
        statuses.update(IDENTIFIED)
    statuses.difference_update(handler.opt.get(NEVER, ()))
    refused = {status: _refusal(status) for status in sorted(statuses)}
    handler.responses = {**refused, **(handler.responses or {})}


def _refusal(status: int) -> ResponseSpec:
    code = _CODES[status]
    example = {
        "type": TYPE + code,
        "title": TITLES[status],
        "status": status,
        "code": code,
        "detail": "What happened, without anything that was sent.",
        "hint": "What to do.",
        "errors": [],
        "request_id": "0f3a5c7e9b1d2468",
    }
    return ResponseSpec(
        ProblemDocument,
        generate_examples=False,
        description=TITLES[status],
        media_type=MEDIA_TYPE,
        examples=[Example(value=example)],
    )
