"""Access tokens of clients: five minutes, signed with Ed25519, one exact form and no other.

header   {"alg": "Ed25519", "typ": "at+jwt", "kid": "access-N"}
payload  iss, aud (the service, both), sub (the client), iat, nbf, exp, jti, epoch,
         programmes, purposes, regions, terms (version of what the client may do)
"""

from __future__ import annotations

import json
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from mdm.access.errors import NotIdentifiedError
from mdm.access.keys import ALGORITHM

LIFE = 300  # seconds
TYPE = "at+jwt"
MAX_LENGTH = 8192
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_TEXTS = ("iss", "aud", "sub", "jti", "terms")
_NUMBERS = ("iat", "nbf", "exp", "epoch")
_LISTS = ("programmes", "purposes", "regions")
_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])


@dataclass(frozen=True)
class Claims:
    """What a token that held says."""

    client: str
    kid: str
    epoch: int
    terms: str
    not_before: int
    expires: int


def issue(
    key: tuple[str, OKPKey], issuer: str, client: str, at: datetime, said: Mapping[str, Any]
) -> str:
    """A new token. `said`: epoch, terms, programmes, purposes, regions."""
    kid, private = key
    moment = int(at.timestamp())
    payload = {
        "iss": issuer,
        "aud": issuer,
        "sub": client,
        "iat": moment,
        "nbf": moment,
        "exp": moment + LIFE,
        "jti": secrets.token_urlsafe(16),
        **said,
    }
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": kid}
    data = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
    return jws.serialize_compact(header, data, private, registry=_REGISTRY)


def verify(token: str, keys: Mapping[str, OKPKey], issuer: str, at: datetime) -> Claims:
    """What the token says, if every part of it holds; NotIdentifiedError otherwise."""
    kid = _header(token)
    if kid not in keys:
        raise NotIdentifiedError("key")
    try:
        signed = jws.deserialize_compact(token.encode(), keys[kid], registry=_REGISTRY)
    except (JoseError, ValueError):
        raise NotIdentifiedError("signature") from None
    claims = _claims(signed.payload)
    if claims["iss"] != issuer or claims["aud"] != issuer:
        raise NotIdentifiedError("audience")
    checked = Claims(
        claims["sub"], kid, claims["epoch"], claims["terms"], claims["nbf"], claims["exp"]
    )
    in_time(checked, at)
    return checked


def in_time(claims: Claims, at: datetime) -> None:
    """NotIdentifiedError before and after the token's time."""
    moment = at.timestamp()
    if moment >= claims.expires:
        raise NotIdentifiedError("expired")
    if moment < claims.not_before:
        raise NotIdentifiedError("too-early")


def _header(token: str) -> str:
    """The key id, if the header is exactly as the hub writes it."""
    if len(token) > MAX_LENGTH or not _FORM.fullmatch(token):
        raise NotIdentifiedError("form")
    # The last digit of a part can hold spare bits: two texts, one meaning. Only one is taken.
    parts = [_exact(part) for part in token.split(".")]
    header = _object(parts[0])
    kid = header.pop("kid", None)
    if header != {"alg": ALGORITHM, "typ": TYPE} or not isinstance(kid, str):
        raise NotIdentifiedError("header")
    return kid


def _exact(part: str) -> bytes:
    try:
        data = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise NotIdentifiedError("form") from None
    if urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise NotIdentifiedError("form")
    return data


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise NotIdentifiedError("form") from None
    if not isinstance(value, dict):
        raise NotIdentifiedError("form")
    return value


def _claims(payload: bytes) -> dict[str, Any]:
    claims = _object(payload)
    kinds = [(_TEXTS, str), (_NUMBERS, int), (_LISTS, list)]
    right = all(type(claims.get(name)) is kind for names, kind in kinds for name in names)
    if not right or claims.keys() != {*_TEXTS, *_NUMBERS, *_LISTS}:
        raise NotIdentifiedError("claims")
    return claims
