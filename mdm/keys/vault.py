"""The root key in a key service: the Transit engine of OpenBao or HashiCorp Vault, over its HTTP API.

The root key never comes here. What is wrapped is the service's own text (`vault:v1:…`), bound to its
context: as derivation context where the key is a derived one, else as associated data. The token
comes from a file, which an agent may renew: it is read again when the service refuses it.
"""

from __future__ import annotations

import base64
import re
import ssl
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from mdm.errors import AccessError, HomeError, IntegrityError
from mdm.seal import length_prefixed

TYPE = "aes256-gcm96"
TIMEOUT = httpx.Timeout(5.0, connect=2.0)
PAUSES = (0.1, 0.3, 0.9)  # seconds before asking again after an answer of 500 and above
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_TEXT = re.compile(rb"vault:v([1-9][0-9]{0,8}):[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True)
class Place:
    """Where the service is, and which key of it is this hub's root key."""

    address: str
    key: str
    token_file: Path
    mount: str = "transit"
    namespace: str | None = None
    ca_file: Path | None = None


class _RefusedError(Exception):
    """The service understood, and said no to what it was given (400)."""


class Vault:
    """A KeyProvider. HomeError when the service cannot be used, with what to look at."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._token = _read_token(place.token_file)
        self._client = _client(place)

    @cached_property
    def _field(self) -> str:
        """How a context is bound, by the kind of the key. HomeError when it is of another type."""
        held = self._about()
        if held.get("type") != TYPE:
            raise HomeError(
                "The key in the key service is not of the type the hub needs.",
                f"Make one of type {TYPE}.",
            )
        return "context" if held.get("derived") else "associated_data"

    def check(self) -> None:
        """Ask once, so that whoever opens a home learns early what is wrong."""
        _ = self._field

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt a key under the newest root version."""
        said = {"plaintext": _b64(key), self._field: _b64(context)}
        return _ciphertext(self._ask("encrypt", said))

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Give the key back; IntegrityError when it was altered or its root version is gone."""
        self.version_of(wrapped)
        said = {"ciphertext": wrapped.decode("ascii"), self._field: _b64(context)}
        try:
            return base64.b64decode(
                self._call("POST", f"decrypt/{self._place.key}", said)["plaintext"]
            )
        except (_RefusedError, KeyError, ValueError, TypeError):
            raise _not_open() from None

    def rewrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The same key under the newest root version; inside the service, where it can do that."""
        if self._field == "associated_data":  # its own rewrap knows no associated data
            return self.wrap(self.unwrap(wrapped, context), context)
        said = {"ciphertext": wrapped.decode("ascii"), "context": _b64(context)}
        try:
            return _ciphertext(self._call("POST", f"rewrap/{self._place.key}", said))
        except _RefusedError:
            raise _not_open() from None

    def version_of(self, wrapped: bytes) -> int:
        """The root version that a wrapped key names; IntegrityError when it is none."""
        found = _TEXT.fullmatch(wrapped)
        if found is None:
            raise _not_open()
        return int(found[1])

    def mac(self, data: bytes, context: bytes) -> bytes:
        """HMAC-SHA256 by the service, under the oldest version that stands, so that it stays."""
        said = {
            "input": _b64(length_prefixed(context, data)),
            "key_version": int(self._about()["min_decryption_version"]),
        }
        answer = str(self._ask("hmac", said)["hmac"])
        return base64.b64decode(answer.rpartition(":")[2])

    @property
    def version(self) -> int:
        """The newest root version."""
        return int(self._about()["latest_version"])

    def versions(self) -> dict[int, str]:
        """Root version → active, decrypt-only or destroyed."""
        held = self._about()
        newest, oldest = int(held["latest_version"]), int(held["min_decryption_version"])
        return {
            number: "active" if number == newest
            else "decrypt-only" if number >= oldest
            else "destroyed"
            for number in range(1, newest + 1)
        }  # fmt: skip

    def rotate(self) -> int:
        """Make a new root version; older ones still unwrap. Return the new one."""
        self._configure("rotate", {}, again=False)
        return self.version

    def destroy(self, version: int) -> None:
        """Forget the oldest version that stands, for ever."""
        states = self.versions()
        older = [number for number, state in states.items() if state == "decrypt-only"]
        if version not in older or version != min(older):
            raise AccessError(
                "Only the oldest decrypt-only root version can be destroyed.",
                "Rotate first, and destroy in order.",
            )
        least = {"min_decryption_version": version + 1, "min_encryption_version": version + 1}
        self._configure("config", least)
        self._configure("trim", {"min_available_version": version + 1})

    def _about(self) -> dict[str, Any]:
        try:
            return self._call("GET", f"keys/{self._place.key}")
        except _RefusedError:
            raise _refused() from None

    def _configure(self, what: str, said: Mapping[str, Any], *, again: bool = True) -> None:
        try:
            self._call("POST", f"keys/{self._place.key}/{what}", said, again=again)
        except _RefusedError:
            raise _refused() from None

    def _ask(self, what: str, said: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._call("POST", f"{what}/{self._place.key}", said)
        except _RefusedError:
            raise _refused() from None

    def _call(
        self, method: str, path: str, said: Mapping[str, Any] | None = None, *, again: bool = True
    ) -> dict[str, Any]:
        """The `data` of an answer. Asked again only where the service failed, not where it refused."""
        answer = self._send(method, path, said)
        if answer.status_code == 403 and self._token != (
            token := _read_token(self._place.token_file)
        ):
            self._token = token
            answer = self._send(method, path, said)
        for pause in PAUSES if again else ():
            if answer.status_code < 500:
                break
            time.sleep(pause)
            answer = self._send(method, path, said)
        return _data(answer)

    def _send(self, method: str, path: str, said: Mapping[str, Any] | None) -> httpx.Response:
        url = f"/v1/{self._place.mount.strip('/')}/{path}"
        try:
            return self._client.request(
                method, url, json=said, headers={"X-Vault-Token": self._token}
            )
        except httpx.TimeoutException:
            raise HomeError(
                "The key service does not answer in time.", "Check that it runs and is not sealed."
            ) from None
        except httpx.HTTPError:
            raise HomeError(
                "The key service cannot be reached.", "Check vault_address, and its certificate."
            ) from None


def _client(place: Place) -> httpx.Client:
    parts = urlsplit(place.address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise HomeError(
            "The key service must be reached over TLS.", "Write vault_address: https://…"
        )
    headers = {"X-Vault-Request": "true"}
    if place.namespace:
        headers["X-Vault-Namespace"] = place.namespace
    return httpx.Client(
        base_url=place.address, headers=headers, timeout=TIMEOUT, verify=_trust(place.ca_file),
        follow_redirects=False, trust_env=False,
    )  # fmt: skip


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError:
        raise HomeError("vault_ca_file cannot be read.", "Name a PEM file.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _read_token(path: Path) -> str:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o007:
            raise HomeError("The token file can be read by everybody.", "chmod 600 it.")
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise HomeError("The token file cannot be read.", "Check vault_token_file.") from None
    if not token or not token.isprintable():
        raise HomeError("The token file holds no token.", "Check vault_token_file.")
    return token


def _data(answer: httpx.Response) -> dict[str, Any]:
    status = answer.status_code
    if status == 400:
        raise _RefusedError
    if status == 403:
        raise HomeError(
            "The key service refuses the hub's token.",
            "Renew it, and see that its policy allows this with this key (docs/keys.md).",
        )
    if status == 404:
        raise HomeError(
            "The key service has no such key.", "Check vault_mount and vault_key, or make the key."
        )
    if status == 503:
        raise HomeError("The key service is sealed or in maintenance.", "Unseal it.")
    if status >= 300:
        raise HomeError(f"The key service fails (status {status}).", "See its log.")
    if status == 204:
        return {}
    try:
        data = answer.json()["data"]
        return dict(data) if data is not None else {}
    except (ValueError, KeyError, TypeError):
        raise HomeError(
            "What answers at vault_address is no key service.", "Check vault_address."
        ) from None


def _ciphertext(data: Mapping[str, Any]) -> bytes:
    text = str(data.get("ciphertext", "")).encode("ascii", "replace")
    if not _TEXT.fullmatch(text):
        raise HomeError("What answers at vault_address is no key service.", "Check vault_address.")
    return text


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _refused() -> HomeError:
    return HomeError(
        "The key service refuses what the hub asks.", "See its log, and the type of the key."
    )


def _not_open() -> IntegrityError:
    return IntegrityError(
        "A wrapped key does not open: it was altered, or the root key is another one.",
        "See which key vault_key names, and whether its version was trimmed.",
    )
