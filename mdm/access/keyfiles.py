"""A client's key pair as a file: one JWK with the client's id beside it, readable by its owner only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from mdm.access.clients import public_jwk
from mdm.errors import InputError

MAX_BYTES = 16_384


def make_key() -> dict[str, Any]:
    """A new Ed25519 key pair as a private JWK, with its key id."""
    key = OKPKey.generate_key("Ed25519", private=True)
    return {**key.as_dict(private=True), "kid": key.thumbprint()}


def public_of(key: Mapping[str, Any]) -> dict[str, Any]:
    """The public half of a private JWK."""
    return public_jwk({name: key[name] for name in ("kty", "crv", "x", "y") if name in key})


def write_key(path: Path, key: Mapping[str, Any]) -> None:
    """Write a private key for its owner only. InputError when the file stands already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError("There is a file of this name already.", "Name a new file.") from None
    except OSError:
        raise InputError("The key file cannot be written.", "Check the directory.") from None
    with os.fdopen(handle, "w") as file:
        json.dump(dict(key), file, indent=2)
        file.write("\n")


def name_client(path: Path, client_id: str) -> None:
    """Put the client's id beside its private key: from then on the file is all it needs to sign."""
    named = path.with_name(f"{path.name}.new")
    write_key(named, {**read_jwk(path), "client_id": client_id})
    named.replace(path)


def read_jwk(path: Path) -> dict[str, Any]:
    """A JWK from a file; also the first key of a JWK Set. InputError when it holds none."""
    try:
        with path.open("rb") as file:
            value = json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError):
        raise InputError("The key file cannot be read as JSON.", "Give a JWK file.") from None
    if isinstance(value, dict) and isinstance(value.get("keys"), list) and value["keys"]:
        value = value["keys"][0]
    if not isinstance(value, dict) or "kty" not in value:
        raise InputError("The file holds no JWK.", "Give a JWK file.")
    return value
