"""Clients: a programme's machines, registered under an agreement, known by their public keys; and
monitors, whose agreement names no programme, no purpose and no region."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.agreements import Agreement, kept
from mdm.access.document import load_rules
from mdm.access.named import must_be_sayable
from mdm.access.terms import Limits, Principal
from mdm.errors import ConflictError, InputError, UnknownError
from mdm.hub.columns import now
from mdm.hub.tables import Client, ClientKey
from mdm.ids import short

ACTIVE, DISABLED = "active", "disabled"
PROGRAMME, MONITOR = "programme", "monitor"  # roles
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")


@dataclass(frozen=True)
class ClientNow:
    """A client as it stands now: its principal, and what a token must agree with."""

    principal: Principal
    epoch: int
    terms: str
    valid_from: datetime
    valid_to: datetime
    active: bool

    def holds(self, at: datetime) -> bool:
        """Whether it is active and its agreement in force."""
        return self.active and self.valid_from <= at < self.valid_to


def register(
    session: Session,
    name: str,
    agreement: Agreement,
    jwk: Mapping[str, Any],
    *,
    actor: str,
    approved_by: str | None = None,
) -> Client:
    """A new client with its first public key. ConflictError for a name taken, InputError for a key
    not fit."""
    must_be_free(session, name)
    client = Client(
        id=f"client-{secrets.token_hex(6)}",
        name=name,
        state=ACTIVE,
        **kept(agreement),
    )
    session.add(client)
    session.flush()
    _add_key(session, client.id, jwk)
    audit.record(
        session, actor, "client.create", id=client.id, fields=client.fields, approved_by=approved_by
    )
    return client


def must_be_free(session: Session, name: str) -> None:
    """InputError for a name that no client can have, ConflictError for one that is taken."""
    if not _NAME.fullmatch(name):
        raise InputError(
            "A client's name has letters, digits and dashes.",
            "For example pkh-pusat.",
            code="client-form",
        )
    must_be_sayable(name)
    if session.exec(select(Client.id).where(Client.name == name)).first():
        raise ConflictError(
            "There is a client of this name.", "Choose another name.", code="client-taken"
        )


def rotate_key(session: Session, client: Client, jwk: Mapping[str, Any], *, actor: str) -> str:
    """Put a new public key in the place of all older ones; tokens given before end. Its key id."""
    held = session.exec(select(ClientKey).where(ClientKey.client_id == client.id)).all()
    for key in held:
        key.retired = key.retired or now()
    kid = _add_key(session, client.id, jwk)
    client.epoch += 1
    audit.record(session, actor, "client.rotate-key", id=client.id)
    return kid


def disable(session: Session, client: Client, *, actor: str) -> None:
    """Refuse a client from now on, its tokens with it."""
    client.state, client.epoch = DISABLED, client.epoch + 1
    audit.record(session, actor, "client.disable", id=client.id)


def enable(session: Session, client: Client, *, actor: str, approved_by: str) -> None:
    """Take a client's questions again. ConflictError for one that is not disabled."""
    session.refresh(client, with_for_update=True)
    must_be_disabled(client)
    client.state = ACTIVE
    audit.record(session, actor, "client.enable", id=client.id, approved_by=approved_by)


def must_be_disabled(client: Client) -> None:
    """ConflictError for a client whose questions are taken."""
    if client.state != DISABLED:
        raise ConflictError(
            "This client is not disabled.", "Nothing is to be done.", code="client-enabled"
        )


def withdraw_key(session: Session, client: Client, kid: str, *, actor: str) -> None:
    """Take a public key away without another in its place; tokens given before end. UnknownError for a
    key that is not in use."""
    key = session.get(ClientKey, (client.id, kid))
    if key is None or key.retired is not None:
        raise UnknownError(
            "The client has no such key in use.", "See `dtsen admin client list`.", code="key-gone"
        )
    key.retired = now()
    client.epoch += 1
    audit.record(session, actor, "client.withdraw-key", id=client.id)


def find(session: Session, name: str) -> Client:
    """A client by id or name. UnknownError when there is none."""
    named = select(Client).where(Client.name == name)
    client = session.get(Client, name) or session.exec(named).first()
    if client is None:
        raise UnknownError("There is no such client.", "See `dtsen admin client list`.")
    return client


def all_clients(session: Session) -> Sequence[Client]:
    """Every client, by name."""
    return session.exec(select(Client).order_by(col(Client.name))).all()


def standing(session: Session, client_id: str) -> ClientNow | None:
    """A client as it stands now; None for an id nobody has."""
    client = session.get(Client, client_id)
    if client is None:
        return None
    fields = client.fields
    principal = Principal(
        id=client.id,
        kind="client",
        roles=frozenset({PROGRAMME if client.programmes else MONITOR}),
        regions=tuple(client.regions),
        purposes=frozenset(client.purposes),
        programmes=frozenset(client.programmes),
        fields=None if fields is None else {kind: frozenset(of) for kind, of in fields.items()},
        agreement=client.agreement,
        limits=None if client.limits is None else Limits(**client.limits),
    )
    return ClientNow(
        principal,
        client.epoch,
        _terms(client),
        client.valid_from,
        client.valid_to,
        client.state == ACTIVE,
    )


def public_keys(session: Session, client_id: str) -> dict[str, Mapping[str, Any]]:
    """Key id → public key of a client, without the retired ones."""
    query = select(ClientKey).where(
        ClientKey.client_id == client_id, col(ClientKey.retired).is_(None)
    )
    return {key.kid: key.jwk for key in session.exec(query).all()}


def must_be_new(session: Session, client_id: str, kid: str) -> None:
    """ConflictError for a key that the client has, or had."""
    if session.get(ClientKey, (client_id, kid)):
        raise ConflictError(
            "The client had this key before.", "Make a new key pair.", code="key-had"
        )


def _add_key(session: Session, client_id: str, jwk: Mapping[str, Any]) -> str:
    public = public_jwk(jwk)
    must_be_new(session, client_id, str(public["kid"]))
    session.add(ClientKey(client_id=client_id, kid=public["kid"], jwk=public))
    session.flush()
    return str(public["kid"])


def public_jwk(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """A client's public key as it is kept: Ed25519 or P-256, its key id the RFC 7638 thumbprint.

    InputError for another kind of key, and for a private one: that must never leave the client.
    """
    if "d" in jwk or "k" in jwk:
        raise InputError(
            "This is a private key.",
            "Give the public key; keep the private one.",
            code="key-private",
        )
    try:
        if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519":
            key: OKPKey | ECKey = OKPKey.import_key(dict(jwk))
        elif jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
            key = ECKey.import_key(dict(jwk))
        else:
            raise ValueError
        public = {name: jwk[name] for name in ("kty", "crv", "x", "y") if name in jwk}
        key.check_key_op("verify")
        return {**public, "kid": key.thumbprint()}
    except (JoseError, ValueError, KeyError, TypeError):
        raise InputError(
            "This is no public key that the hub takes.",
            "Use Ed25519 or EC P-256, as a JWK.",
            code="key-unfit",
        ) from None


def _terms(client: Client) -> str:
    """The version of all that a client may do: what it agreed on, and today's policy."""
    said = [client.agreement, client.programmes, client.purposes, client.regions, client.fields]
    text = json.dumps([*said, load_rules().digest], sort_keys=True)
    return short(hashlib.sha256(text.encode()).hexdigest())
