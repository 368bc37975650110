"""Client assertions (RFC 7523): a client signs, with its private key, that it is itself; once.

Taken only as strictly as can be: the audience is exactly the issuer, one key id, one algorithm per
kind of key, five minutes at most, and a `jti` that the hub never saw before.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from sqlmodel import Session, col

from mdm import audit
from mdm.access import bearer
from mdm.access.clients import ClientNow, public_keys, standing
from mdm.access.errors import NotIdentifiedError
from mdm.access.keys import signing_key
from mdm.compose import Hub
from mdm.hub.columns import UtcDateTime, now
from mdm.hub.tables import UsedAssertion

# Ed25519 has two names (RFC 9864); most clients still know the older one, of which joserfc warns.
warnings.filterwarnings("ignore", message=".*EdDSA.*", module=r"joserfc.*")

LIFE = 300  # seconds that an assertion may be good for
SKEW = 30  # seconds that clocks may differ
MAX_LENGTH = 4096
TYPES = (None, "JWT", "client-authentication+jwt")
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_JTI = re.compile(r"[\x21-\x7e]{16,128}")
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def exchange(hub: Hub, assertion: str, *, client_id: str | None = None) -> tuple[str, ClientNow]:
    """A new access token for who made the assertion. NotIdentifiedError, always the same, if not."""
    at, issuer = now(), hub.settings.access.issuer
    key = signing_key(hub)
    with hub.sessions.begin() as session:
        held = _proven(session, assertion, issuer, at)
        client = held.principal.id
        if client_id is not None and client_id != client:
            raise NotIdentifiedError("client-id")
        said = {
            "epoch": held.epoch,
            "terms": held.terms,
            "programmes": sorted(held.principal.programmes),
            "purposes": sorted(held.principal.purposes),
            "regions": sorted(held.principal.regions),
        }
        token = bearer.issue(key, issuer, client, at, said)
        audit.record(session, client, "token.ask", agreement=held.principal.agreement)
    return token, held


def _proven(session: Session, assertion: str, issuer: str, at: datetime) -> ClientNow:
    """The client that made an assertion; its `jti` is used up."""
    if len(assertion) > MAX_LENGTH or not _FORM.fullmatch(assertion):
        raise NotIdentifiedError("form")
    said = _json(assertion.split(".")[1])  # believed only after the signature holds
    client = said.get("sub")
    if not isinstance(client, str) or not _ID.fullmatch(client):
        raise NotIdentifiedError("client")
    held = standing(session, client)
    keys = public_keys(session, client) if held else {}
    payload = _signed(assertion, keys)
    if held is None or not held.holds(at):
        raise NotIdentifiedError("client")
    _check(payload, held.principal.id, issuer, at)
    _use_up(session, held.principal.id, payload["jti"], payload["exp"], at)
    return held


def _signed(assertion: str, keys: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The payload, if one of the keys signed it with the one algorithm of its kind."""
    header = _json(assertion.split(".", maxsplit=1)[0])
    kid, typ = header.get("kid"), header.get("typ")
    if not isinstance(kid, str) or kid not in keys or typ not in TYPES:
        raise NotIdentifiedError("key")
    jwk = dict(keys[kid])
    okp = jwk["kty"] == "OKP"
    key = OKPKey.import_key(jwk) if okp else ECKey.import_key(jwk)
    registry = jws.JWSRegistry(algorithms=["EdDSA", "Ed25519"] if okp else ["ES256"])
    try:
        signed = jws.deserialize_compact(assertion.encode(), key, registry=registry)
        payload = json.loads(signed.payload)
    except (JoseError, ValueError, RecursionError):
        raise NotIdentifiedError("signature") from None
    if not isinstance(payload, dict):
        raise NotIdentifiedError("form")
    return payload


def _check(said: Mapping[str, Any], client: str, issuer: str, at: datetime) -> None:
    if said.get("iss") != client or said.get("sub") != client:
        raise NotIdentifiedError("client")
    if said.get("aud") != issuer:  # a list that holds it among others is refused as well
        raise NotIdentifiedError("audience")
    moment = at.timestamp()
    times = {name: said.get(name) for name in ("exp", "iat", "nbf") if name in said}
    if not all(type(time) in (int, float) for time in times.values()) or "exp" not in times:
        raise NotIdentifiedError("times")
    if not moment < said["exp"] <= moment + LIFE + SKEW:  # so written, NaN is refused as well
        raise NotIdentifiedError("expired")
    if max(said.get("nbf", 0), said.get("iat", 0)) > moment + SKEW:
        raise NotIdentifiedError("too-early")
    if not isinstance(said.get("jti"), str) or not _JTI.fullmatch(said["jti"]):
        raise NotIdentifiedError("jti")


def _use_up(session: Session, client: str, jti: str, expires: float, at: datetime) -> None:
    """Take a `jti`, once for all workers. What expired is refused anyway and forgotten here."""
    session.execute(sa.delete(UsedAssertion).where(col(UsedAssertion.expires) < at))
    taken = hashlib.sha256(f"{client}\n{jti}".encode()).digest()
    statement = sa.text(
        "INSERT INTO used_assertion (id_hash, expires) VALUES (:id, :expires) "
        "ON CONFLICT (id_hash) DO NOTHING RETURNING id_hash"
    ).bindparams(sa.bindparam("expires", type_=UtcDateTime))
    until = datetime.fromtimestamp(expires, UTC)
    if session.execute(statement, {"id": taken, "expires": until}).first() is None:
        raise NotIdentifiedError("replay")


def _json(part: str) -> dict[str, Any]:
    try:
        value = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        raise NotIdentifiedError("form") from None
    if not isinstance(value, dict):
        raise NotIdentifiedError("form")
    return value
