"""What logging in and asking for tokens sends and answers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.forms import form

Login = Annotated[
    str,
    Meta(
        pattern=form(
            r"^[a-z][a-z0-9._-]{2,40}\Z",
            "begins with a small letter and has 3 to 41 small letters, digits and . _ -",
        ),
        description="Login.",
        examples=["siti.aminah"],
    ),
]
Password = Annotated[
    str,
    Meta(
        min_length=12,
        max_length=256,
        description="Password, 12 characters or more.",
        examples=["kuda-lumping-biru-42"],
    ),
]
Code = Annotated[
    str,
    Meta(
        pattern=form(r"^[0-9]{6}\Z", "has 6 digits"),
        description="Six digits of the second factor.",
        examples=["492039"],
    ),
]


class TokenQuestion(msgspec.Struct):
    """Client credentials with private_key_jwt (RFC 6749 §4.4, RFC 7523 §2.2), form-encoded. Parameters that
    are not known are passed over, as RFC 6749 §3.2 demands."""

    grant_type: Literal["client_credentials"]
    client_assertion_type: Literal["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"]
    client_assertion: Annotated[
        str,
        Meta(
            max_length=4096,
            description="A JWT signed with the client's private key: iss and sub the client, aud "
            "exactly this issuer, exp within five minutes, jti never used before.",
            examples=["eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJjbGllbnQtMSJ9.c2lnbmF0dXJl"],
        ),
    ]
    client_id: Annotated[str, Meta(max_length=80, examples=["client-5f1c9a3b7d20"])] | None = None
    scope: Annotated[str, Meta(max_length=200)] | None = None


class TokenAnswer(msgspec.Struct):
    """A bearer token, good for five minutes, with what its client may ask."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    programmes: list[str]
    purposes: list[str]
    regions: list[str]
    terms: str


class IssuerDocument(msgspec.Struct):
    """What this service says of its tokens (RFC 8414)."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    response_types_supported: list[str]


class PublicKey(msgspec.Struct):
    """One public key (RFC 7517, RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class PublicKeys(msgspec.Struct):
    """The keys that sign access tokens: the newest, and those that still verify."""

    keys: list[PublicKey]


class LoginQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Login, password, and the code of the second factor where one is set up."""

    login: Annotated[str, Meta(max_length=64, examples=["siti.aminah"])]
    password: Annotated[str, Meta(max_length=1024, examples=["kuda-lumping-biru-42"])]
    code: Code | None = None


class SessionAnswer(msgspec.Struct):
    """Who is logged in. `missing` says what must be done before the roles count: `password`,
    `second-factor`. `csrf` goes into the header X-CSRF-Token of every change."""

    id: str
    kind: str
    login: str | None
    roles: list[str]
    regions: list[str]
    purposes: list[str]
    programmes: list[str]
    missing: list[str]
    csrf: str | None
    expires: str | None


class SetupQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """The one-time set-up token, and the first account: an administrator of users."""

    token: Annotated[str, Meta(max_length=128, examples=["k9…"])]
    login: Login
    password: Password


class Made(msgspec.Struct):
    """What was made."""

    id: str


class PasswordQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """The old password and the one chosen."""

    old: Annotated[str, Meta(max_length=1024, examples=["aB3dE-fG5hI-jK7lM-nO9pQ"])]
    new: Password


class SecondFactor(msgspec.Struct):
    """The secret for an authenticator, shown this once; it counts after the first code."""

    secret: str
    address: str


class CodeQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """The code that the authenticator shows now."""

    code: Code


class Waiting(msgspec.Struct):
    """The request waits for another person. Ask again with `approval` when it is approved."""

    approval: str
    state: Literal["waiting"]
    hint: str
