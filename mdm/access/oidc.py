"""Staff login at an OpenID Connect issuer: code flow with PKCE, state and nonce.

`begin` gives the address to send the browser to, and a value for a cookie of that browser; `finish`
takes what the issuer sent back. A flow works once, in the browser that began it, for ten minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlmodel import Session, col, select

from mdm import audit
from mdm.access import staff as accounts
from mdm.access.errors import NotIdentifiedError
from mdm.access.issuer import Issuer
from mdm.access.keys import open_secret, seal_secret
from mdm.access.roles import Held, fit_together
from mdm.access.sessions import open_session
from mdm.compose import Hub
from mdm.errors import AccessError, HubError
from mdm.hub.columns import now
from mdm.hub.tables import LoginFlow, Staff
from mdm.settings.access import OidcSettings

LIFE = timedelta(minutes=10)
COLUMN = "login_flow.verifier"
CALLBACK = "/v1/session/oidc/callback"


def begin(hub: Hub, issuer: Issuer) -> tuple[str, str]:
    """The issuer's address for this login, and the value of the cookie that belongs to it."""
    flow, state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
    key = _hash(flow)
    version, sealed = seal_secret(hub, COLUMN, key.hex(), verifier.encode())
    with hub.sessions.begin() as session:
        session.execute(sa.delete(LoginFlow).where(col(LoginFlow.expires) < now()))
        session.add(
            LoginFlow(
                id_hash=key,
                state_hash=_hash(state),
                nonce=nonce,
                verifier=sealed,
                key_id=version,
                expires=now() + LIFE,
            )
        )
    query = {
        "response_type": "code",
        "client_id": issuer.settings.client_id,
        "redirect_uri": redirect_uri(hub),
        "scope": "openid profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": urlsafe_b64encode(_hash(verifier)).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{issuer.authorization_endpoint}?{urlencode(query)}", flow


def finish(hub: Hub, issuer: Issuer, flow: str | None, state: str, code: str) -> str:
    """The id of a new session. NotIdentifiedError when anything does not fit."""
    held = _take(hub, flow, state)
    verifier = open_secret(hub, COLUMN, held.id_hash.hex(), held.key_id, held.verifier).decode()
    token = issuer.redeem(code, verifier, redirect_uri(hub))
    claims = issuer.verify(token, held.nonce, now())
    roles = roles_of(issuer.settings, claims)
    if not roles:
        raise NotIdentifiedError("no-roles")
    try:
        fit_together(roles)
    except HubError:
        raise NotIdentifiedError("roles-apart") from None
    strong = not issuer.settings.second_factors.isdisjoint(_factors(claims))
    with hub.sessions.begin() as session:
        staff = _account(session, issuer.settings.issuer, str(claims["sub"]))
        if staff.state != accounts.ACTIVE:
            raise NotIdentifiedError("disabled")
        audit.record(session, staff.id, "session.begin", kind="oidc")
        return open_session(hub, session, staff.id, second_factor=strong, roles=roles)


def redirect_uri(hub: Hub) -> str:
    """Where the issuer sends the browser back to: one address, exactly."""
    return hub.settings.access.issuer + CALLBACK


def settings_of(hub: Hub) -> OidcSettings:
    """The settings of the issuer. AccessError when there is none."""
    found = hub.settings.access.oidc
    if found is None:
        raise AccessError("No issuer is set up for logging in.", "Log in with login and password.")
    return found


def roles_of(settings: OidcSettings, claims: Mapping[str, Any]) -> list[Held]:
    """What the groups claim gives by the settings; groups that they do not name give nothing."""
    groups = claims.get(settings.groups_claim)
    named = groups if isinstance(groups, list) else []
    given = {
        (given.role, given.region)
        for group in named
        if isinstance(group, str)
        for given in settings.groups.get(group, ())
    }
    return sorted(given)


def _factors(claims: Mapping[str, Any]) -> set[str]:
    amr, acr = claims.get("amr"), claims.get("acr")
    shown = {value for value in amr if isinstance(value, str)} if isinstance(amr, list) else set()
    return shown | ({acr} if isinstance(acr, str) else set())


def _take(hub: Hub, flow: str | None, state: str) -> LoginFlow:
    """The flow of this browser; gone with the first look, whether it fits or not."""
    key = _hash(flow or "")
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), "login")
        held = session.get(LoginFlow, key)
        if held is not None:
            session.delete(held)
    if held is None or held.expires <= now():
        raise NotIdentifiedError("flow")
    if not hmac.compare_digest(held.state_hash, _hash(state)):
        raise NotIdentifiedError("state")
    return held


def _account(session: Session, issuer: str, subject: str) -> Staff:
    """The account of an issuer's subject, made at the first login."""
    digest = hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()
    staff = session.exec(select(Staff).where(Staff.subject == digest)).first()
    if staff is None:
        login = f"oidc-{digest[:16]}"
        staff = Staff(id=accounts.new_id(), login=login, state=accounts.ACTIVE, subject=digest)
        session.add(staff)
        session.flush()
        audit.record(session, "hub", "user.create", id=staff.id, user=staff.id, kind="oidc")
    return staff


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
