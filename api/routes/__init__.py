"""The routes: every module here exports `router`; a new one is imported here and named in ROUTERS."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from api.routes import (
    accounts,
    admin,
    audit,
    auth,
    clients,
    dci,
    eligibility,
    health,
    jobs,
    keys,
    lookup,
    metrics,
    rights,
    snapshots,
    tokens,
)

ROUTERS: tuple[ControllerRouterHandler, ...] = (
    accounts.router,
    admin.router,
    audit.router,
    auth.router,
    clients.router,
    dci.router,
    eligibility.router,
    health.router,
    jobs.router,
    keys.router,
    lookup.router,
    metrics.router,
    rights.router,
    snapshots.router,
    tokens.router,
)
