"""Opening: from NIK tokens and entity ids to golden contents, for one or ten thousand at once.

Everything is read as of a run: `seq` is the sequence number readers see, or that of a snapshot.
Nothing here is written to the audit log: for code that answers for what it does with the content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_

from mdm.compose import Hub
from mdm.hub.lists import ListQuery, together
from mdm.hub.tables import EntityKey, NikToken, SealedProfile
from mdm.keys import DomainKey
from mdm.seal import WRAPPED, entity_part, unseal_with, version_part
from mdm.seal.profiles import SEALED
from mdm.survivorship.explain import every_value

FOUND_BY = {"person": "nik", "family": "kk"}
GOLDEN = 0  # the rank of a number that is the entity's own


@dataclass(slots=True)  # frozen, its making would take four times as long
class Opened:
    """One version of one entity's golden profile, open. `run_seq` is the run that published it."""

    entity_id: str
    kind: str
    version: int
    key_id: int
    run_seq: int
    content: str = field(repr=False)


def carriers(session: Session, tokens: Iterable[bytes], seq: int) -> dict[bytes, list[str]]:
    """Token → ids of the entities filed under it, the one whose golden NIK it is first."""
    filed = _filed(session, tokens, seq)
    return {token: list(dict.fromkeys(one for _, one in rows)) for token, rows in filed.items()}


def holders(session: Session, numbers: Sequence[Sequence[bytes]], seq: int) -> list[list[str]]:
    """For each number, given as the tokens it may be filed under (the newest index key's first), the entities whose
    golden number it is; where it is nobody's, all whose records carry it. Whose records carry a number that is
    somebody else's was given it by mistake, and that one is who is meant."""
    filed = _filed(session, chain.from_iterable(numbers), seq)
    found = []
    for tokens in numbers:
        rows = [row for token in tokens for row in filed.get(token, ())]
        golden = [one for rank, one in rows if rank == GOLDEN]
        found.append(list(dict.fromkeys(golden or (one for _, one in rows))))
    return found


def _filed(
    session: Session, tokens: Iterable[bytes], seq: int
) -> dict[bytes, list[tuple[int, str]]]:
    """Token → rank and entity of the rows it has as of `seq`, in the order of their ranks."""
    found: dict[bytes, list[tuple[int, str]]] = {}
    connection = session.connection()
    for some in together(tokens):
        for token, entity_id, rank in _CARRIERS.rows(connection, some, seq=seq):
            found.setdefault(token, []).append((rank, entity_id))
    return found


def open_profiles(
    hub: Hub, session: Session, entity_ids: Iterable[str], seq: int
) -> dict[str, Opened]:
    """Entity id → its profile as of `seq`; ids without one (unknown, ended, shredded) are left out.

    IntegrityError when a sealed value does not open.
    """
    wrapping = _Wrapping(hub)
    return {
        row[0]: _open(row, wrapping)
        for some in together(entity_ids)
        for row in _sealed(session, some, seq)
    }


def open_every_version(hub: Hub, session: Session, entity_ids: Iterable[str]) -> Iterator[Opened]:
    """Every version that still opens of some entities' profiles, published or only staged."""
    wrapping = _Wrapping(hub)
    for some in together(entity_ids):
        query = _columns().where(
            col(SealedProfile.entity_id).in_(some), col(SealedProfile.ciphertext).is_not(None)
        )
        for row in session.connection().execute(query).all():
            yield _open((*row[:5], row[5] or b"", *row[6:]), wrapping)


def numbers_told(hub: Hub, session: Session, entity_ids: Iterable[str]) -> set[tuple[str, str]]:
    """Every number to be found by that any version of these profiles tells, with the kind of who carries it: persons'
    NIKs, families' KKs, the chosen ones and those that lost to them."""
    return {
        (opened.kind, number)
        for opened in open_every_version(hub, session, entity_ids)
        if opened.kind in FOUND_BY
        for number in every_value(opened.content, FOUND_BY[opened.kind])
        if isinstance(number, str) and len(number) == 16 and number.isascii() and number.isdigit()
    }


def niks_told(hub: Hub, session: Session, entity_ids: Iterable[str]) -> set[str]:
    """Every NIK that any version of these profiles tells."""
    told = numbers_told(hub, session, entity_ids)
    return {number for kind, number in told if kind == "person"}


_Sealed = tuple[str, str, int, int, int, bytes, int, bytes]


def _sealed(session: Session, ids: Sequence[str], seq: int) -> Iterator[_Sealed]:
    yield from _NEWEST.rows(session.connection(), ids, seq=seq)


def _columns() -> sa.Select[str, str, int, int, int, bytes | None, int, bytes]:
    """Sealed profiles with their entity keys, in the order of `_Sealed`."""
    return sa.select(
        col(SealedProfile.entity_id),
        col(SealedProfile.kind),
        col(SealedProfile.version),
        col(SealedProfile.key_id),
        col(SealedProfile.run_seq),
        col(SealedProfile.ciphertext),
        col(EntityKey.key_id),
        col(EntityKey.wrapped),
    ).join(EntityKey, col(EntityKey.entity_id) == col(SealedProfile.entity_id))


def _newest() -> sa.Select[str, str, int, int, int, bytes | None, int, bytes]:
    """The newest version as of `seq` of every entity of `ids`, unless it is a tombstone."""
    known = aliased(SealedProfile)
    seq: sa.BindParameter[int] = sa.bindparam("seq", type_=sa.Integer())
    # Begun at the key and from the newest version on: older ones are not even looked at.
    newest = (
        sa.select(col(known.version))
        .where(col(known.entity_id) == col(EntityKey.entity_id), col(known.run_seq) <= seq)
        .order_by(col(known.version).desc())
        .limit(sa.literal_column("1"))
        .offset(sa.literal_column("0"))  # else SQLite is given one as a parameter
        .correlate(EntityKey)
        .scalar_subquery()
    )
    return (
        _columns()
        .where(col(EntityKey.entity_id).in_(sa.bindparam("ids", expanding=True)))
        .where(col(SealedProfile.version) == newest, col(SealedProfile.ciphertext).is_not(None))
    )


def _carriers() -> sa.Select[bytes, str, int]:
    """Who is filed under the tokens `ids` as of `seq`, the one whose golden NIK it is first."""
    seq: sa.BindParameter[int] = sa.bindparam("seq", type_=sa.Integer())
    return (
        sa.select(col(NikToken.token), col(NikToken.entity_id), col(NikToken.rank))
        .where(col(NikToken.token).in_(sa.bindparam("ids", expanding=True)))
        .where(col(NikToken.run_seq) <= seq)
        .where(or_(col(NikToken.retired_seq).is_(None), col(NikToken.retired_seq) > seq))
        .order_by(col(NikToken.rank), col(NikToken.run_seq), col(NikToken.entity_id))
    )


# Built once: for a few ids, building a statement takes longer than running it.
_NEWEST, _CARRIERS = ListQuery(_newest()), ListQuery(_carriers())


def _open(row: _Sealed, wrapping: _Wrapping) -> Opened:
    entity_id, kind, version, key_id, run_seq, ciphertext, wrapped_key_id, wrapped = row
    entity = entity_part(entity_id)
    key = unseal_with(
        wrapping[wrapped_key_id], WRAPPED, entity, version_part(0, wrapped_key_id), wrapped
    )
    content = unseal_with(AESGCM(key), SEALED, entity, version_part(version, key_id), ciphertext)
    return Opened(entity_id, kind, version, key_id, run_seq, content.decode())


class _Wrapping(dict[int, AESGCM]):
    """What unwraps entity keys, by version of the profile domain key: looked for once."""

    def __init__(self, hub: Hub) -> None:
        super().__init__()
        self._keys = hub.keys

    def __missing__(self, key_id: int) -> AESGCM:
        self[key_id] = cipher = _cipher(self._keys.domain("profile", key_id))
        return cipher


@lru_cache(maxsize=16)
def _cipher(key: DomainKey) -> AESGCM:
    return AESGCM(key.subkey("wrap entity key"))
