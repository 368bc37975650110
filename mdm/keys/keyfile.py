"""The root key in a local file, readable by its owner only: the default KeyProvider."""

from __future__ import annotations

import base64
import fcntl
import hmac
import json
import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mdm.errors import AccessError, HomeError, IntegrityError

FORMAT = 1
ALG_AES_256_GCM = 1
HEADER = struct.Struct(">BI")  # algorithm, root version
NONCE_BYTES = 12


class LocalKeyFile:
    """JSON with one 256-bit key per version: active, decrypt-only or destroyed.

    The file is read again when it has changed: another process may have rotated it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: tuple[int, ...] = ()
        self._held: dict[int, dict[str, Any]] = {}
        self._load()

    @classmethod
    def create(cls, path: Path) -> LocalKeyFile:
        """Make a key file with its first version. Never replaces one that is there."""
        if not path.exists():
            _write(path, {1: _fresh()}, exclusive=True)
        return cls(path)

    @property
    def version(self) -> int:
        """The newest root version."""
        return max(number for number, key in self._load().items() if key["state"] == "active")

    def versions(self) -> dict[int, str]:
        """Root version → active, decrypt-only or destroyed."""
        return {number: str(key["state"]) for number, key in sorted(self._load().items())}

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Header, nonce, AES-256-GCM of the key; header and context are authenticated."""
        version = self.version
        header = HEADER.pack(ALG_AES_256_GCM, version)
        nonce = os.urandom(NONCE_BYTES)
        sealer = AESGCM(self._derive(version, b"wrap"))
        return header + nonce + sealer.encrypt(nonce, key, header + context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The key again; IntegrityError when it does not open."""
        header, body = wrapped[: HEADER.size], wrapped[HEADER.size :]
        try:
            sealer = AESGCM(self._derive(self.version_of(wrapped), b"wrap"))
            return sealer.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], header + context)
        except (InvalidTag, ValueError, KeyError):
            raise _not_open() from None

    def rewrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The same key under the newest root version."""
        return self.wrap(self.unwrap(wrapped, context), context)

    def version_of(self, wrapped: bytes) -> int:
        """The root version in a wrapped key's header; IntegrityError when there is none."""
        try:
            algorithm, version = HEADER.unpack(wrapped[: HEADER.size])
        except struct.error:
            raise _not_open() from None
        if algorithm != ALG_AES_256_GCM:
            raise _not_open()
        return int(version)

    def mac(self, data: bytes, context: bytes) -> bytes:
        """HMAC-SHA256 under a key for the context, from the oldest version, so that it stays."""
        first = min(n for n, key in self._load().items() if key["state"] != "destroyed")
        return hmac.digest(self._derive(first, b"mac/" + context), data, "sha256")

    def rotate(self) -> int:
        """Add a version, make the older ones decrypt-only, write the file anew."""
        with self._alone() as held:
            versions = {
                n: {**key, "state": "decrypt-only"} if key["state"] == "active" else key
                for n, key in held.items()
            }
            newest = max(versions) + 1
            _write(self._path, versions | {newest: _fresh()})
        return newest

    def destroy(self, version: int) -> None:
        """Forget a decrypt-only version for ever."""
        with self._alone() as held:
            if held.get(version, {}).get("state") != "decrypt-only":
                raise AccessError(
                    "Only a decrypt-only root version can be destroyed.", "Rotate first."
                )
            _write(self._path, {**held, version: {"state": "destroyed", "key": None}})

    def _load(self) -> dict[int, dict[str, Any]]:
        """The versions in the file, read again when the file is another one than before."""
        try:
            found = self._path.stat()
            mark: tuple[int, ...] = (found.st_mtime_ns, found.st_ino, found.st_size, found.st_mode)
        except FileNotFoundError:
            mark = ()
        if mark != self._mark or not mark:
            self._held = _read(self._path)
            self._mark = mark
        return self._held

    @contextmanager
    def _alone(self) -> Iterator[dict[int, dict[str, Any]]]:
        """The versions as they stand, while no other process can change them."""
        descriptor = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield _read(self._path)
        finally:
            os.close(descriptor)

    def _derive(self, version: int, label: bytes) -> bytes:
        secret = base64.b64decode(self._load()[version]["key"] or b"")
        if not secret:
            raise KeyError(version)
        return HKDF(SHA256(), 32, salt=None, info=b"dtsen/root/" + label).derive(secret)


def _not_open() -> IntegrityError:
    return IntegrityError(
        "A wrapped key does not open: it was altered, or the root key is another one.",
        "Put the root key file of this hub back.",
    )


def _fresh() -> dict[str, Any]:
    return {"state": "active", "key": base64.b64encode(os.urandom(32)).decode()}


def _read(path: Path) -> dict[int, dict[str, Any]]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise HomeError(
                "The root key file can be read by others.", "chmod 600 it, and ask who read it."
            )
        document = json.loads(path.read_text("ascii"))
        if document["format"] != FORMAT:
            raise ValueError
        return {int(number): key for number, key in document["keys"].items()}
    except FileNotFoundError:
        raise HomeError(
            "The root key file is missing.", "Put it back from its safe copy."
        ) from None
    except PermissionError:
        raise HomeError(
            "The root key file may not be read by this account.", "Check its owner and rights."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise HomeError("The root key file cannot be read.", "Put its safe copy back.") from None


def _write(path: Path, versions: dict[int, dict[str, Any]], *, exclusive: bool = False) -> None:
    """Whole file or none: a temporary file, synced, then renamed; the directory is synced too."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump({"format": FORMAT, "keys": {str(n): k for n, k in versions.items()}}, file)
        file.flush()
        os.fsync(file.fileno())
    if exclusive:
        os.link(temporary, path)
        temporary.unlink()
    else:
        temporary.replace(path)
    sync_to_disk(path.parent)


def sync_to_disk(path: Path) -> None:
    """Make a file, or the names in a directory, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
