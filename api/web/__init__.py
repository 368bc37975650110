"""The workbench: pages for people, drawn on the server. A new room is imported here and named in ROUTERS.

A room is a package with HANDLERS; its templates lie in `templates/<room>/`, what it says in
`texts/<room>.yaml`, its line of the navigation in `navigation.py`, what waits for somebody in
`overview/home.py`.
"""

from __future__ import annotations

from litestar import Router
from litestar.types import ControllerRouterHandler

from api.web import accounts, assets, auditor, officer, operations, overview, public, review, signin
from api.web.own import own_forms

HANDLERS = [
    assets.asset,
    *accounts.HANDLERS,
    *officer.HANDLERS,
    *operations.HANDLERS,
    *overview.HANDLERS,
    *public.HANDLERS,
    *auditor.HANDLERS,
    *review.HANDLERS,
    *signin.HANDLERS,
]

ROUTERS: tuple[ControllerRouterHandler, ...] = (
    Router("/", route_handlers=HANDLERS, guards=[own_forms], include_in_schema=False),
)
