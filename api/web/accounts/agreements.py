"""Agreements: which hold, which end soon, which are over; what they said before they were amended."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get
from litestar.di import NamedDependency

from api.actions import declares
from api.web.accounts.clientshown import Said, said
from api.web.accounts.requests import HOME
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from mdm.access import clients
from mdm.access.agreements import former
from mdm.compose import Hub

PATH = HOME + "/perjanjian"


@dataclass(frozen=True)
class Line:
    """One agreement with its client. `version`: which one speaks now; `active`: whether the client is let in."""

    client_id: str
    client: str
    active: bool
    version: int
    said: Said


@dataclass(frozen=True)
class AgreementsPage:
    """Every agreement, the one that ends first at the top."""

    lines: list[Line]


@declares("client.list")
@get(PATH, sync_to_thread=True)
def agreements_page(request: AnyRequest, hub: NamedDependency[Hub]) -> Response[bytes]:
    """Every agreement by its end."""
    visitor = visitor_of(request)
    with hub.sessions.read() as session:
        lines = [
            Line(
                one.id,
                one.name,
                one.state == clients.ACTIVE,
                len(former(session, one.id)) + 1,
                said(visitor, one),
            )
            for one in clients.all_clients(session)
        ]
    lines.sort(key=lambda line: (line.said.holds.state == "over", line.said.holds.until))
    return page(request, "accounts/agreements.html", AgreementsPage(lines))
