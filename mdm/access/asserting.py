"""What a client does before it asks for a token: sign an assertion with its private key (RFC 7523).

For the demonstration and for whoever tries the service by hand; a programme's own system signs its
assertions itself.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from mdm.errors import InputError

SECONDS = 120  # how long an assertion may be used: long enough to paste it


def client_assertion(key: Mapping[str, Any], audience: str) -> str:
    """A signed assertion for the client that the key file names, good once, for two minutes.

    `key` is a private JWK with `client_id` beside it, as `dtsen demo` and `client add` write it.
    """
    try:
        client, kind = key["client_id"], OKPKey if key["kty"] == "OKP" else ECKey
        signer = kind.import_key(
            {name: value for name, value in key.items() if name != "client_id"}
        )
        if not signer.is_private:
            raise ValueError
    except (KeyError, ValueError):
        raise InputError(
            "The key file holds no private key with a client_id.", "Give the client's own file."
        ) from None
    now = int(time.time())
    claims = {"iss": client, "sub": client, "aud": audience, "iat": now, "exp": now + SECONDS}
    algorithm = "Ed25519" if key["kty"] == "OKP" else "ES256"
    header = {"alg": algorithm, "kid": key["kid"]}
    claims["jti"] = secrets.token_hex(16)
    return jwt.encode(header, claims, signer, algorithms=[algorithm])
