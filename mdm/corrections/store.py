"""How a proposal is kept: sealed with a data key of its own, which wraps like those of judgements.

Without the key the row still says who proposed what kind of correction when, and no longer about whom.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlmodel import Session, col, select

from mdm.compose import Hub
from mdm.corrections.terms import Proposal
from mdm.errors import UnknownError
from mdm.hub.tables import Correction, CorrectionKey
from mdm.keys import DomainKey
from mdm.seal import Place, new_key, seal, unseal
from mdm.seal.packing import PACK_NONE

_WRAP = "wrap correction key"


def give_key(hub: Hub, session: Session, identity: str) -> bytes:
    """A new data key for a proposal, kept wrapped."""
    domain, key = hub.keys.domain("profile"), new_key()
    wrapped = wrap_key(domain, identity, key)
    session.add(CorrectionKey(id=identity, key_id=domain.version, wrapped=wrapped))
    return key


def key_of(hub: Hub, session: Session, identity: str) -> bytes | None:
    """A proposal's data key; None when it was shredded."""
    held = session.get(CorrectionKey, identity)
    if held is None:
        return None
    return unwrap_key(hub.keys.domain("profile", held.key_id), identity, held.wrapped)


def sealed(key: bytes, identity: str, proposal: Proposal) -> bytes:
    """A proposal as it is kept."""
    return seal(key, _place("content", identity, 0), proposal.model_dump_json().encode())


def opened(key: bytes, row: Correction) -> Proposal:
    """A kept proposal again; IntegrityError when it does not open."""
    text = unseal(key, _place("content", row.id, 0), row.content)
    return Proposal.model_validate_json(text)


def seal_note(key: bytes, identity: str, n: int, note: str) -> bytes:
    """A reason given with a step, as it is kept."""
    return seal(key, _place("note", identity, n), note.encode())


def open_note(key: bytes, identity: str, n: int, note: bytes) -> str:
    """The reason again."""
    return unseal(key, _place("note", identity, n), note).decode()


def open_many(
    hub: Hub, session: Session, rows: Iterable[Correction]
) -> Iterator[tuple[Correction, Proposal]]:
    """The proposals among `rows` that still open, in their order."""
    wanted = list(rows)
    keys = select(CorrectionKey).where(col(CorrectionKey.id).in_([row.id for row in wanted]))
    held = {one.id: one for one in session.exec(keys)}
    for row in wanted:
        if (one := held.get(row.id)) is not None:
            key = unwrap_key(hub.keys.domain("profile", one.key_id), row.id, one.wrapped)
            yield row, opened(key, row)


def by_id(session: Session, identity: str) -> Correction:
    """A proposal's row. UnknownError when there is none."""
    row = session.get(Correction, identity)
    if row is None:
        raise UnknownError("There is no such correction.", "See the list of corrections.")
    return row


def wrap_key(domain: DomainKey, identity: str, key: bytes) -> bytes:
    """A proposal's data key, sealed by a version of the profile domain key."""
    return seal(domain.subkey(_WRAP), _wrap_place(identity, domain.version), key, PACK_NONE)


def unwrap_key(domain: DomainKey, identity: str, wrapped: bytes) -> bytes:
    """A proposal's data key again; IntegrityError when it does not open."""
    return unseal(domain.subkey(_WRAP), _wrap_place(identity, domain.version), wrapped)


def _place(column: str, identity: str, version: int) -> Place:
    return Place("correction", column, identity, version, 0)


def _wrap_place(identity: str, version: int) -> Place:
    return Place("correction_key", "wrapped", identity, 0, version)
