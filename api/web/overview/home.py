"""The first page of whoever signs in: what waits for me."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get
from litestar.di import NamedDependency

from api.actions import declares
from api.web.errors import PASSWORD, SECOND_FACTOR
from api.web.officer.waiting import waiting as corrections
from api.web.overview.approvals import waiting as approvals
from api.web.pages import AnyRequest, page, see_other
from api.web.review.queue import waiting as tasks
from api.web.visitor import visitor_of
from api.web.waiting import Room, Waiting, waits_for
from mdm.compose import Hub

#: In the order they are shown. A new room adds its function here.
ROOMS: tuple[Room, ...] = (tasks, approvals, corrections)


@dataclass(frozen=True)
class HomePage:
    """What waits."""

    waiting: list[Waiting]


@declares("page.home")
@get("/", sync_to_thread=True)
def home(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """What waits for me."""
    visitor = visitor_of(request)
    if visitor.missing:
        return see_other(PASSWORD if "password" in visitor.missing else SECOND_FACTOR)
    return page(request, "overview/home.html", HomePage(waits_for(hub, visitor, ROOMS)))
