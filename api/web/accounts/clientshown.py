"""A client as lists and pages show it: its agreement, its keys, its limits and what it has used of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from api.web.accounts.words import Validity, place, validity
from api.web.auditor.spoken import purpose_name
from api.web.visitor import Visitor
from api.web.wording import IN
from mdm.access import Limits, limits_of
from mdm.access.clients import ACTIVE, standing
from mdm.access.tally import Used
from mdm.hub.tables import Client, ClientKey, FormerAgreement


@dataclass(frozen=True)
class Said:
    """What one version of an agreement says, in words. `fields`: kind → attributes, where it narrows the role's."""

    number: str
    holds: Validity
    programmes: list[str]
    purposes: list[str]
    regions: list[str]
    fields: Mapping[str, list[str]]


@dataclass(frozen=True)
class Key:
    """A public key. `kid` is its fingerprint (RFC 7638); it holds until it is withdrawn, at most as long as the
    agreement."""

    kid: str
    curve: str
    since: datetime
    retired: datetime | None


@dataclass(frozen=True)
class ClientShown:
    """A client. `own_limits`: its agreement names them, else they are its role's."""

    id: str
    name: str
    active: bool
    monitor: bool
    said: Said
    limits: Limits
    own_limits: bool
    used: Used
    keys: list[Key]
    created: datetime


def client_shown(
    session: Session,
    visitor: Visitor,
    one: Client,
    keys: Sequence[ClientKey],
    used: Used | None,
) -> ClientShown:
    """A client with what it may and what it has used today."""
    stands = standing(session, one.id)
    assert stands is not None
    return ClientShown(
        id=one.id,
        name=one.name,
        active=one.state == ACTIVE,
        monitor=not one.programmes,
        said=said(visitor, one),
        limits=limits_of(stands.principal),
        own_limits=one.limits is not None,
        used=used or Used(),
        keys=[Key(key.kid, str(key.jwk.get("crv", "")), key.created, key.retired) for key in keys],
        created=one.created,
    )


def said(visitor: Visitor, one: Client | FormerAgreement) -> Said:
    """A version of an agreement in words."""
    words = IN[visitor.language]
    return Said(
        number=one.agreement,
        holds=validity(one.valid_from, one.valid_to),
        programmes=list(one.programmes),
        purposes=[purpose_name(words, purpose) for purpose in one.purposes],
        regions=[place(words, region) for region in one.regions],
        fields={
            kind: [words.label(kind, name) for name in of]
            for kind, of in (one.fields or {}).items()
        },
    )
