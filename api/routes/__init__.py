"""The routes: every module here exports `router`; a new one is imported here and named in ROUTERS."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from api.routes import health, lookup, metrics

ROUTERS: tuple[ControllerRouterHandler, ...] = (
    health.router,
    lookup.router,
    metrics.router,
)
