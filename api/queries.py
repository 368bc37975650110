"""Queries: what a route reads from its address, and nothing else.

Addresses stand in the logs of proxies and in histories; the number of a person does not belong there.
Whoever puts something there that the route does not read is told so: to ignore it would hide the mistake.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from litestar import Litestar
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from api.context import Connection
from api.problems import Problem

ANY = "any_query"  # of a handler to which others add what they like: an issuer's way back
_OPT = "query"


def note_queries(app: Litestar) -> None:
    """Write down at every documented route what it reads from its address."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler, model in route.route_handler_map.values():
            if handler.resolve_include_in_schema() and not handler.opt.get(ANY):
                names = (one.field_alias for one in model.expected_query_params)
                handler.opt[_OPT] = frozenset(names)


def refuse_unknown_query(connection: Connection, handler: BaseRouteHandler) -> None:
    """Problem when an address holds what its route does not read; neither name nor value is repeated."""
    sent = connection.scope["query_string"]
    known = handler.opt.get(_OPT) if sent else None
    if known is None:
        return
    names = {name for name, _ in parse_qsl(sent.decode("latin-1"), keep_blank_values=True)}
    if names <= known:
        return
    reads = f"It reads there: {', '.join(sorted(known))}. " if known else ""
    raise Problem(
        400,
        "unknown-query",
        "The address holds something that this route does not read.",
        f"{reads}Send everything else in the body, the number of a person above all: never in an address.",
    )
