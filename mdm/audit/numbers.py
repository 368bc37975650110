"""Whether people and families are found by their own numbers: the index of NIKs and KKs, held against the profiles.

The log vouches for every ciphertext. Who may write to the database could file one person's NIK under another, or
take it out: every ciphertext would hold, and a programme be answered about somebody else.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import chain
from typing import Any, TypedDict

import msgspec
import sqlalchemy as sa
from sqlmodel import Session, col, func, or_, select

from mdm.audit.verified import Verified
from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.hub.runs import published_seq, whole_run
from mdm.hub.tables import Entity, NikToken
from mdm.opening import FOUND_BY, GOLDEN, Opened, open_profiles
from mdm.seal import TOKEN_BYTES, Mac, token_domain
from mdm.seal.tokens import PURPOSES, TABLE, index_key
from mdm.survivorship.explain import valid_values
from mdm.work.progress import Progress

TOGETHER = 1_000  # profiles opened, and tokens asked for, at once
_Entry = tuple[bytes, str, bool]  # token, entity id, whether the number is the entity's own


class _Entries(TypedDict, total=False):
    nik: list[Any]
    kk: list[Any]


class _Content(TypedDict):
    """Of a golden content: the numbers alone; the others are passed over."""

    agreed: _Entries
    contested: _Entries


_read = msgspec.json.Decoder(_Content).decode


def verify(
    hub: Hub, session: Session, before: Container[str], progress: Progress, found: Verified
) -> None:
    """Open every profile that readers see and look for each of its numbers in the index; then count what else stands
    there. Households have no number: theirs are only opened. `before`: the runs of before the log held rows; they may
    be of a release that filed no family, so that those are counted until the next whole run files them."""
    seq, numbers = published_seq(session), _Numbers(hub)
    whole = whole_run(session)
    unfiled = whole is not None and str(whole.seq) in before
    total = session.exec(select(func.count()).select_from(Entity)).one()
    agreeing = 0
    with progress.task("verify the index of numbers", total) as advance:
        for ids in _ids(session):
            opened = _opened(hub, session, ids, seq, found)
            wanted = [numbers.of(one) for one in opened]
            families = {one.entity_id for one in opened if unfiled and one.kind == "family"}
            entries = set(chain.from_iterable(chain.from_iterable(wanted)))
            filed = entries & _filed(session, seq, {token for token, _, _ in entries})
            agreeing += len(filed)
            missed = _missed(wanted, filed)
            if old := len(missed & families):
                found.unheld["nik_token.family"] = found.unheld.get("nik_token.family", 0) + old
            for entity_id in sorted(missed - families):
                sentence = f"The profile {entity_id} is not found by a number that is its own."
                found.fault("number", sentence)
            advance(len(ids))
    others = session.exec(select(func.count()).where(*_live(seq))).one() - agreeing
    if others > 0:
        found.fault(
            "number",
            f"{others:,} entries of the index of NIKs and KKs lead to somebody whose profile does not "
            "tell the number.",
        )


class _Numbers:
    """What an entity is filed under, by all versions of the index key that open: old and new stand beside each other
    while a rotation goes on."""

    def __init__(self, hub: Hub) -> None:
        keys = hub.keys.live("identifier")
        self._macs = {
            kind: [Mac(index_key(key), token_domain(TABLE, purpose)) for key in keys]
            for kind, purpose in PURPOSES.items()
        }

    def of(self, one: Opened) -> list[list[_Entry]]:
        """For each number the entity is found by, the entries of which one has to stand in the index."""
        ranks: dict[str, int] = {}
        if one.kind not in FOUND_BY:
            return []
        for rank, number in enumerate(valid_values(_read(one.content), FOUND_BY[one.kind])):
            if (
                isinstance(number, str)
                and len(number) == 16
                and number.isascii()
                and number.isdigit()
            ):
                ranks.setdefault(number, rank)
        return [
            [
                (mac(number.encode())[:TOKEN_BYTES], one.entity_id, rank == GOLDEN)
                for mac in self._macs[one.kind]
            ]
            for number, rank in ranks.items()
        ]


def _missed(wanted: Sequence[Sequence[Sequence[_Entry]]], filed: set[_Entry]) -> set[str]:
    return {
        entries[0][1]
        for each in wanted
        for entries in each
        if entries and filed.isdisjoint(entries)
    }


def _opened(
    hub: Hub, session: Session, ids: Sequence[str], seq: int, found: Verified
) -> list[Opened]:
    """The profiles of these entities; of those that do not open, one by one, it is said."""
    try:
        opened = open_profiles(hub, session, ids, seq)
    except IntegrityError:
        if len(ids) == 1:
            found.fault("profile", f"The profile {ids[0]} does not open.")
            return []
        return [one for each in ids for one in _opened(hub, session, [each], seq, found)]
    return list(opened.values())


def _filed(session: Session, seq: int, tokens: set[bytes]) -> set[_Entry]:
    """What stands in the index under these tokens."""
    sought, rows = sorted(tokens), set[_Entry]()
    for at in range(0, len(sought), TOGETHER):
        some = col(NikToken.token).in_(sought[at : at + TOGETHER])
        query = select(NikToken.token, NikToken.entity_id, NikToken.rank).where(some, *_live(seq))
        rows.update((bytes(token), one, rank == GOLDEN) for token, one, rank in session.exec(query))
    return rows


def _live(seq: int) -> tuple[sa.ColumnElement[bool], ...]:
    """Of the entries: those that readers see."""
    retired = col(NikToken.retired_seq)
    return col(NikToken.run_seq) <= seq, or_(retired.is_(None), retired > seq)


def _ids(session: Session) -> Iterator[Sequence[str]]:
    """Ids of all entities, in order, some at a time."""
    after = ""
    query = select(Entity.entity_id).order_by(col(Entity.entity_id))
    while ids := session.exec(query.where(col(Entity.entity_id) > after).limit(TOGETHER)).all():
        yield ids
        after = ids[-1]
