"""After a rotation of the profile key: entity keys are wrapped anew, nothing is resealed.

Only then may the old version of the domain key be destroyed.
"""

from __future__ import annotations

from sqlmodel import col, func, select

from mdm import audit
from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.hub.tables import EntityKey
from mdm.seal import unwrap_entity_key, wrap_entity_key

CHUNK = 20_000


def rewrap_entity_keys(hub: Hub, *, actor: str) -> int:
    """Wrap entity keys of older versions under the active one, in chunks; return how many.

    Every chunk is a unit of work: killed and run again, it goes on where it stopped.
    """
    version = hub.keys.domain("profile").version
    done = 0
    while count := _rewrap_chunk(hub, version):
        done += count
    with hub.sessions.begin() as session:
        audit.record(session, actor, "rewrap", key_version=version, rows=done)
    return done


def retire_profile_key(hub: Hub, version: int, *, actor: str) -> None:
    """Destroy an old version of the profile domain key; refused while an entity key needs it."""
    with hub.sessions.begin() as session:
        needed = select(func.count()).where(col(EntityKey.key_id) == version)
        if session.exec(needed).one():
            raise IntegrityError(
                "Entity keys are still wrapped under this version.", "Rewrap them first."
            )
        hub.keys.destroy(session, "profile", version)
        audit.record(session, actor, "destroy-key", kind="profile", key_version=version)


def _rewrap_chunk(hub: Hub, version: int) -> int:
    wrapping = hub.keys.domain("profile", version).subkey("wrap entity key")
    with hub.sessions.begin() as session:
        old = session.exec(
            select(EntityKey).where(col(EntityKey.key_id) != version).limit(CHUNK)
        ).all()
        rows = []
        for held in old:
            before = hub.keys.domain("profile", held.key_id).subkey("wrap entity key")
            key = unwrap_entity_key(before, held.entity_id, held.key_id, held.wrapped)
            wrapped = wrap_entity_key(wrapping, held.entity_id, version, key)
            row = {"entity_id": held.entity_id, "key_id": version, "run_seq": held.run_seq}
            rows.append({**row, "wrapped": wrapped})
        hub.dialect.upsert(session.connection(), EntityKey, rows)
    return len(rows)
