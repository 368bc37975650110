"""An OpenID Connect issuer, spoken to over HTTPS: what it says of itself, its keys, its tokens."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import quote

import httpx
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from mdm.access.errors import NotIdentifiedError
from mdm.errors import HubError
from mdm.settings.access import OidcSettings

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
SECONDS = 5.0
SKEW = 30  # seconds that clocks may differ
MAX_BYTES = 256_000
KEPT = 300.0  # seconds that the issuer's keys are good for
AGAIN = 10.0  # seconds before an unknown key id makes us ask again


class IssuerError(HubError):
    """The issuer does not answer, or not as it should."""


class Issuer:
    """One issuer, for many threads."""

    def __init__(self, settings: OidcSettings, clock: Callable[[], float] = monotonic) -> None:
        self.settings = settings
        self._clock = clock
        self._lock = Lock()
        self._keys: KeySet | None = None
        self._asked = 0.0

    @property
    def authorization_endpoint(self) -> str:
        """Where the browser is sent to."""
        return str(self._metadata["authorization_endpoint"])

    def redeem(self, code: str, verifier: str, redirect_uri: str) -> str:
        """The ID token for a code. NotIdentifiedError when the issuer refuses it."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.settings.client_id,
            "code_verifier": verifier,
        }
        answer = self._call(
            "POST", self._metadata["token_endpoint"], data=form, auth=self._secret()
        )
        if answer.status_code != 200:
            raise NotIdentifiedError("code")
        token = _object(answer).get("id_token")
        if not isinstance(token, str):
            raise NotIdentifiedError("no-id-token")
        return token

    def verify(self, token: str, nonce: str, at: datetime) -> dict[str, Any]:
        """The claims of an ID token. NotIdentifiedError when any of it does not hold."""
        try:
            header = jws.extract_compact(token.encode()).headers()
            keys = self._keys_with(header.get("kid"))
            signed = jws.deserialize_compact(
                token.encode(), keys, registry=jws.JWSRegistry(algorithms=ALGORITHMS)
            )
            claims = json.loads(signed.payload)
        except (JoseError, ValueError):
            raise NotIdentifiedError("id-token") from None
        if not isinstance(claims, dict):
            raise NotIdentifiedError("id-token")
        self._check(claims, nonce, at.timestamp())
        return claims

    def _check(self, claims: Mapping[str, Any], nonce: str, moment: float) -> None:
        client = self.settings.client_id
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        for what, holds in (
            ("issuer", claims.get("iss") == self.settings.issuer),
            ("audience", audiences == [client]),
            ("azp", claims.get("azp", client) == client),
            ("nonce", claims.get("nonce") == nonce),
            ("subject", isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255),
            ("expired", _number(claims.get("exp")) > moment - SKEW),
            ("too-early", 0 < _number(claims.get("iat")) <= moment + SKEW),
        ):
            if not holds:
                raise NotIdentifiedError(what)

    @cached_property
    def _metadata(self) -> dict[str, Any]:
        """What the issuer says of itself, checked."""
        address = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
        said = _object(self._call("GET", address))
        if said.get("issuer") != self.settings.issuer:
            raise IssuerError("The issuer calls itself by another name.", "Check oidc.issuer.")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not str(said.get(name, "")).startswith("https://"):
                raise IssuerError(f"The issuer's {name} is not https.", "Check the issuer.")
        if "S256" not in (said.get("code_challenge_methods_supported") or ["S256"]):
            raise IssuerError("The issuer does not know PKCE with S256.", "Check the issuer.")
        return said

    def _keys_with(self, kid: Any) -> KeySet:
        """The issuer's keys; asked for again when they are old, or do not hold this one."""
        with self._lock:
            age = self._clock() - self._asked
            known = self._keys is not None and any(key.kid == kid for key in self._keys.keys)
            if self._keys is None or age > KEPT or (not known and age > AGAIN):
                said = _object(self._call("GET", self._metadata["jwks_uri"]))
                self._keys = KeySet.import_key_set(said)  # type: ignore[arg-type]
                self._asked = self._clock()
            return self._keys

    def _secret(self) -> tuple[str, str] | None:
        if self.settings.secret_file is None:
            return None
        try:
            secret = self.settings.secret_file.read_text("utf-8").strip()
        except OSError:
            raise IssuerError(
                "The client secret cannot be read.", "Check oidc.secret_file."
            ) from None
        return quote(self.settings.client_id, safe=""), quote(secret, safe="")

    def _call(self, method: str, address: str, **more: Any) -> httpx.Response:
        try:
            with self._client.stream(method, address, **more) as answer:
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > MAX_BYTES:
                        raise IssuerError("The issuer answers too much.", "Check the issuer.")
            return httpx.Response(answer.status_code, content=body)
        except httpx.HTTPError:
            raise IssuerError(
                "The issuer does not answer.", "Check oidc.issuer, and that it can be reached."
            ) from None

    @cached_property
    def _client(self) -> httpx.Client:
        file = self.settings.ca_file
        context = ssl.create_default_context(cafile=str(file) if file else None)
        return httpx.Client(
            verify=context, timeout=SECONDS, follow_redirects=False, trust_env=False
        )


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = json.loads(answer.content)
    except ValueError:
        said = None
    if answer.status_code != 200 or not isinstance(said, dict):
        raise IssuerError("The issuer does not answer as it should.", "Check oidc.issuer.")
    return said


def _number(value: Any) -> float:
    return float(value) if type(value) in (int, float) else -1.0
