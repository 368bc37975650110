"""The routes: every module here exports `router`; a new one is imported here and named in ROUTERS."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from api.routes import admin, auth, dci, health, keys, lookup, metrics, rights, tokens

ROUTERS: tuple[ControllerRouterHandler, ...] = (
    admin.router,
    auth.router,
    dci.router,
    health.router,
    keys.router,
    lookup.router,
    metrics.router,
    rights.router,
    tokens.router,
)
