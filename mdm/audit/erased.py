"""Who was erased, as the log tells: held against the shred list and the keys; and what that took from the profiles.

An erasure takes the region and the key of a person's profiles, and what profiles of others said of them. Its events
name by their digests what it took, and what it sealed anew of those others: a profile of anybody else that is missing
or altered cannot hide behind it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import Session, col, select

from mdm.audit.logged import LoggedEvent
from mdm.audit.verified import Verified
from mdm.hub.tables import EntityKey, SealedProfile, ShredEntry
from mdm.seal.profiles import ciphertext_digest, profile_digest, profile_place

TOGETHER = 1_000  # ids asked for in one statement


def hashes(session: Session, *which: sa.ColumnElement[bool]) -> dict[str, list[str]]:
    """What the log vouches for of some profiles, which an erasure is about to change: run → digests, hex."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in session.exec(select(SealedProfile).where(*which)).all():
        place = profile_place(row.entity_id, row.version, row.key_id)
        digests = [profile_digest(place, row.kind, row.region, row.ciphertext)]
        if row.ciphertext is not None:  # as runs of before regions were held have it
            digests.append(ciphertext_digest(place, row.ciphertext))
        found[str(row.run_seq)] += [one.hex() for one in digests]
    return {run: sorted(some) for run, some in sorted(found.items())}


@dataclass
class Erased:
    """`shredded`: entities whose key is gone; `blanked`: those of which versions are; `gone`: run → digests of the
    profiles that erasures changed; `anew`: run → digests of those that stand in their place; `unnamed`: entities of
    erasures that named none, before they did."""

    shredded: set[str] = field(default_factory=set)
    blanked: set[str] = field(default_factory=set)
    gone: dict[int, Counter[bytes]] = field(default_factory=dict)
    anew: dict[int, Counter[bytes]] = field(default_factory=dict)
    unnamed: set[str] = field(default_factory=set)

    def add(self, event: LoggedEvent) -> None:
        """An event that tells of an erasure."""
        ids = {event.entity_id} if isinstance(event.entity_id, str) else set(event.entity_id or ())
        (self.shredded if event.action == "erase" else self.blanked).update(ids)
        if not isinstance(event.hashes, dict):
            self.unnamed |= ids
            return
        for told, digests in ((self.gone, event.hashes), (self.anew, event.anew or {})):
            for run, some in digests.items():
                told.setdefault(int(run), Counter()).update(map(bytes.fromhex, some))

    def verify(self, session: Session, found: Verified) -> None:
        """Name the erased whose key is back, and those that the shred list does not name, or names alone."""
        for ids in _some(self.shredded):
            keys = select(EntityKey.entity_id).where(col(EntityKey.entity_id).in_(ids))
            for one in sorted(session.exec(keys).all()):
                found.fault(
                    "erased", f"The key of {one}, who was erased, stands in the database again: put back from a copy."
                )  # fmt: skip
        listed = set(_listed(session))
        for one in sorted(self.shredded - listed):
            found.fault(
                "erased", f"The shred list does not name {one}, who was erased: a later delivery would bring them back."
            )  # fmt: skip
        for one in sorted(listed - self.shredded):
            found.fault("erased", f"The shred list names {one}, and no event tells of an erasure.")


def _some(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = sorted(ids)
    for at in range(0, len(rest), TOGETHER):
        yield rest[at : at + TOGETHER]


def _listed(session: Session) -> Iterator[str]:
    """Whom the list names. That nobody altered a line is looked at whenever a home is opened."""
    for line in session.exec(select(ShredEntry.line)):
        try:
            said = json.loads(bytes(line).rpartition(b"\t")[0])
            yield from said["entities"] if said["do"] == "erase" else ()
        except (ValueError, KeyError, TypeError):
            continue
