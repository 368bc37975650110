"""After a rotation of the profile key: data keys are wrapped anew, nothing is resealed.

Every chunk is a unit of work, small enough that nobody who writes waits for it: killed and run
again, the work goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, func, select

from mdm import audit
from mdm.access.honey import renew_honey
from mdm.access.keys import PURPOSE as ACCESS
from mdm.access.keys import open_secret, seal_secret
from mdm.access.totp import COLUMN as SECRET
from mdm.compose import Hub
from mdm.corrections import store
from mdm.hub.tables import CorrectionKey, EntityKey, JudgementKey, SampleKey, Staff
from mdm.judgements import unwrap_key, wrap_key
from mdm.keys import DomainKey
from mdm.sampling import notes
from mdm.seal import unwrap_entity_key, wrap_entity_key
from mdm.work.progress import Advance, Progress, Silent

CHUNK = 1_000  # rows per unit of work

Rewrap = Callable[[DomainKey, DomainKey, str, bytes], bytes]


def rewrap_entity_keys(hub: Hub, *, actor: str, progress: Progress | None = None) -> int:
    """Wrap the keys of entities, judgements, samples and corrections under the active version; how many."""
    keys = {
        version: hub.keys.domain("profile", version) for version in hub.keys.versions("profile")
    }
    active = hub.keys.domain("profile")
    tables: tuple[tuple[Any, str, Rewrap], ...] = (
        (EntityKey, "entity_id", _entity_key),
        (JudgementKey, "id", _judgement_key),
        (SampleKey, "id", _sample_key),
        (CorrectionKey, "id", _correction_key),
    )
    total = sum(_waiting(hub, table, active.version) for table, _, _ in tables)
    done = 0
    with (progress or Silent()).task("wrap keys anew", total) as advance:
        for table, name, rewrap in tables:
            done += _rewrap(hub, table, name, rewrap, keys=keys, active=active, advance=advance)
    with hub.sessions.begin() as session:
        audit.record(
            session, actor, "rewrap", kind="profile", key_version=active.version, rows=done
        )
    return done


def reseal_second_factors(hub: Hub, *, actor: str) -> int:
    """Seal the secrets of staff's second factors, and the honey NIKs, under the active access key;
    how many."""
    active = hub.keys.domain(ACCESS).version
    with hub.sessions.begin() as session:
        old = session.exec(
            select(Staff).where(col(Staff.totp).is_not(None), col(Staff.totp_key) != active)
        ).all()
        for one in old:
            assert one.totp is not None
            assert one.totp_key is not None
            plain = open_secret(hub, SECRET, one.id, one.totp_key, one.totp)
            one.totp_key, one.totp = seal_secret(hub, SECRET, one.id, plain)
            session.add(one)
        rows = len(old) + renew_honey(hub, session)
        audit.record(session, actor, "rewrap", kind=ACCESS, key_version=active, rows=rows)
    return rows


def _waiting(hub: Hub, table: Any, version: int) -> int:
    with hub.sessions.read() as session:
        query = select(func.count()).select_from(table).where(col(table.key_id) != version)
        return session.exec(query).one()


def _rewrap(
    hub: Hub,
    table: Any,
    name: str,
    rewrap: Rewrap,
    *,
    keys: dict[int, DomainKey],
    active: DomainKey,
    advance: Advance,
) -> int:
    """One table, in the order of its ids. A row deleted meanwhile (shredded) stays deleted."""
    id_ = col(getattr(table, name))
    update = (
        sa.update(table)
        .where(id_ == sa.bindparam("id_"), col(table.key_id) == sa.bindparam("before"))
        .values(key_id=active.version, wrapped=sa.bindparam("now_wrapped"))
    )
    query = select(id_, table.key_id, table.wrapped).where(col(table.key_id) != active.version)
    after, done = "", 0
    while True:
        with hub.sessions.begin() as session:
            rows = session.exec(query.where(id_ > after).order_by(id_).limit(CHUNK)).all()
            if not rows:
                return done
            changes = [
                {"id_": one, "before": v, "now_wrapped": rewrap(keys[v], active, one, wrapped)}
                for one, v, wrapped in rows
            ]
            session.connection().execute(update, changes)
        after = rows[-1][0]
        done += len(rows)
        advance(len(rows))


def _entity_key(before: DomainKey, now: DomainKey, entity_id: str, wrapped: bytes) -> bytes:
    opened = unwrap_entity_key(_wrapping(before), entity_id, before.version, wrapped)
    return wrap_entity_key(_wrapping(now), entity_id, now.version, opened)


def _judgement_key(before: DomainKey, now: DomainKey, identity: str, wrapped: bytes) -> bytes:
    return wrap_key(now, identity, unwrap_key(before, identity, wrapped))


def _sample_key(before: DomainKey, now: DomainKey, sample_id: str, wrapped: bytes) -> bytes:
    return notes.wrap_key(now, sample_id, notes.unwrap_key(before, sample_id, wrapped))


def _correction_key(before: DomainKey, now: DomainKey, identity: str, wrapped: bytes) -> bytes:
    opened = store.unwrap_key(before, identity, wrapped)
    return store.wrap_key(now, identity, opened)


def _wrapping(key: DomainKey) -> bytes:
    return key.subkey("wrap entity key")
