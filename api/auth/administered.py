"""Accounts and clients as administrators see them."""

from __future__ import annotations

from typing import Any

from litestar.openapi import ResponseSpec
from sqlmodel import Session

from api.schemas.accounts import HeldRole, User
from api.schemas.auth import Waiting
from api.schemas.clients import ClientView, FormerAgreementView
from mdm.access import roles, totp
from mdm.access.agreements import former
from mdm.access.clients import public_keys
from mdm.exchanges import callbacks
from mdm.hub.tables import Client, FormerAgreement, Staff


def user_view(session: Session, one: Staff) -> User:
    """An account without its secrets."""
    return User(
        id=one.id,
        login=one.login,
        state=one.state,
        second_factor=totp.set_up(one),
        must_change_password=one.must_change,
        roles=[HeldRole(role, region) for role, region in roles.held(session, one.id)],
    )


def client_view(session: Session, one: Client) -> ClientView:
    """A client with its agreement, the ids of its keys and where answers to it may go."""
    return ClientView(
        id=one.id,
        name=one.name,
        state=one.state,
        **_terms(one),
        keys=sorted(public_keys(session, one.id)),
        callbacks=callbacks(session, one.id),
        former=[_former(version) for version in former(session, one.id)],
    )


def _terms(one: Client | FormerAgreement) -> dict[str, Any]:
    return {
        "agreement": one.agreement,
        "valid_from": one.valid_from.isoformat(),
        "valid_to": one.valid_to.isoformat(),
        "programmes": one.programmes,
        "purposes": one.purposes,
        "regions": one.regions,
    }


def _former(one: FormerAgreement) -> FormerAgreementView:
    return FormerAgreementView(
        version=one.version,
        **_terms(one),
        fields=one.fields,
        limits=one.limits,
        since=one.since.isoformat(),
        until=one.until.isoformat(),
        amended_by=one.amended_by,
        approved_by=one.approved_by,
    )


def waits() -> ResponseSpec:
    """How a request that waits for another person reads in the description of the service."""
    return ResponseSpec(
        Waiting, generate_examples=False, description="It waits for another person's approval."
    )
