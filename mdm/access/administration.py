"""What administrators do to accounts, roles and clients, with a second person where it takes one.

Used by the API and by `dtsen admin`, so that both keep the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from mdm.access import approvals, roles
from mdm.access import staff as accounts
from mdm.access.clients import Agreement, public_jwk, register
from mdm.access.document import load_rules
from mdm.compose import Hub
from mdm.errors import AccessError
from mdm.hub.tables import Client, RoleGrant

NOBODY_YET = "nobody else yet"  # approved a first role
QUORUM = 2  # people who ever could approve; from then on somebody else always must


def grant_role(
    hub: Hub,
    actor: str,
    who: str,
    role: str,
    region: str,
    *,
    approval: str | None,
    alone: bool = False,
) -> RoleGrant:
    """Give a role. SecondPersonError while another person has not approved.

    `alone` is for the first roles of a new hub, on its own machine: it counts until two people ever
    could approve.
    """
    with hub.sessions.read() as session:
        staff_id = accounts.find(session, who).id
        roles.fit_together([*roles.held(session, staff_id), (role, region)])
        first = alone and not _quorum(session, "role.grant")
    if staff_id == actor:
        raise AccessError("Nobody gives a role to themselves.", "Ask another administrator.")
    content = {"user": staff_id, "role": role, "region": region}
    if not first:
        where = f"region {region}" if region else "the whole country"
        summary = f"{role} for {staff_id}, {where}"
        approvals.demand(hub, actor, "role.grant", content, summary=summary, approval=approval)
    with hub.sessions.begin() as session:
        by = _approver(session, actor, "role.grant", content, approval) if not first else NOBODY_YET
        return roles.grant(session, staff_id, role, region, actor=actor, approved_by=by)


def register_client(
    hub: Hub,
    actor: str,
    name: str,
    agreement: Agreement,
    jwk: Mapping[str, Any],
    *,
    approval: str | None,
    alone: bool = False,
) -> Client:
    """Register a client under its agreement. SecondPersonError as in `grant_role`."""
    public = public_jwk(jwk)
    content = {"name": name, "agreement": agreement.model_dump(mode="json"), "kid": public["kid"]}
    with hub.sessions.read() as session:
        first = alone and not _quorum(session, "client.create")
    if not first:
        what = ", ".join(agreement.programmes)
        summary = f"client {name} for {what}, agreement {agreement.number}"
        approvals.demand(hub, actor, "client.create", content, summary=summary, approval=approval)
    with hub.sessions.begin() as session:
        by = (
            _approver(session, actor, "client.create", content, approval)
            if not first
            else NOBODY_YET
        )
        return register(session, name, agreement, public, actor=actor, approved_by=by)


def _approver(
    session: Session, actor: str, action: str, content: Mapping[str, Any], approval: str | None
) -> str:
    return approvals.use(session, actor, action, content, approval=approval or "")


def _quorum(session: Session, action: str) -> bool:
    """Whether two people ever could approve: taking their roles away again changes nothing."""
    return len(roles.ever_held(session, load_rules().actions[action].approvers)) >= QUORUM
