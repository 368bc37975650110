"""What the log vouches for: the profiles of every published run, by their digests.

A run's `publish` event has one digest over the digests of all profiles it sealed and ended; those stand in
`sealed_digest`, in the order of writing. A profile that was altered, swapped, removed, ended, moved to another region
or put back to an older state differs, and is named.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from mdm.audit.erased import Erased
from mdm.audit.verified import Verified
from mdm.hub.runs import PUBLISHED
from mdm.hub.tables import Run, SealedDigest, SealedProfile
from mdm.seal.profiles import ciphertext_digest, profile_digest, profile_place
from mdm.work.progress import Progress

TOGETHER = 4_000
BYTES = 32


@dataclass(frozen=True)
class Logged:
    """What the log says of sealed profiles. `published`: run → digest in its event; `placed`: the runs whose digests
    tell kind, region and end too, which those of before did not; `erased`: who was erased, and what that took."""

    published: Mapping[int, str]
    placed: Collection[int]
    erased: Erased

    def digest(self, row: Any) -> bytes | None:
        """What the log vouches for of a profile; None for an end that it does not."""
        if row.run_seq in self.placed:
            return _digest(row)
        place = profile_place(row.entity_id, row.version, row.key_id)
        return None if row.ciphertext is None else ciphertext_digest(place, row.ciphertext)


def _digest(row: Any) -> bytes:
    place = profile_place(row.entity_id, row.version, row.key_id)
    return profile_digest(place, row.kind, row.region, row.ciphertext)


@dataclass
class _Made:
    """The digest over a run's profiles as they stand: those that live in order, then those that end."""

    living: Any = field(default_factory=hashlib.sha256)
    ended: bytearray = field(default_factory=bytearray)

    def add(self, made: bytes, *, ends: bool) -> None:
        if ends:
            self.ended += made
        else:
            self.living.update(made)

    def digest(self) -> str:
        self.living.update(self.ended)
        return str(self.living.hexdigest())


def verify(session: Session, logged: Logged, progress: Progress, found: Verified) -> None:
    """Hold every sealed profile against the log."""
    total = int(session.exec(select(func.count()).select_from(SealedProfile)).one())
    runs: dict[int, _Made] = {}
    with progress.task("verify sealed profiles", total) as advance:
        for some in _profiles(session, None):
            for row in some:
                made, ends = logged.digest(row), row.ciphertext is None
                found.profiles += not ends
                if made is not None:
                    runs.setdefault(row.run_seq, _Made()).add(made, ends=ends)
            advance(len(some))
    seen = _seen(session)
    for run_seq in sorted(logged.published.keys() - set(seen)):
        found.fault(
            "profile",
            f"Run {run_seq} was published, says the log; readers do not see it: the hub was put "
            "back to an older state.",
        )
    for run_seq in seen:
        if run_seq not in logged.published:
            found.fault("profile", f"Run {run_seq} is published, but no event says so.")
        elif runs.get(run_seq, _Made()).digest() != logged.published[run_seq]:
            _look_closer(session, run_seq, logged, found)


def _look_closer(session: Session, run_seq: int, logged: Logged, found: Verified) -> None:
    """Name what differs of one run; one that sealed profiles of erased people lacks those that the erasures name."""
    kept = _kept(session, run_seq)
    if hashlib.sha256(b"".join(kept)).hexdigest() != logged.published[run_seq]:
        found.fault(
            "digests",
            f"The sealed profiles of run {run_seq} are not those its publish event vouches for.",
        )
        return
    gone, erased = 0, logged.erased
    left, anew = Counter(kept), Counter(erased.anew.get(run_seq))
    for some in _profiles(session, run_seq):
        for row in some:
            made = logged.digest(row)
            if made is not None and left[made]:
                left[made] -= 1
            elif anew[_digest(row)]:
                anew[_digest(row)] -= 1
            elif row.entity_id in erased.shredded or (
                row.ciphertext is None and row.entity_id in erased.blanked
            ):
                # An erasure took the region, or what was sealed; those of before did not say of which.
                gone += row.entity_id in erased.unnamed
            elif made is not None:
                _name(found, row)
                gone += 1
    # One sealed anew may have been so again: what stood there first and in between went.
    missing = (left + anew - erased.gone.get(run_seq, Counter())).total() - gone
    if missing > 0:
        found.fault("profile", f"{missing} profiles that run {run_seq} sealed are missing.")


def _name(found: Verified, row: Any) -> None:
    what = "ended" if row.ciphertext is None else "sealed"
    found.fault(
        "profile",
        f"The profile {row.entity_id} version {row.version} is not the one that run {row.run_seq} "
        f"{what}: it, its region or its kind was altered, swapped or put back.",
    )


def _seen(session: Session) -> list[int]:
    """The runs whose profiles readers see."""
    query = select(Run.seq).where(Run.status == PUBLISHED).order_by(col(Run.seq))
    return list(session.exec(query).all())


def _kept(session: Session, run_seq: int) -> list[bytes]:
    query = select(SealedDigest.digests).where(SealedDigest.run_seq == run_seq)
    parts = session.exec(query.order_by(col(SealedDigest.part))).all()
    whole = b"".join(bytes(part) for part in parts)
    return [whole[at : at + BYTES] for at in range(0, len(whole), BYTES)]


def _profiles(session: Session, run_seq: int | None) -> Iterator[Any]:
    """Sealed profiles in order of entity id, some thousands at a time."""
    query = sa.select(
        col(SealedProfile.entity_id),
        col(SealedProfile.version),
        col(SealedProfile.kind),
        col(SealedProfile.key_id),
        col(SealedProfile.run_seq),
        col(SealedProfile.region),
        col(SealedProfile.ciphertext),
    ).order_by(col(SealedProfile.entity_id), col(SealedProfile.version))
    if run_seq is not None:
        query = query.where(col(SealedProfile.run_seq) == run_seq)
    result = session.connection().execution_options(yield_per=TOGETHER).execute(query)
    yield from result.partitions(TOGETHER)
