"""What administrators do to accounts, roles and clients, with a second person where it takes one.

Used by the API and by `dtsen admin`, so that both keep the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session

from mdm import exchanges
from mdm.access import approvals, roles
from mdm.access import staff as accounts
from mdm.access.agreements import Agreement, amend, must_amend
from mdm.access.clients import (
    enable,
    find,
    must_be_disabled,
    must_be_free,
    must_be_new,
    public_jwk,
    register,
    rotate_key,
)
from mdm.access.document import load_rules
from mdm.access.places import check_region
from mdm.compose import Hub
from mdm.errors import AccessError
from mdm.hub.columns import now
from mdm.hub.tables import Client, RoleGrant, Staff

NOBODY_YET = "nobody else yet"  # approved a first role
_T = TypeVar("_T")
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
        roles.must_fit(session, staff_id, role, region)
    check_region(region)
    if staff_id == actor:
        raise AccessError(
            "Nobody gives a role to themselves.", "Ask another administrator.", code="own-role"
        )
    where = f"region {region}" if region else "the whole country"
    act = _Act(
        "role.grant",
        {"user": staff_id, "role": role, "region": region},
        f"{role} for {staff_id}, {where}",
        staff_id,
    )
    return _by_two(
        hub,
        actor,
        act,
        lambda session, by: roles.grant(
            session, staff_id, role, region, actor=actor, approved_by=by
        ),
        approval=approval,
        alone=alone,
    )


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
    """Register a client under its agreement. SecondPersonError as in `grant_role`; what would be refused then is
    refused before anybody is asked."""
    public = public_jwk(jwk)
    with hub.sessions.read() as session:
        must_be_free(session, name)
    what = ", ".join(agreement.programmes)
    act = _Act(
        "client.create",
        {"name": name, "agreement": agreement.model_dump(mode="json"), "key": public},
        f"client {name} for {what}, agreement {agreement.number}",
    )
    return _by_two(
        hub,
        actor,
        act,
        lambda session, by: register(session, name, agreement, public, actor=actor, approved_by=by),
        approval=approval,
        alone=alone,
    )


def amend_agreement(
    hub: Hub,
    actor: str,
    who: str,
    agreement: Agreement,
    *,
    approval: str | None,
    alone: bool = False,
) -> int:
    """Another version of a client's agreement, which speaks at once; its number. SecondPersonError as in
    `grant_role`."""
    with hub.sessions.read() as session:
        client = find(session, who)
        client_id = client.id
        must_amend(client, agreement)
    act = _Act(
        "client.amend",
        {"client": client_id, "agreement": agreement.model_dump(mode="json")},
        f"{client_id}: another version of its agreement, {agreement.number}",
        client_id,
    )

    def amended(session: Session, by: str) -> int:
        exchanges.Exchanges(hub.keys).forget_answers(
            session
        )  # they may tell what the new version does not
        return amend(session, find(session, client_id), agreement, actor=actor, approved_by=by)

    return _by_two(
        hub,
        actor,
        act,
        amended,
        approval=approval,
        alone=alone,
    )


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
        must_be_new(session, client_id, str(public["kid"]))
    act = _Act(
        "client.rotate-key",
        {"client": client_id, "key": public},
        f"new key {public['kid']} for {client_id}",
        client_id,
    )
    return _by_two(
        hub,
        actor,
        act,
        lambda session, _: rotate_key(session, find(session, client_id), public, actor=actor),
        approval=approval,
        alone=alone,
    )


def agree_callback(
    hub: Hub, actor: str, who: str, uri: str, *, approval: str | None, alone: bool = False
) -> None:
    """Let answers to a client go to an address. SecondPersonError as in `grant_role`: they tell of people. InputError
    for an address that is not safe to call, ConflictError for one agreed on already."""
    exchanges.must_be_callable(uri)
    with hub.sessions.read() as session:
        client_id = find(session, who).id
        exchanges.must_be_new(session, client_id, uri)
    act = _Act(
        "callback.agree",
        {"client": client_id, "address": uri},
        f"{client_id}: answers may go to {uri}",
        client_id,
    )
    return _by_two(
        hub,
        actor,
        act,
        lambda session, by: exchanges.agree_callback(
            session, client_id, uri, actor, approved_by=by
        ),
        approval=approval,
        alone=alone,
    )


def enable_user(
    hub: Hub, actor: str, who: str, *, approval: str | None, alone: bool = False
) -> Staff:
    """Let somebody in again, with the roles held before. SecondPersonError as in `grant_role`: it gives
    them back. ConflictError for an account that is not disabled."""
    with hub.sessions.read() as session:
        found = accounts.find(session, who)
        accounts.must_be_disabled(found)
    act = _Act("user.enable", {"user": found.id}, f"let {found.id} in again", found.id)

    def enabled(session: Session, by: str) -> Staff:
        one = accounts.find(session, found.id)
        accounts.enable(session, one, actor=actor, approved_by=by)
        return one

    return _by_two(hub, actor, act, enabled, approval=approval, alone=alone)


def enable_client(
    hub: Hub, actor: str, who: str, *, approval: str | None, alone: bool = False
) -> Client:
    """Take a client's questions again, under its agreement. Errors as in `enable_user`."""
    with hub.sessions.read() as session:
        found = find(session, who)
        must_be_disabled(found)
    act = _Act("client.enable", {"client": found.id}, f"let {found.id} in again", found.id)

    def enabled(session: Session, by: str) -> Client:
        one = find(session, found.id)
        enable(session, one, actor=actor, approved_by=by)
        return one

    return _by_two(hub, actor, act, enabled, approval=approval, alone=alone)


def reset_user(
    hub: Hub,
    actor: str,
    who: str,
    password: str,
    *,
    approval: str | None,
    alone: bool = False,
) -> tuple[Staff, datetime]:
    """A new password, to be changed at once, and the second factor anew; the account, and until when the
    password holds. ConflictError for an account
    that signs in at an issuer.

    SecondPersonError for an account with a role that needs a second factor, or that approves what others ask:
    who resets it could come in with that role, and must not be able to do so alone.
    """
    with hub.sessions.read() as session:
        found = accounts.find(session, who)
        accounts.must_be_ours(found)
        guarded = roles.guarded(session, found.id) and not (
            alone and not _quorum(session, "user.reset")
        )
    summary = f"reset of {found.id}, who holds a guarded role"
    act = _Act("user.reset", {"user": found.id}, summary, found.id)
    if guarded:
        _demand(hub, actor, act, approval)
    with hub.sessions.begin() as session:
        by = _approver(session, actor, act, approval) if guarded else None
        found = accounts.find(session, found.id)
        until = now() + hub.settings.access.one_time_life
        accounts.reset(session, found, password, actor=actor, until=until, approved_by=by)
        return found, until


@dataclass(frozen=True)
class _Act:
    """What takes two: the action, the exact request, what the second person reads, and whom it is about."""

    action: str
    content: Mapping[str, Any]
    summary: str
    about: str | None = None


def _by_two(
    hub: Hub,
    actor: str,
    act: _Act,
    do: Callable[[Session, str], _T],
    *,
    approval: str | None,
    alone: bool,
) -> _T:
    """Do it with the name of who approved; or put it down to wait, and raise SecondPersonError."""
    with hub.sessions.read() as session:
        first = alone and not _quorum(session, act.action)
    if not first:
        _demand(hub, actor, act, approval)
    with hub.sessions.begin() as session:
        by = NOBODY_YET if first else _approver(session, actor, act, approval)
        return do(session, by)


def _demand(hub: Hub, actor: str, act: _Act, approval: str | None) -> None:
    approvals.demand(
        hub,
        actor,
        act.action,
        act.content,
        summary=act.summary,
        approval=approval,
        about=act.about,
    )


def _approver(session: Session, actor: str, act: _Act, approval: str | None) -> str:
    return approvals.use(session, actor, act.action, act.content, approval=approval or "")


def _quorum(session: Session, action: str) -> bool:
    """Whether two people ever could approve: taking their roles away again changes nothing."""
    return len(roles.ever_held(session, load_rules().actions[action].approvers)) >= QUORUM
