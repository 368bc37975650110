"""Forgetting: when somebody is erased, what proposals say of them opens for nobody any more.

What a proposal says of others stays, sealed anew under another key (see `dividing.py`); where nothing
is left, its key goes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from mdm.audit import changes, vouched
from mdm.compose import Hub
from mdm.corrections import evidence, store
from mdm.corrections import rows as rows_
from mdm.corrections.dividing import revocation, without
from mdm.corrections.terms import SOURCE, Proposal
from mdm.errors import IntegrityError
from mdm.hub.tables import (
    Correction,
    CorrectionEvidence,
    CorrectionKey,
    CorrectionStep,
    CorrectionTarget,
)
from mdm.hub.tables.corrections import APPROVED, REVOKED
from mdm.judgements import RecordRef

TOGETHER = 1_000  # proposals looked at in one go
_STEPS = select(sa.func.count()).select_from(CorrectionStep)
Erased = Callable[[RecordRef], bool]


def forget(hub: Hub, session: Session, entity_ids: Collection[str], erased: Erased) -> int:
    """Take some entities out of all proposals; how many told of them. `erased` says whether a record is on
    the shred list. That there were proposals, and who decided them, stays.

    Call it only for an erasure that will be done whatever happens to this unit of work: files of evidence
    go at once, so that no crash leaves them.
    """
    ids, count = frozenset(entity_ids), 0
    touched: dict[str, bool] = {}  # proposal of which something goes → whether all of it does
    for rows in _all(session):
        about = _targets(session, rows, ids)
        for row in rows:
            key = store.key_of(hub, session, row.id)
            if key is None:
                continue
            try:
                said = store.opened(key, row)
            except IntegrityError:  # nobody can say any more whom it tells of
                told, left = row.id in about, None
            else:
                left = _left(session, row, said, ids, erased, touched)
                told = left != said
            if told:
                touched[row.id] = left is None
                _seal_anew(hub, session, row, left)
                count += 1
    return count


def _all(session: Session) -> Iterator[Sequence[Correction]]:
    """Every proposal, many at a time."""
    after = 0
    query = select(Correction).order_by(col(Correction.number)).limit(TOGETHER)
    while rows := session.exec(query.where(Correction.number > after)).all():
        yield rows
        after = rows[-1].number


def _targets(session: Session, rows: Sequence[Correction], ids: Collection[str]) -> set[str]:
    """Those of some proposals that name one of some entities in the open."""
    query = select(CorrectionTarget.correction).where(
        col(CorrectionTarget.correction).in_([row.id for row in rows]),
        col(CorrectionTarget.entity_id).in_(list(ids)),
    )
    return set(session.exec(query).all())


def _left(  # noqa: PLR0917 - all that says what is theirs
    session: Session,
    row: Correction,
    said: Proposal,
    ids: Collection[str],
    erased: Erased,
    touched: Mapping[str, bool],
) -> Proposal | None:
    """What is left of a proposal. A part is the person's in whom a run found its record last; before any
    did, the person's whom it names. What takes another back, which stands before it, tells of whom that told."""
    steps = session.exec(_STEPS.where(CorrectionStep.correction == row.id)).one()
    if said.revokes is not None:
        whole = touched.get(said.revokes.correction)
        return None if whole else revocation(said, ids, told=whole is not None, steps=steps)
    places = rows_.places(session, [part.key for part in said.parts])
    theirs = {
        part.key
        for part in said.parts
        if places.get(part.key, part.entity_id) in ids
        or erased(RecordRef(SOURCE, part.kind, part.key))
    }
    decided = row.state in (APPROVED, REVOKED)
    return without(said, ids, theirs, decided=decided, steps=steps)


def _seal_anew(hub: Hub, session: Session, row: Correction, left: Proposal | None) -> None:
    """Put what is left in the place of the whole, under a key of its own: copies of what stood there, and
    the notes of its steps, open for nobody any more. Its papers go."""
    changes.note(session, vouched.BY_MODEL[CorrectionEvidence], row.id)
    for file in evidence.of(session, row.id):
        evidence.remove(hub, file)
    session.exec(delete(CorrectionEvidence).where(col(CorrectionEvidence.correction) == row.id))
    session.exec(delete(CorrectionKey).where(col(CorrectionKey.id) == row.id))
    if left is None:
        return
    key = store.give_key(hub, session, row.id)
    row.content, row.version = store.sealed(key, row.id, left), row.version + 1
    session.add(row)
    session.flush()
