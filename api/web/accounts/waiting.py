"""What waits for who manages accounts: approved requests to be done, agreements that end, accounts without a role."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import col, func, select

from api.web.accounts.agreements import PATH as AGREEMENTS
from api.web.accounts.requests import HOME
from api.web.accounts.words import SOON
from api.web.visitor import Visitor
from api.web.waiting import Waiting
from mdm.access import approvals
from mdm.access.clients import ACTIVE
from mdm.access.directory import Wanted, how_many
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import Client


def waiting(hub: Hub, visitor: Visitor) -> Iterator[Waiting]:
    """Counts for who may give roles and amend agreements."""
    with hub.sessions.read() as session:
        if visitor.principal and (ready := len(approvals.ready(session, visitor.id))):
            yield Waiting(ready, "accounts.waiting.ready", "/persetujuan", "urgent")
        if not visitor.may("role.grant"):
            return
        without = how_many(session, Wanted(state="without-role"))
        ending = select(func.count(col(Client.id))).where(
            Client.state == ACTIVE, col(Client.valid_to) < now() + SOON
        )
        ends = session.exec(ending).one()
    if without:
        yield Waiting(without, "accounts.waiting.without-role", f"{HOME}?keadaan=without-role")
    if ends:
        yield Waiting(ends, "accounts.waiting.ending", AGREEMENTS, "urgent")
