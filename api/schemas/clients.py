"""Clients, their agreements and keys, as administrators send and read them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.forms import form
from api.schemas.admin import ApprovalId, Moment, Region
from api.schemas.common import Purpose

ClientName = Annotated[
    str,
    Meta(
        pattern=form(
            r"^[a-z0-9][a-z0-9-]{1,62}\Z",
            "begins with a small letter or digit and has 2 to 63 small letters, digits and -",
        ),
        description="Id or name of a client.",
        examples=["pkh-pusat"],
    ),
]
Coordinate = Annotated[
    str,
    Meta(
        pattern=form(
            r"^[A-Za-z0-9_-]{43}\Z", "is 32 bytes in base64url: 43 letters, digits, _ and -"
        ),
        description="32 bytes in base64url.",
        examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"],
    ),
]

Address = Annotated[
    str,
    Meta(
        min_length=10,
        max_length=500,
        description="A whole https address without user name, fragment and long number; http on this machine only.",
        examples=["https://pkh.example.go.id/dci/on-search"],
    ),
]


class LimitsBody(msgspec.Struct, forbid_unknown_fields=True):
    """How much a client may ask; without, what its role may."""

    requests_per_minute: Annotated[int, Meta(ge=1, le=1 << 31)]
    niks_per_day: Annotated[int, Meta(ge=0, le=1 << 31)]
    miss_percent: Annotated[int, Meta(ge=0, le=100)]
    miss_floor: Annotated[int, Meta(ge=1, le=1 << 31)]


class AgreementBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a programme agreed on with the ministry. One that names no programme, no purpose and no
    region is a monitor's, which reads the figures of the service only."""

    number: Annotated[
        str,
        Meta(
            pattern=form(
                r"^[A-Za-z0-9][A-Za-z0-9/._-]{2,79}\Z",
                "begins with a letter or digit and has 3 to 80 letters, digits and / . _ -",
            ),
            examples=["PKS/2026/014"],
        ),
    ]
    valid_from: Moment
    valid_to: Moment
    programmes: Annotated[
        list[Annotated[str, Meta(min_length=2, max_length=40)]],
        Meta(max_length=20, examples=[["PKH"]]),
    ]
    purposes: Annotated[
        list[Purpose],
        Meta(max_length=20, examples=[["assistance"]]),
    ]
    regions: Annotated[list[Region], Meta(max_length=600, examples=[["32"]])]
    fields: dict[Literal["person", "family", "household"], list[str]] | None = None
    limits: LimitsBody | None = None


class Jwk(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A public key: Ed25519 (OKP) or P-256 (EC). A private one is refused."""

    kty: Literal["OKP", "EC"]
    crv: Literal["Ed25519", "P-256"]
    x: Coordinate
    y: Coordinate | None = None
    kid: Annotated[str, Meta(max_length=128)] | None = None
    use: Annotated[str, Meta(max_length=8)] | None = None
    alg: Annotated[str, Meta(max_length=16)] | None = None


class NewClient(msgspec.Struct, forbid_unknown_fields=True):
    """A client, its agreement and its first public key."""

    name: ClientName
    agreement: AgreementBody
    key: Jwk
    approval: ApprovalId | None = None


class Amendment(msgspec.Struct, forbid_unknown_fields=True):
    """Which client, and the agreement that takes the place of its own from now on."""

    client: ClientName
    agreement: AgreementBody
    approval: ApprovalId | None = None


class AgreementView(msgspec.Struct, kw_only=True):
    """What every version of an agreement says."""

    agreement: str
    valid_from: str
    valid_to: str
    programmes: list[str]
    purposes: list[str]
    regions: list[str]


class FormerAgreementView(AgreementView, kw_only=True):
    """What an agreement said before, and from when until when it spoke."""

    version: int
    fields: dict[str, list[str]] | None
    limits: dict[str, int] | None
    since: str
    until: str
    amended_by: str
    approved_by: str


class ClientView(AgreementView, kw_only=True):
    """A client as administrators see it. `callbacks`: the addresses that answers to it may go to (DCI); `former`:
    what its agreement said before, the oldest first."""

    id: str
    name: str
    state: str
    keys: list[str]
    callbacks: list[str]
    former: list[FormerAgreementView]


class Clients(msgspec.Struct):
    """Every client, by name."""

    clients: list[ClientView]


class NamedClient(msgspec.Struct, forbid_unknown_fields=True):
    """Which client."""

    client: ClientName


class OpenedClient(msgspec.Struct, forbid_unknown_fields=True):
    """Which client. With `approval`, once another person approved."""

    client: ClientName
    approval: ApprovalId | None = None


class GoneKey(msgspec.Struct, forbid_unknown_fields=True):
    """Which client, and the id of the key that it is no longer known by."""

    client: ClientName
    kid: Coordinate


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """Which client, and the key that takes the place of all its others."""

    client: ClientName
    key: Jwk
    approval: ApprovalId | None = None


class KeyId(msgspec.Struct):
    """How the client names its key from now on."""

    kid: str


class NewCallback(msgspec.Struct, forbid_unknown_fields=True):
    """Which client, and an address that answers to it shall be sent to: exactly this one."""

    client: ClientName
    address: Address
    approval: ApprovalId | None = None


class GoneCallback(msgspec.Struct, forbid_unknown_fields=True):
    """Which client, and the address that no answer to it goes to any more."""

    client: ClientName
    address: Address
