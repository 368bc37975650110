"""Figures of the service, for Prometheus."""

from __future__ import annotations

from litestar import Response, Router, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST

from api.actions import declares
from api.metrics import WAITING, exposition
from mdm.desk import Desk


@declares("metrics.read")
@get("/metrics", sync_to_thread=False, summary="Figures for Prometheus")
def metrics(desk: NamedDependency[Desk]) -> Response[bytes]:
    """Counts and times by route; nobody's data."""
    WAITING.set(desk.waiting)
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST)


router = Router("/", route_handlers=[metrics], tags=["health"])
