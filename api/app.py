"""The application: routes, guard, refusals and surface put together over one hub."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from api.actions import refuse_undeclared
from api.bodies import Asked
from api.context import Connection, principal_of
from api.dci.courier import Courier
from api.description import describe_refusals, description
from api.guard import Identify, guard_with
from api.keeping import kept
from api.logs import Log
from api.metrics import group_answered
from api.queries import note_queries
from api.routes import ROUTERS
from api.routes.health import Readiness
from api.surface import Surface
from api.web import ROUTERS as PAGES
from api.web.errors import PAGE_HANDLERS
from mdm.access import Principal, actions, decide
from mdm.compose import Hub
from mdm.desk import Desk
from mdm.eligibility.helper import Helper
from mdm.jobs.work import Worker
from mdm.touched import Settler

BODY_BYTES = 1 << 20  # of a request, unless its route takes less
ANSWER_SECONDS = 20.0  # for requests under way when the service is told to stop


def create_app(
    hub: Hub,
    *,
    identify: Identify | None = None,
    log: Log | None = None,
    more: Sequence[ControllerRouterHandler] = (),
    keeps: bool = True,
) -> Litestar:
    """The service over an open hub. RuleError when a route declares no action that exists.

    `identify` tells who a request comes from; `more` adds routes; `keeps`: whether the audit log is signed and the
    database tended from here, or by another process (api/keeping.py).
    """
    desk, helper = Desk(hub, decide, group_answered), Helper(hub)
    log = log or Log()

    settler = Settler(hub, partial(log.failed, "settle"))

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        with (
            kept(hub, log) if keeps else nullcontext(),
            desk,
            helper,
            Worker(hub, helper, partial(log.failed, "job")),
            settler,
        ):
            async with Courier(hub, desk, log=log).at_work():
                yield
            await surface.all_answered(ANSWER_SECONDS)

    app = Litestar(
        route_handlers=[*ROUTERS, *PAGES, *more],
        middleware=[guard_with(identify or _identify)],
        dependencies={
            "hub": Provide(lambda: hub, sync_to_thread=False, use_cache=True),
            "desk": Provide(lambda: desk, sync_to_thread=False, use_cache=True),
            "settler": Provide(lambda: settler, sync_to_thread=False, use_cache=True),
            "principal": Provide(_principal, sync_to_thread=False),
        },
        exception_handlers=PAGE_HANDLERS,
        request_class=Asked,
        lifespan=[lifespan],
        openapi_config=description(),
        request_max_body_size=BODY_BYTES,
        state=State({"hub": hub, "desk": desk, "helper": helper, "readiness": Readiness(hub)}),
        logging_config=None,
        debug=False,
    )
    refuse_undeclared(app, actions())
    describe_refusals(app)
    note_queries(app)
    methods = {route.path_format: route.methods for route in app.routes}
    surface = Surface(app.asgi_handler, log, methods)
    app.asgi_handler = surface
    return app


def _principal(request: Request[Any, Any, Any]) -> Principal:
    return principal_of(request)


async def _identify(connection: Connection) -> Principal:
    from api.auth.identify import identify  # noqa: PLC0415 - tests may bring a way of their own

    return await identify(connection)
