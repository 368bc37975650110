"""The routes: every module here exports `router`; a new one is imported here and named in ROUTERS."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from api.routes import dci, health, lookup, metrics

ROUTERS: tuple[ControllerRouterHandler, ...] = (
    dci.router,
    health.router,
    lookup.router,
    metrics.router,
)
