"""What the profiles of others tell of somebody erased, and what is left of them.

A person's version from when records of both were taken for one goes. A version of a family or household loses the
member's id, and what of a card only erased rows told. All that is left of such an entity is sealed anew under another
key: copies of what stood there open for nobody any more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlmodel import Session, col, delete, or_, select, update

from mdm import audit
from mdm.audit.erased import hashes
from mdm.compose import Hub
from mdm.hub.tables import EntityEvent, EntityKey, NikToken, SealedProfile
from mdm.opening import FOUND_BY, Opened, open_every_version
from mdm.rights.implied import Record, Row
from mdm.seal import Mac, new_key, seal, wrap_entity_key
from mdm.seal.packing import PACK_PROFILE
from mdm.seal.profiles import profile_digest, profile_place
from mdm.seal.tokens import tokens_of
from mdm.survivorship.content import canonical
from mdm.survivorship.explain import LOSERS, MAY_NOT_WIN, RECORD, valid_values

Digests = dict[str, list[str]]  # run → hex


@dataclass(frozen=True)
class Told:
    """What the erased told. `ids`: their entities; `erased`: whether a source record was theirs; `implied`: the family
    records of their cards, with what rows that stay tell of each; `rows`: batch → rows taken out of the lake."""

    ids: Collection[str]
    erased: Callable[[Record], bool]
    implied: Mapping[Record, Collection[Row]]
    rows: Mapping[str, Collection[int]]

    def left(self, content: str) -> str | None:
        """What is left of a golden content; None where nothing is."""
        body = json.loads(content)
        records = body["records"]
        if body["kind"] == "person":
            return None if any(self.erased(_key(one)) for one in records) else content
        theirs = {
            at: self.implied.get(_key(one), ())
            for at, one in enumerate(records)
            if _key(one) in self.implied or self._row_taken(one)
        }
        stays = [at for at in range(len(records)) if theirs.get(at, records)]
        entries = {
            name: left
            for name, entry in (body["agreed"] | body["contested"]).items()
            if (left := _left(name, entry, theirs, stays)) is not None
        }
        links = body["links"]
        if "members" in links:
            links = links | {"members": [one for one in links["members"] if one[0] not in self.ids]}
        after = body | {
            "agreed": {name: entry for name, entry in entries.items() if len(entry) == LOSERS},
            "contested": {name: entry for name, entry in entries.items() if len(entry) > LOSERS},
            "links": links,
            "records": [self._unnamed(records[at]) for at in stays],
        }
        if after == body:
            return content
        return canonical(after) if stays else None

    def _row_taken(self, record: Sequence[Any]) -> bool:
        _, _, _, batch, _, row, _ = record
        return row in self.rows.get(batch, ())

    def _unnamed(self, record: Sequence[Any]) -> Sequence[Any]:
        """The record without the place of a row that was taken out."""
        return [*_key(record), None, None, None, None] if self._row_taken(record) else record


def _key(record: Sequence[Any]) -> Record:
    return record[0], record[1], record[2]


def _left(
    name: str, entry: Sequence[Any], theirs: Mapping[int, Collection[Row]], stays: Sequence[int]
) -> list[Any] | None:
    """What is left of an entry: of values that a record in `theirs` told those that a row tells that stays. The next in
    order is chosen where the chosen one goes; until the next run chooses anew."""

    def told(value: Sequence[Any]) -> bool:
        rows = theirs.get(value[RECORD])
        parts = value[0] if isinstance(value[0], dict) else {name: value[0]}
        return rows is None or any(row.items() >= parts.items() for row in rows)

    def placed(value: Sequence[Any]) -> list[Any]:
        return [value[0], stays.index(value[RECORD]), *value[RECORD + 1 :]]

    chosen, more = entry[:LOSERS], entry[LOSERS:]
    losers = [placed(lost) for lost in (more[0] if more else ()) if told(lost)]
    if told(chosen):
        return [*placed(chosen), *([losers, *more[1:]] if losers or more[1:] else [])]
    if not losers or losers[0][LOSERS] in MAY_NOT_WIN:
        return None
    (*chosen, _), *losers = losers
    return [*chosen, *([losers] if losers else [])]


def forget(hub: Hub, session: Session, told: Told, entities: Collection[str], reason: str) -> int:
    """Take what the erased told out of all versions of the profiles of `entities`, and of those that records passed to
    or came from; how many versions told of it. It is on record, so that the log misses nothing."""
    gone, anew = Digests(), Digests()
    changed, count = [], 0
    ids = sorted(_related(session, entities) - set(told.ids))
    versions = sorted(open_every_version(hub, session, ids), key=lambda one: one.entity_id)
    for entity_id, some in groupby(versions, key=lambda one: one.entity_id):
        left = [(opened, told.left(opened.content)) for opened in some]
        told_of = sum(opened.content != content for opened, content in left)
        if told_of:
            _seal_anew(hub, session, left, gone, anew)
            _file_anew(hub, session, left)
            changed.append(entity_id)
            count += told_of
    if changed:
        audit.record(
            session, "system", "blank", entity_id=changed, reason=reason,
            counts={"versions": count}, hashes=gone, anew=anew,
        )  # fmt: skip
    return count


def linked(hub: Hub, session: Session, ids: Iterable[str]) -> set[str]:
    """The families and households that any version of some persons' profiles names."""
    found: set[str] = set()
    for opened in open_every_version(hub, session, ids):
        found.update(json.loads(opened.content)["links"].values())
    return found


def _related(session: Session, entities: Collection[str]) -> set[str]:
    """The entities and all that records of theirs ever were in, by merges and splits."""
    found, fresh = set[str](), set(entities)
    while fresh:
        found |= fresh
        events = select(EntityEvent.entity_id, EntityEvent.other).where(
            col(EntityEvent.other).is_not(None),
            or_(col(EntityEvent.entity_id).in_(fresh), col(EntityEvent.other).in_(fresh)),
        )
        fresh = {one for pair in session.exec(events).all() for one in pair if one} - found
    return found


Left = Sequence[tuple[Opened, str | None]]


def _seal_anew(hub: Hub, session: Session, left: Left, gone: Digests, anew: Digests) -> None:
    """Put what is left of an entity's versions in their place, under another key. `gone`, `anew`: what the log vouches
    for before and since."""
    entity_id, active, key = left[0][0].entity_id, hub.keys.domain("profile"), new_key()
    mac = Mac(active.subkey("content mac"))
    for opened, content in left:
        row = session.get_one(SealedProfile, (entity_id, opened.version))
        place = profile_place(entity_id, opened.version, active.version)
        which = col(SealedProfile.version) == opened.version
        for run, digests in hashes(
            session, col(SealedProfile.entity_id) == entity_id, which
        ).items():
            gone.setdefault(run, []).extend(digests)
        if content is None:
            row.ciphertext = row.content_mac = row.region = None
        else:
            row.ciphertext = seal(key, place, content.encode(), PACK_PROFILE)
            row.content_mac, row.key_id = mac(content.encode()), active.version
            digest = profile_digest(place, row.kind, row.region, row.ciphertext)
            anew.setdefault(str(row.run_seq), []).append(digest.hex())
        session.add(row)
    held = session.get_one(EntityKey, entity_id)
    if any(content is not None for _, content in left):
        wrapping = active.subkey("wrap entity key")
        held.key_id = active.version
        held.wrapped = wrap_entity_key(wrapping, entity_id, active.version, key)
        session.add(held)
    else:
        session.delete(held)
    session.flush()


def _file_anew(hub: Hub, session: Session, left: Left) -> None:
    """Let an entity be found by the numbers that are left of it."""
    kind, entity_id = left[0][0].kind, left[0][0].entity_id
    if kind not in FOUND_BY:
        return

    def numbers(content: str | None) -> list[Any]:
        told = valid_values(content, FOUND_BY[kind]) if content is not None else []
        return [number for number in told if re.fullmatch("[0-9]{16}", number)]

    newest = numbers(max(left, key=lambda one: one[0].version)[1])
    still = {number for _, content in left for number in numbers(content)}
    for number in {number for opened, _ in left for number in numbers(opened.content)}:
        filed = (
            col(NikToken.entity_id) == entity_id,
            col(NikToken.token).in_(tokens_of(hub, kind, number)),
        )
        seen = col(NikToken.retired_seq).is_(None)
        if number in newest:
            rank = newest.index(number)
            session.exec(update(NikToken).where(*filed, seen).values(rank=rank))
        elif number in still:
            session.exec(delete(NikToken).where(*filed, seen))
        else:
            session.exec(delete(NikToken).where(*filed))
