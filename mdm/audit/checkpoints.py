"""Checkpoints: signed statements of how many events there are and which root hash they have.

How they are signed: signing.py. A verifier key is kept for ever and announced by an event of the log itself; the first
checkpoint of a new key is signed by the one before it as well, so that whoever trusted the old key can trust the new.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import Session, col, select

from mdm.audit.events import record, size
from mdm.audit.signing import Signer, note, public_half
from mdm.audit.tiles import WIDTH, TreeOf, check_leaves, grow
from mdm.audit.tree import root
from mdm.audit.verifier import KEY_EVENT
from mdm.errors import IntegrityError
from mdm.hub.columns import now
from mdm.hub.dialect import table_of
from mdm.hub.lists import Prepared
from mdm.hub.tables import AuditCheckpoint, AuditKey
from mdm.ids import short

if TYPE_CHECKING:
    from mdm.compose import Hub
    from mdm.keys import DomainKey

EVERY_EVENTS = 1_000
EVERY = timedelta(minutes=1)
LOG = "dtsen.hub/audit"
_NEWEST = Prepared(
    sa.text("SELECT size, key_version FROM audit_checkpoint ORDER BY size DESC LIMIT 1")
)
_KEEP = sa.insert(table_of(AuditCheckpoint))


@dataclass(frozen=True)
class Checkpoint:
    """A signed state of the log. `note` is what is handed to witnesses, to the letter."""

    size: int
    root: str  # hex
    at: datetime
    key_version: int
    note: str


def latest(session: Session) -> Checkpoint | None:
    """The newest checkpoint; None before the first."""
    query = select(AuditCheckpoint).order_by(col(AuditCheckpoint.size).desc())
    row = session.exec(query.limit(1)).first()
    return _checkpoint(row) if row else None


def checkpoints(
    session: Session, *, below: int | None = None, limit: int | None = None
) -> list[Checkpoint]:
    """Checkpoints, the newest first; of a smaller size than `below`."""
    query = select(AuditCheckpoint).order_by(col(AuditCheckpoint.size).desc())
    if below is not None:
        query = query.where(col(AuditCheckpoint.size) < below)
    rows = session.exec(query.limit(limit) if limit is not None else query).all()
    return [_checkpoint(row) for row in rows]


def covering(session: Session, size: int) -> Checkpoint | None:
    """The smallest checkpoint of at least a size; None when there is none yet."""
    query = select(AuditCheckpoint).where(col(AuditCheckpoint.size) >= size)
    row = session.exec(query.order_by(col(AuditCheckpoint.size)).limit(1)).first()
    return _checkpoint(row) if row else None


def verifier_keys(session: Session) -> list[str]:
    """The verifier keys of all times, oldest first."""
    return list(session.exec(select(AuditKey.verifier).order_by(col(AuditKey.version))).all())


def own_verifiers(hub: Hub, session: Session) -> list[str]:
    """The verifier keys made anew from the hub's own keys that still open, of those announced."""
    rows = session.exec(select(AuditKey)).all()
    opening = set(hub.keys.versions("audit"))
    return [
        str(Signer(_name_in(row.verifier), hub.keys.domain("audit", row.version)).verifier)
        for row in rows
        if row.version in opening
    ]


def due(hub: Hub) -> bool:
    """Whether a thousand events, or some and a minute, have passed since the last checkpoint."""
    with hub.sessions.read() as session:
        held, last = size(session), latest(session)
    if last is None:
        return held > 0
    waited = now() - last.at  # less than nothing where the clock was set back
    soon = timedelta(0) <= waited < EVERY
    return held - last.size >= EVERY_EVENTS or (held > last.size and not soon)


def checkpoint(hub: Hub) -> Checkpoint:
    """Sign the log as it stands; the standing checkpoint when nothing came since.

    IntegrityError when the log no longer agrees with its last checkpoint, or an event with its
    hash: then nothing is signed.
    """
    _announce_key(hub)
    with hub.sessions.read() as session:
        held, last = size(session), latest(session)
    if last is not None and held <= last.size:
        if held < last.size:
            raise _broken(last)
        return last
    grow(hub, held)
    with hub.sessions.read() as session:
        signed = _signed(hub, session, held, last)
    return _keep(hub, signed)


def tick(hub: Hub) -> Checkpoint | None:
    """A checkpoint if one is due: for whoever serves, now and then."""
    return checkpoint(hub) if due(hub) else None


def newest(session: Session) -> tuple[int, int] | None:
    """Size and key version of the newest checkpoint, quickly; None before the first."""
    rows: list[tuple[int, int]] = _NEWEST.rows(session.connection(), {})
    return rows[0] if rows else None


def signer_in_use(hub: Hub, session: Session) -> Signer:
    """What signs from now on. There must be a first checkpoint."""
    return Signer(origin(session), hub.keys.domain("audit"))


def sign_within(session: Session, size: int, found: bytes, signer: Signer) -> None:
    """Keep a checkpoint of the first `size` events in the caller's unit of work. They have this root hash, follow on
    what was signed before by the key in use, and are on disk: a reader may have the signature when the power goes."""
    said = note(size, found, [signer])
    row = {"size": size, "root": found, "key_version": signer.version, "at": now(), "note": said}
    session.connection().execute(_KEEP, row)


def _signed(hub: Hub, session: Session, size: int, last: Checkpoint | None) -> AuditCheckpoint:
    """The first `size` events, signed. Those behind the last full tile are hashed again before.

    IntegrityError when an event does not agree with its hash, or the log with its last checkpoint.
    """
    must_stand(session, last)
    check_leaves(session, size - size % WIDTH, size)
    found, name = root(TreeOf(session, size), size), origin(session)
    signers = [Signer(name, key) for key in _keys(hub, last)]
    said, version = note(size, found, signers), signers[0].version
    return AuditCheckpoint(size=size, root=found, key_version=version, note=said)


def must_stand(session: Session, last: Checkpoint | None) -> None:
    """IntegrityError when the first events no longer have the root hash that was signed."""
    if last is not None and root(TreeOf(session, last.size), last.size).hex() != last.root:
        raise _broken(last)


def _broken(last: Checkpoint) -> IntegrityError:
    return IntegrityError(
        f"The audit log does not agree with its checkpoint of {last.size} events: "
        "events were altered or removed.",
        "Run `dtsen audit verify`; nothing more is signed until it is restored.",
    )


def _keys(hub: Hub, last: Checkpoint | None) -> list[DomainKey]:
    """What is signed with: the key in use and, where the last checkpoint was signed by another, that one."""
    keys = [hub.keys.domain("audit")]
    before = last.key_version if last else None
    if before not in (None, keys[0].version) and before in hub.keys.versions("audit"):
        keys.append(hub.keys.domain("audit", before))
    return keys


def _keep(hub: Hub, signed: AuditCheckpoint) -> Checkpoint:
    """Keep a checkpoint, unless another process kept one for this size already."""
    # Who answers waits for this unit of work: it does not wait for the disk. What was signed lasts before
    # anybody can read that it was, and the signature itself once this returns.
    hub.sessions.sync_all()
    with hub.sessions.begin_volatile() as session:
        connection = session.connection()
        hub.dialect.exclusive(connection, "audit checkpoint")
        standing = session.get(AuditCheckpoint, signed.size)
        if standing is None:
            standing = signed
            session.add(standing)
    hub.sessions.sync_all()
    return _checkpoint(standing)


def origin(session: Session) -> str:
    """The name of this log: it is that of its first verifier key, for ever."""
    return _name_in(verifier_keys(session)[0])


def _name_in(verifier: str) -> str:
    return verifier.split("+", 1)[0]


def _announce_key(hub: Hub) -> None:
    """Keep and announce the verifier key in use, once, before anything is signed with it."""
    key = hub.keys.domain("audit")
    with hub.sessions.read() as session:
        if session.get(AuditKey, key.version) is not None:
            return
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), "audit checkpoint")
        if session.get(AuditKey, key.version) is not None:
            return
        known = verifier_keys(session)
        # The log's name says nothing but which log it is: a digest of its first key.
        digest = short(hashlib.sha256(public_half(key)).hexdigest())
        verifier = str(Signer(_name_in(known[0]) if known else f"{LOG}/{digest}", key).verifier)
        session.add(AuditKey(version=key.version, verifier=verifier))
        record(session, "system", KEY_EVENT, verifier=verifier, key_version=key.version)


def _checkpoint(row: AuditCheckpoint) -> Checkpoint:
    return Checkpoint(row.size, row.root.hex(), row.at, row.key_version, row.note)
