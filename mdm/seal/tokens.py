"""Under which tokens an entity is filed that carries a NIK or a KK: the blind index, known only to who
holds the index key.
"""

from __future__ import annotations

from mdm.compose import Hub
from mdm.keys import DomainKey
from mdm.seal import nik_token, token_domain

TABLE, PURPOSE = "nik_token", "lookup"
#: Kind of entity → what its tokens are for: a KK is no NIK, though it may have the same digits.
PURPOSES = {"person": PURPOSE, "family": "card"}


def tokens_for(hub: Hub, nik: str) -> list[bytes]:
    """The tokens a NIK may be filed under: one per index key version that still opens."""
    return tokens_of(hub, "person", nik)


def card_tokens_for(hub: Hub, kk: str) -> list[bytes]:
    """The tokens a KK may be filed under."""
    return tokens_of(hub, "family", kk)


def tokens_of(hub: Hub, kind: str, number: str) -> list[bytes]:
    """The tokens under which an entity of a kind is filed that carries a number: one per index key version that still
    opens."""
    purpose = PURPOSES[kind]
    return [
        nik_token(index_key(key), number, TABLE, purpose) for key in hub.keys.live("identifier")
    ]


def token_key(hub: Hub) -> tuple[bytes, dict[str, bytes], int]:
    """The active index key, the domains that go into tokens with the number, its version."""
    key = hub.keys.domain("identifier")
    domains = {kind: token_domain(TABLE, purpose) for kind, purpose in PURPOSES.items()}
    return index_key(key), domains, key.version


def index_key(key: DomainKey) -> bytes:
    """What one version of the identifier key makes tokens with."""
    return key.subkey(f"{TABLE}/{PURPOSE}")
