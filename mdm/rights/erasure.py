"""Carrying an erasure out, in the lake (`taking.py`) and in the database, once, as a whole.

The same code serves the first time and the replay after a restore: it knows the entries of the shred
list only, so that nobody need remember who was erased. Call it under the work lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlalchemy as sa
from sqlmodel import Session, col, delete, func, or_, select, update

from mdm import audit, judgements
from mdm.audit import changes, vouched
from mdm.audit.erased import hashes
from mdm.compose import Hub
from mdm.corrections import forgetting as corrections
from mdm.exchanges import Exchanges
from mdm.hub.runs import published_seq
from mdm.hub.tables import (
    Correction,
    Entity,
    EntityKey,
    EntityQuestion,
    JudgementKey,
    NikToken,
    ReviewTask,
    ReviewTaskEntity,
    SealedProfile,
    ShredEntry,
)
from mdm.hub.tables.corrections import WAITING
from mdm.jobs import forgetting as jobs
from mdm.lake import LakeFile
from mdm.opening import niks_told
from mdm.publishing import clear_staged
from mdm.review import forgetting as review
from mdm.rights import others
from mdm.rights.implied import Record
from mdm.rights.shredlist import Erasure, ShredList
from mdm.rights.taking import Erased, Hint, Taken, take_landed, take_linked
from mdm.work.progress import Progress

ERASED = "erased"  # status of an entity whose key was shredded
Layouts = Iterable[tuple[str, str]]


def carry_out(
    hub: Hub, shred: ShredList, n: int, progress: Progress, *, actor: str, hint: Hint | None = None
) -> Taken:
    """Do what line `n` of the list says, and note that it is done, in one unit of work."""
    erasure = dict(shred.erasures).get(n)
    if erasure is None:
        with hub.sessions.begin() as session:
            session.add(ShredEntry(n=n, line=shred.lines[n]))
        return Taken()
    clear_staged(hub)
    with progress.task("take records out of the lake"):
        taken = take_landed(hub, shred, _files(hub, erasure.layouts), hint)
        take_linked(hub, shred.behind(erasure), taken, hint)
    with hub.sessions.begin() as session:
        _let_others_end(hub, session, erasure.entities)
        session.add(ShredEntry(n=n, line=shred.lines[n]))
        taken.adopt(hub, session)
        gone = hashes(session, col(SealedProfile.entity_id).in_(erasure.entities))
        counts = _shred(hub, session, shred, erasure, taken) | {"landed": taken.landed}
        judgements.follow(hub, session, taken.renamed, actor=actor)
        taken.jobs = counts["jobs"]
        audit.record(
            session,
            actor,
            "erase",
            entity_id=list(erasure.entities),
            reason=erasure.reason,
            approved_by=erasure.approved_by,
            requested_by=erasure.actor,
            counts=counts,
            hashes=gone,
        )
    hub.lake.remove(old for old, _ in taken.swaps)
    hub.sessions.scrub("entity_key", "judgement_key", "correction_key", "nik_token")
    return taken


def _let_others_end(hub: Hub, session: Session, ids: Sequence[str]) -> None:
    """Whoever proposes, agrees or judges ends first, or reads what is left once this is done: else what they write
    would tell of the erased after all was forgotten. In the order in which they take their turns themselves."""
    hub.dialect.exclusive(session.connection(), "corrections")
    waiting = select(Correction.id).where(col(Correction.state).in_(WAITING))
    session.exec(waiting.order_by(Correction.id).with_for_update()).all()
    about = select(ReviewTaskEntity.task_id).where(col(ReviewTaskEntity.entity_id).in_(ids))
    tasks = select(ReviewTask.id).where(col(ReviewTask.id).in_(about))
    session.exec(tasks.order_by(ReviewTask.id).with_for_update()).all()
    hub.dialect.exclusive(session.connection(), "judgement")


def _files(hub: Hub, layouts: Layouts) -> Iterator[LakeFile]:
    for source, layout in layouts:
        yield from hub.lake.files(f"landed/{source}/{layout}")


def _shred(
    hub: Hub, session: Session, shred: ShredList, erasure: Erasure, taken: Taken
) -> dict[str, int]:
    """Everything in the database that would tell of the erased; how much of each there was."""
    ids, own, stays = list(erasure.entities), shred.behind(erasure), taken.implied.stays

    def erased(record: Record) -> bool:
        return own(record) or stays.get(record) == []  # of a card, nobody else's

    told = others.Told(ids, erased, stays, taken.rows)
    beside = {*ids, *taken.persons, *taken.implied.entities, *others.linked(hub, session, ids)}
    counts = {
        "exchanges": Exchanges(hub.keys).forget_answers(session),
        "jobs": jobs.forget(hub, session, niks_told(hub, session, ids)),
        "versions shared": others.forget(hub, session, told, beside, erasure.reason),
        "judgements": _forget_judgements(hub, session, erased),
        "corrections": corrections.forget(hub, session, ids, erased),
        "answers": review.forget(hub, session, ids, erased),
    }
    _bury(hub, session, ids)
    doubts = or_(col(EntityQuestion.entity_id).in_(ids), col(EntityQuestion.other).in_(ids))
    _note_doubts(session, doubts)
    gone = {
        "keys": delete(EntityKey).where(col(EntityKey.entity_id).in_(ids)),
        "tokens": delete(NikToken).where(col(NikToken.entity_id).in_(ids)),
        "questions": delete(EntityQuestion).where(doubts),
    }
    return counts | {name: session.exec(one).rowcount for name, one in gone.items()}


def _note_doubts(session: Session, which: sa.ColumnElement[bool]) -> None:
    """The doubts of some runs are about to be fewer: the event of the erasure tells so."""
    for table in vouched.OF_RUN:
        if table.model is EntityQuestion:
            runs = session.connection().execute(table.query(*table.key).where(which).distinct())
            changes.note(session, table, *map(str, runs.scalars()))


def _bury(hub: Hub, session: Session, ids: Sequence[str]) -> None:
    """A tombstone as the newest version of each profile; no digest of what it said."""
    seq, key_id = published_seq(session), hub.keys.domain("profile").version
    for entity_id in ids:
        session.exec(
            update(SealedProfile)
            .where(col(SealedProfile.entity_id) == entity_id)
            .values(content_mac=None, region=None)
        )
        version = session.exec(
            select(func.max(SealedProfile.version)).where(SealedProfile.entity_id == entity_id)
        ).one()
        newest = session.get(SealedProfile, (entity_id, version)) if version else None
        if newest is not None and newest.ciphertext is not None:
            session.add(
                SealedProfile(
                    entity_id=entity_id,
                    version=newest.version + 1,
                    kind=newest.kind,
                    run_seq=seq,
                    key_id=key_id,
                )
            )
        entity = session.get(Entity, entity_id)
        if entity is not None and entity.merged_into is None:
            entity.status = ERASED
    session.flush()


def _forget_judgements(hub: Hub, session: Session, erased: Erased) -> int:
    """The keys of judgements about erased records: who judged stays, about whom does not."""
    gone = [
        judgement.id
        for judgement, pair in judgements.pairs(hub, session)
        if any(erased(record) for record in pair)
    ]
    for identity in gone:
        session.exec(delete(JudgementKey).where(col(JudgementKey.id) == identity))
    return len(gone)
