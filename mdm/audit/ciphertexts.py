"""What the log vouches for: the ciphertexts of every published run, by their digests.

A run's `publish` event has one digest over the digests of all ciphertexts it sealed; those stand in
`sealed_digest`, in the order of writing. A profile that was altered, swapped, removed or put back to
an older state differs, and is named.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from mdm.audit.verified import Verified
from mdm.hub.runs import PUBLISHED
from mdm.hub.tables import Run, SealedDigest, SealedProfile
from mdm.seal.profiles import ciphertext_digest, profile_place
from mdm.work.progress import Progress

TOGETHER = 4_000
BYTES = 32


def verify(
    session: Session,
    published: Mapping[int, str],
    erased: Collection[str],
    progress: Progress,
    found: Verified,
) -> None:
    """Hold every sealed profile against the log. `published`: run → digest in its event."""
    total = int(session.exec(select(func.count()).select_from(SealedProfile)).one())
    runs: dict[int, Any] = {}
    with progress.task("verify sealed profiles", total) as advance:
        for some in _profiles(session, None):
            for entity_id, version, key_id, run_seq, ciphertext in some:
                if ciphertext is not None:
                    made = ciphertext_digest(profile_place(entity_id, version, key_id), ciphertext)
                    runs.setdefault(run_seq, hashlib.sha256()).update(made)
                    found.profiles += 1
            advance(len(some))
    seen = _seen(session)
    for run_seq in sorted(published.keys() - set(seen)):
        found.fault(
            "profile",
            f"Run {run_seq} was published, says the log; readers do not see it: the hub was put "
            "back to an older state.",
        )
    for run_seq in seen:
        said = published.get(run_seq)
        if said is None:
            found.fault("profile", f"Run {run_seq} is published, but no event says so.")
        elif runs.get(run_seq, hashlib.sha256()).hexdigest() != said:
            _look_closer(session, run_seq, said, erased, found)


def _look_closer(
    session: Session, run_seq: int, said: str, erased: Collection[str], found: Verified
) -> None:
    """Name what differs of one run; a run that sealed profiles of erased people may lack those."""
    kept = _kept(session, run_seq)
    if hashlib.sha256(b"".join(kept)).hexdigest() != said:
        found.fault(
            "digests",
            f"The sealed profiles of run {run_seq} are not those its publish event vouches for.",
        )
        return
    left, gone = Counter(kept), 0
    for some in _profiles(session, run_seq):
        for entity_id, version, key_id, _, ciphertext in some:
            if ciphertext is None:
                gone += entity_id in erased
                continue
            made = ciphertext_digest(profile_place(entity_id, version, key_id), ciphertext)
            if left[made]:
                left[made] -= 1
            else:
                found.fault(
                    "profile",
                    f"The profile {entity_id} version {version} is not the one that run {run_seq} "
                    "sealed: it was altered, swapped or put back.",
                )
                gone += 1
    missing = sum(left.values()) - gone
    if missing > 0:
        found.fault("profile", f"{missing} profiles that run {run_seq} sealed are missing.")


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
        col(SealedProfile.key_id),
        col(SealedProfile.run_seq),
        col(SealedProfile.ciphertext),
    ).order_by(col(SealedProfile.entity_id), col(SealedProfile.version))
    if run_seq is not None:
        query = query.where(col(SealedProfile.run_seq) == run_seq)
    result = session.connection().execution_options(yield_per=TOGETHER).execute(query)
    yield from result.partitions(TOGETHER)
