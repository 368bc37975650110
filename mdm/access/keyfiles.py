"""A client's key pair as a file: one JWK with the client's id beside it, readable by its owner only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.jwk import ECKey, OKPKey

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
    except OSError:
        raise InputError(
            "The key file cannot be read.", "Check its name, and your right to read it."
        ) from None
    except ValueError:
        raise InputError("The key file cannot be read as JSON.", "Give a JWK file.") from None
    if (key := _jwk_in(value)) is None:
        raise InputError("The file holds no JWK.", "Give a JWK file.")
    return key


def read_public(text: str) -> dict[str, Any]:
    """A client's public key as people paste it: a JWK, the first of a JWK Set, or PEM. InputError for what is none of
    these, and as in `public_jwk`."""
    if "PRIVATE KEY" in text:
        return public_jwk({"d": ""})  # refused there, in its words
    try:
        return public_jwk(_of_pem(text) if "BEGIN" in text else _jwk_in(json.loads(text)) or {})
    except (ValueError, RecursionError):  # neither JSON nor PEM
        return public_jwk({})


def _of_pem(text: str) -> dict[str, Any]:
    key = load_pem_public_key(text.strip().encode())
    if isinstance(key, Ed25519PublicKey):
        return OKPKey.import_key(key).as_dict(private=False)
    if isinstance(key, EllipticCurvePublicKey):
        return ECKey.import_key(key).as_dict(private=False)
    return {}


def _jwk_in(value: Any) -> dict[str, Any] | None:
    """The JWK that a JSON value is, or the first of the set that it is."""
    if isinstance(value, dict) and isinstance(value.get("keys"), list) and value["keys"]:
        value = value["keys"][0]
    return value if isinstance(value, dict) and "kty" in value else None
