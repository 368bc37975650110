"""After a rotation of the index key: every token of a NIK or KK is made anew and takes the old one's place.

A token cannot be turned back, so the numbers come from the sealed profiles, all versions of them:
the chosen number and those that lost. Lookups try every live version of the key meanwhile; old and new
token change places in one unit of work, so that a reader finds the person by one or the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, delete, func, select

from mdm import audit, keys
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.tables import NikToken, Refiling, SealedProfile
from mdm.keys import DomainKey
from mdm.opening import numbers_told
from mdm.seal import TOKEN_BYTES, Mac, token_domain
from mdm.seal.tokens import PURPOSES, TABLE, index_key
from mdm.work.progress import Progress, Silent

CHUNK = 500  # persons and families per unit of work


@dataclass(frozen=True)
class Refiled:
    """What refiling came to. `left`: tokens of older versions whose number no profile tells."""

    version: int
    tokens: int
    left: int


def refile(hub: Hub, *, actor: str, progress: Progress | None = None) -> Refiled:
    """File every token of an older index key version under the newest; take up where it stopped.

    Call it under the work lock: a run files tokens too.
    """
    _wait_until_known(hub)
    active = hub.keys.domain("identifier")
    old = [key for key in hub.keys.live("identifier") if key.version < active.version]
    moved = sum(_move(hub, key, active, progress or Silent()) for key in old)
    left = sum(tokens_of(hub, key.version) for key in old)
    with hub.sessions.begin() as session:
        counts = {"refiled": moved, "left": left}
        audit.record(
            session, actor, "refile", kind="identifier", key_version=active.version, counts=counts
        )
    return Refiled(active.version, moved, left)


def tokens_of(hub: Hub, version: int) -> int:
    """How many tokens are filed under a version of the index key."""
    with hub.sessions.read() as session:
        query = select(func.count()).select_from(NikToken).where(col(NikToken.key_id) == version)
        return session.exec(query).one()


def _wait_until_known(hub: Hub) -> None:
    """Wait until every process knows the newest version."""
    hub.keys.refresh()
    newest = max(
        one.created for one in hub.keys.listing() if one.purpose == "identifier" and one.opens
    )
    age = (now() - newest).total_seconds()
    if abs(age) < keys.KNOWN_SECONDS:
        time.sleep(keys.KNOWN_SECONDS - age)


def _move(hub: Hub, old: DomainKey, active: DomainKey, progress: Progress) -> int:
    """Move the tokens of one version, in the order of entity ids."""
    total = tokens_of(hub, old.version)
    if total == 0:
        return 0
    before = {kind: _tokens_by(old, kind) for kind in PURPOSES}
    after = {kind: _tokens_by(active, kind) for kind in PURPOSES}
    mark = _mark(hub, old.version)
    began = mark.after
    moved = 0
    with progress.task(f"file numbers anew, from index key {old.version}", total) as advance:
        for ids in _found_by(hub, mark.after):
            with hub.sessions.begin() as session:
                pairs = {
                    before[kind](number): after[kind](number)
                    for kind, number in sorted(numbers_told(hub, session, ids))
                }
                count = _exchange(hub, session, pairs, old.version, active.version)
                mark.after, mark.done = ids[-1], mark.done + count
                session.merge(mark)
            moved += count
            advance(count)
    with hub.sessions.begin() as session:
        session.exec(delete(Refiling).where(col(Refiling.key_id) == old.version))
    if began and tokens_of(hub, old.version):
        # Something was published behind the bookmark: once more from the beginning.
        return moved + _move(hub, old, active, progress)
    return moved


def _mark(hub: Hub, version: int) -> Refiling:
    with hub.sessions.read() as session:
        return session.get(Refiling, version) or Refiling(key_id=version, after="", done=0)


def _found_by(hub: Hub, after: str) -> Iterator[Sequence[str]]:
    """Ids of entities with tokens behind `after`, in order, some at a time."""
    while True:
        with hub.sessions.read() as session:
            query = (
                select(SealedProfile.entity_id)
                .where(
                    col(SealedProfile.kind).in_(list(PURPOSES)),
                    col(SealedProfile.entity_id) > after,
                )
                .order_by(col(SealedProfile.entity_id))
                .distinct()
                .limit(CHUNK)
            )
            ids = session.exec(query).all()
        if not ids:
            return
        yield ids
        after = ids[-1]


def _exchange(hub: Hub, session: Session, pairs: dict[bytes, bytes], old: int, active: int) -> int:
    """Put new tokens in the place of old ones, with their history; how many."""
    rows = session.exec(
        select(NikToken).where(col(NikToken.token).in_(list(pairs)), col(NikToken.key_id) == old)
    ).all()
    if not rows:
        return 0
    fresh = [{**row.model_dump(), "token": pairs[row.token], "key_id": active} for row in rows]
    hub.dialect.upsert(session.connection(), NikToken, fresh)
    session.connection().execute(
        sa.delete(NikToken).where(
            col(NikToken.token) == sa.bindparam("t"),
            col(NikToken.entity_id) == sa.bindparam("e"),
            col(NikToken.run_seq) == sa.bindparam("r"),
        ),
        [{"t": row.token, "e": row.entity_id, "r": row.run_seq} for row in rows],
    )
    return len(rows)


def _tokens_by(key: DomainKey, kind: str) -> TokenMaker:
    return TokenMaker(Mac(index_key(key), token_domain(TABLE, PURPOSES[kind])))


@dataclass(frozen=True)
class TokenMaker:
    """From a number of 16 digits to its token under one version of the index key."""

    mac: Mac

    def __call__(self, nik: str) -> bytes:
        return self.mac(nik.encode())[:TOKEN_BYTES]
