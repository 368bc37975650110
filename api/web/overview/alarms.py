"""Alarms: what somebody must look at; they tell of accounts and clients, of no citizen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from litestar import Response, get
from litestar.di import NamedDependency
from sqlmodel import col, func, select

from api.actions import declares
from api.web.pages import AnyRequest, page
from api.web.visitor import Visitor
from api.web.waiting import Waiting
from mdm.access import alarms
from mdm.access.named import names_of
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import Alarm

PATH = "/alarm"
RECENT = timedelta(days=7)
SHOWN = 100


@dataclass(frozen=True)
class Line:
    """One alarm, and whom it is about."""

    kind: str
    who: str
    at: datetime


@dataclass(frozen=True)
class AlarmsPage:
    """The latest, newest first; no more than `most`."""

    lines: list[Line]
    most: int = SHOWN


@declares("alarm.read")
@get(PATH, sync_to_thread=True)
def alarms_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """The latest alarms."""
    with hub.sessions.read() as session:
        found = alarms.alarms(session, SHOWN)
        names = names_of(session, {one.principal for one in found})
    lines = [Line(one.kind, names.get(one.principal, one.principal), one.at) for one in found]
    return page(request, "overview/alarms.html", AlarmsPage(lines))


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """How many there were in the last days."""
    if not visitor.may("alarm.read"):
        return
    with hub.sessions.read() as session:
        n = session.exec(select(func.count()).where(col(Alarm.at) > now() - RECENT)).one()
    yield Waiting(n, "overview.waiting.alarms", PATH, "urgent" if n else "plain")
