"""Figures of the service, for Prometheus."""

from __future__ import annotations

from litestar import Response, Router, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST

from api.actions import declares
from api.metrics import RUN, WAITING, exposition
from mdm.compose import Hub
from mdm.desk import Desk
from mdm.hub.runs import published_seq

TEXT = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")  # which Litestar adds


@declares("metrics.read")
@get("/metrics", sync_to_thread=True, summary="Figures for Prometheus", media_type=TEXT)
def metrics(desk: NamedDependency[Desk], hub: NamedDependency[Hub]) -> Response[bytes]:
    """Counts and times by route; nobody's data."""
    WAITING.set(desk.waiting)
    with hub.sessions.read() as session:
        RUN.set(published_seq(session))
    return Response(exposition(), media_type=TEXT)


router = Router("/", route_handlers=[metrics], tags=["health"])
