"""A small OpenID Connect issuer that is real: HTTPS, discovery, authorize, token, keys, PKCE.

It runs on a port of its own with a certificate of its own authority. `person` is who sits in front
of it; `bend` changes one claim or header of the next ID token, to see whether the hub notices.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import json
import secrets
import ssl
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "dtsen-hub", "s3cret/with+signs"


def new_key() -> RSAKey:
    """A key pair to sign ID tokens with."""
    key = RSAKey.generate_key(2048, private=True)
    return RSAKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()})


@dataclass
class Issuer:
    """The running issuer and what it knows."""

    url: str
    ca_file: Path
    redirect_uri: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    bend: dict[str, Any] = field(default_factory=dict)
    bend_header: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=new_key)
    published: list[RSAKey] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    padding: int = 0  # bytes that its token answers are too long by

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self.key = new_key()
        self.published.append(self.key)

    def id_token(self, nonce: str) -> str:
        moment = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": "person-1",
            "iat": moment,
            "exp": moment + 120,
            "nonce": nonce,
            **self.person,
            **self.bend,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid, **self.bend_header}
        return jwt.encode(header, claims, self.key, algorithms=["RS256"])


@contextmanager
def issuer(directory: Path) -> Iterator[Issuer]:
    """Run an issuer until the end of the block."""
    certificate, key = _certificate(directory)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    running = Issuer(f"https://127.0.0.1:{server.server_port}", certificate)
    running.published.append(running.key)
    server.running = running  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """The four addresses of an issuer."""

    @property
    def _issuer(self) -> Issuer:
        running: Issuer = self.server.running  # type: ignore[attr-defined]
        return running

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        running = self._issuer
        if address.path == "/.well-known/openid-configuration":
            self._json(
                200,
                {
                    "issuer": running.url,
                    "authorization_endpoint": f"{running.url}/authorize",
                    "token_endpoint": f"{running.url}/token",
                    "jwks_uri": f"{running.url}/keys",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "code_challenge_methods_supported": ["S256"],
                    **running.metadata,
                },
            )
        elif address.path == "/keys":
            keys = [key.as_dict(private=False) for key in running.published]
            self._json(200, {"keys": keys})
        elif address.path == "/authorize":
            self._authorize({name: values[0] for name, values in parse_qs(address.query).items()})
        else:
            self._json(404, {})

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        form = {name: v[0] for name, v in parse_qs(self.rfile.read(size).decode()).items()}
        kind, _, said = self.headers.get("Authorization", "").partition(" ")
        # RFC 6749 §2.3.1: both parts are form-encoded before they are put together.
        if kind != "Basic" or b64decode(said).decode() != f"{CLIENT}:s3cret%2Fwith%2Bsigns":
            self._json(401, {"error": "invalid_client"})
            return
        held = self._issuer.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        fits = (
            held is not None
            and held["code_challenge"] == urlsafe_b64encode(challenge).rstrip(b"=").decode()
            and held["redirect_uri"] == form.get("redirect_uri")
        )
        if held is None or not fits:
            self._json(400, {"error": "invalid_grant"})
            return
        token = self._issuer.id_token(held["nonce"])
        more = "x" * self._issuer.padding
        self._json(200, {"access_token": "x" + more, "token_type": "Bearer", "id_token": token})

    def _authorize(self, asked: dict[str, str]) -> None:
        running = self._issuer
        fits = (
            asked["client_id"] == CLIENT
            and asked["redirect_uri"] == running.redirect_uri
            and asked["response_type"] == "code"
            and asked["code_challenge_method"] == "S256"
            and "openid" in asked["scope"].split()
        )
        if not fits:
            self._json(400, {"error": "invalid_request"})
            return
        code = secrets.token_urlsafe(16)
        running.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{back}")
        self.end_headers()

    def _json(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


def _certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer of the tests")])
    at = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(hours=1))
        .not_valid_after(at + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    files = directory / "issuer.pem", directory / "issuer.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files
