"""Examiners' notes, sealed: each sample has a data key of its own, wrapped by the profile key."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from mdm.audit import LONG_NUMBER
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.tables import SampleKey, SampleVerdict
from mdm.keys import DomainKey
from mdm.seal import Place, seal, unseal
from mdm.seal import new_key as random_key
from mdm.seal.packing import PACK_NONE

LONGEST = 2_000  # characters
_WRAP = "wrap sample key"


def new_key(hub: Hub, sample_id: str) -> SampleKey:
    """A fresh key for a sample, wrapped."""
    domain = hub.keys.domain("profile")
    wrapped = wrap_key(domain, sample_id, random_key())
    return SampleKey(id=sample_id, key_id=domain.version, wrapped=wrapped)


def sealed(hub: Hub, session: Session, sample_id: str, word_id: str, note: str) -> bytes:
    """A note, sealed. InputError for one that is too long, or holds a NIK or KK number: a note
    outlives the person it is about."""
    if len(note) > LONGEST:
        raise InputError(f"A note has at most {LONGEST} characters.", "Write less.")
    if LONG_NUMBER.search(note):
        raise InputError("A note takes no NIK or KK number.", "Leave the number out.")
    return seal(_key(hub, session, sample_id), _place(word_id), note.encode())


def opened(
    hub: Hub, session: Session, sample_id: str, words: Sequence[SampleVerdict]
) -> dict[str, str]:
    """Id of a word → its note."""
    if not words:
        return {}
    key = _key(hub, session, sample_id)
    return {word.id: unseal(key, _place(word.id), word.note or b"").decode() for word in words}


def wrap_key(domain: DomainKey, sample_id: str, key: bytes) -> bytes:
    """A sample's data key, sealed by a version of the profile domain key."""
    return seal(domain.subkey(_WRAP), _wrap_place(sample_id, domain.version), key, PACK_NONE)


def unwrap_key(domain: DomainKey, sample_id: str, wrapped: bytes) -> bytes:
    """A sample's data key again; IntegrityError when it does not open."""
    return unseal(domain.subkey(_WRAP), _wrap_place(sample_id, domain.version), wrapped)


def _key(hub: Hub, session: Session, sample_id: str) -> bytes:
    held = session.get_one(SampleKey, sample_id)
    return unwrap_key(hub.keys.domain("profile", held.key_id), sample_id, held.wrapped)


def _place(word_id: str) -> Place:
    return Place("sample_verdict", "note", word_id, 0, 0)


def _wrap_place(sample_id: str, version: int) -> Place:
    return Place("sample_key", "wrapped", sample_id, 0, version)
