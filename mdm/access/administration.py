"""What administrators do to accounts, roles and clients, with a second person where it takes one.

Used by the API and by `dtsen admin`, so that both keep the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from mdm.access import approvals, roles
from mdm.access import staff as accounts
from mdm.access.clients import Agreement, find, public_jwk, register, rotate_key
from mdm.access.document import load_rules
from mdm.compose import Hub
from mdm.errors import AccessError
from mdm.hub.tables import Client, RoleGrant, Staff

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


def rotate_client_key(
    hub: Hub,
    actor: str,
    who: str,
    jwk: Mapping[str, Any],
    *,
    approval: str | None,
    alone: bool = False,
) -> str:
    """A new public key in the place of all others; its key id. SecondPersonError as in
    `grant_role`: who puts a key of their own there could come in as the programme."""
    public = public_jwk(jwk)
    with hub.sessions.read() as session:
        client_id = find(session, who).id
        first = alone and not _quorum(session, "client.rotate-key")
    content = {"client": client_id, "kid": public["kid"]}
    if not first:
        summary = f"new key {public['kid']} for {client_id}"
        approvals.demand(
            hub, actor, "client.rotate-key", content, summary=summary, approval=approval
        )
    with hub.sessions.begin() as session:
        if not first:
            _approver(session, actor, "client.rotate-key", content, approval)
        return rotate_key(session, find(session, client_id), public, actor=actor)


def reset_user(
    hub: Hub,
    actor: str,
    who: str,
    password: str,
    *,
    approval: str | None,
    alone: bool = False,
) -> Staff:
    """A new password, to be changed at once, and the second factor anew.

    SecondPersonError for an account with a role that needs a second factor: who resets it could
    come in with that role, and must not be able to do so alone.
    """
    with hub.sessions.read() as session:
        found = accounts.find(session, who)
        content = {"user": found.id}
        guarded = roles.guarded(session, found.id) and not (
            alone and not _quorum(session, "user.reset")
        )
    if guarded:
        summary = f"reset of {found.id}, who holds a guarded role"
        approvals.demand(hub, actor, "user.reset", content, summary=summary, approval=approval)
    with hub.sessions.begin() as session:
        by = _approver(session, actor, "user.reset", content, approval) if guarded else None
        found = accounts.find(session, found.id)
        accounts.reset(session, found, password, actor=actor, approved_by=by)
        return found


def _approver(
    session: Session, actor: str, action: str, content: Mapping[str, Any], approval: str | None
) -> str:
    return approvals.use(session, actor, action, content, approval=approval or "")


def _quorum(session: Session, action: str) -> bool:
    """Whether two people ever could approve: taking their roles away again changes nothing."""
    return len(roles.ever_held(session, load_rules().actions[action].approvers)) >= QUORUM
