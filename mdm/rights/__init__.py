"""Rights of a data subject: restriction (UU 27/2022 art. 41) and erasure (art. 43-44).

A restriction hides a profile from decisions until it is lifted; nothing is lost. An erasure is for
ever: the entity's key is deleted, so that no copy of its profile opens any more, its records leave
the lake, and the shred list keeps them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select

from mdm import audit
from mdm.access import approvals
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.columns import now
from mdm.hub.lists import ListQuery
from mdm.hub.runs import published_seq
from mdm.hub.tables import Entity, SubjectRestriction
from mdm.ids import short_id
from mdm.lookup import follow
from mdm.opening import carriers
from mdm.progress import Progress, Silent
from mdm.rights import shredlist
from mdm.rights.behind import SourceKey, by_layout, records_behind
from mdm.rights.erasure import Hint, carry_out
from mdm.rights.shredlist import Erasure, ShredList
from mdm.tokens import tokens_for

ERASE = "rights.erase"
TOGETHER = 1_000  # ids asked for in one statement


@dataclass(frozen=True)
class Erased:
    """What an erasure came to: entities shredded, source records left out from now on, landed rows
    taken out of the lake."""

    entities: tuple[str, ...]
    records: int
    rows: int


def restrict(hub: Hub, entity_id: str, *, basis: str, actor: str, case: str | None = None) -> str:
    """Restrict the processing of one entity; the restriction's id. Doing it again changes nothing."""
    with hub.sessions.begin() as session:
        target = _known(session, entity_id)
        standing = _standing(session, target)
        if standing:
            return standing[0].id
        made = SubjectRestriction(
            id=short_id(), entity_id=target, basis=basis, case_number=case, actor=actor
        )
        audit.record(
            session, actor, "restrict", entity_id=target, reason=basis, case=case, id=made.id
        )
        session.add(made)
        return made.id


def lift(hub: Hub, entity_id: str, *, basis: str, actor: str, case: str | None = None) -> int:
    """Lift every restriction of one entity, and of those merged into it; how many there were."""
    with hub.sessions.begin() as session:
        target = _known(session, entity_id)
        standing = _standing(session, target)
        for one in standing:
            one.lifted, one.lifted_by, one.lifted_basis = now(), actor, basis
            session.add(one)
            audit.record(
                session, actor, "lift", entity_id=target, reason=basis, case=case, id=one.id
            )
        return len(standing)


def restricted(session: Session, entity_ids: Iterable[str]) -> set[str]:
    """Those of some entities whose processing is restricted, by their own name or that of an
    entity merged into them."""
    wanted = iter(dict.fromkeys(entity_ids))
    found: set[str] = set()
    while some := set(islice(wanted, TOGETHER)):
        rows = _RESTRICTED.rows(session.connection(), list(some))
        found |= some.intersection(chain.from_iterable(rows))
    return found


_IDS: sa.BindParameter[str] = sa.bindparam("ids", expanding=True)
_RESTRICTED = ListQuery(
    sa.select(col(SubjectRestriction.entity_id), col(Entity.merged_into))
    .join(Entity, col(Entity.entity_id) == col(SubjectRestriction.entity_id), isouter=True)
    .where(col(SubjectRestriction.lifted).is_(None))
    .where(or_(col(SubjectRestriction.entity_id).in_(_IDS), col(Entity.merged_into).in_(_IDS)))
)


def entity_of(hub: Hub, nik: str) -> str:
    """The entity that carries a NIK. InputError when nobody does, or more than one."""
    ids = carried_by(hub, nik)
    if len(ids) != 1:
        raise InputError(
            "No profile carries this number." if not ids else "Several profiles carry this number.",
            "Name the entity by its id.",
        )
    return ids[0]


def carried_by(hub: Hub, nik: str) -> list[str]:
    """Every entity that carries a NIK. InputError for a number that is none."""
    tokens = tokens_for(hub, nik)
    with hub.sessions.read() as session:
        found = carriers(session, tokens, published_seq(session))
    return sorted({one for carried in found.values() for one in carried})


def erase(
    hub: Hub,
    entity_id: str,
    *,
    reason: str,
    actor: str,
    approval: str | None = None,
    progress: Progress | None = None,
) -> Erased:
    """Erase one person for ever. SecondPersonError until another person has approved it.

    InputError for an id that is no person's. Needs the work lock, and takes it.
    """
    with hub.lock("erase"):
        with hub.sessions.read() as session:
            ids = _ids(session, entity_id)
        content = {"entities": list(ids), "reason": reason}
        approvals.demand(
            hub, actor, ERASE, content, summary=f"erase {ids[0]}: {reason}", approval=approval
        )
        approver = _use(hub, actor, content, approval)
        with hub.sessions.read() as session:
            held = shredlist.load(hub, session) or shredlist.begin(hub)
            records = records_behind(hub, session, ids)
        erasure = _erasure(hub, held, ids, records, (reason, actor, approver))
        line = shredlist.with_erasure(held, erasure)
        whole = shredlist.opened(hub, [*held.lines, line])
        # On disk before it is done: a power cut in between only delays it.
        shredlist.write_ahead(hub, whole.lines)
        rows = _carry_out_rest(hub, whole, progress or Silent(), actor, by_layout(records))
    return Erased(ids, len(records), rows)


def replay(hub: Hub, shred: ShredList, progress: Progress, *, actor: str) -> int:
    """Carry out what a list says and this database has not; how many erasures. Under the lock."""
    with hub.sessions.read() as session:
        held = shredlist.load(hub, session)
    before = held.lines if held else []
    if shred.lines[: len(before)] != before:
        shred = _appended(hub, held, shred)
    shredlist.write_ahead(hub, shred.lines)
    _carry_out_rest(hub, shred, progress, actor, None)
    return sum(n >= len(before) for n, _ in shred.erasures)


def catch_up(hub: Hub) -> None:
    """What opening a home does: a database restored from a backup catches up with the list's file,
    and a file that lost lines with the database. Under the lock."""
    lines = shredlist.read_file(shredlist.path_of(hub))
    with hub.sessions.read() as session:
        held = shredlist.load(hub, session)
    if len(lines) > (len(held.lines) if held else 0):
        replay(hub, shredlist.opened(hub, lines), Silent(), actor="system")
    else:
        shredlist.mend_file(hub)


def _carry_out_rest(
    hub: Hub,
    shred: ShredList,
    progress: Progress,
    actor: str,
    hint: Hint | None,
) -> int:
    with hub.sessions.read() as session:
        held = shredlist.load(hub, session)
    done = len(held.lines) if held else 0
    return sum(
        carry_out(hub, shred, n, progress, actor=actor, hint=hint).landed
        for n in range(done, len(shred.lines))
    )


def _appended(hub: Hub, held: ShredList | None, other: ShredList) -> ShredList:
    """Our list with the erasures that only the other copy knows, as new lines."""
    assert held is not None
    if held.lines[:1] != other.lines[:1]:
        raise InputError("This shred list is another hub's.", "Name the one of this home.")
    ours = {one for _, one in held.erasures}
    for _, erasure in other.erasures:
        if erasure not in ours:
            held = shredlist.opened(hub, [*held.lines, shredlist.with_erasure(held, erasure)])
    return held


def _standing(session: Session, entity_id: str) -> Sequence[SubjectRestriction]:
    merged = select(Entity.entity_id).where(Entity.merged_into == entity_id)
    query = select(SubjectRestriction).where(
        col(SubjectRestriction.lifted).is_(None),
        or_(
            col(SubjectRestriction.entity_id) == entity_id,
            col(SubjectRestriction.entity_id).in_(merged),
        ),
    )
    return session.exec(query).all()


def _known(session: Session, entity_id: str) -> str:
    target = follow(session, entity_id)
    if target is None:
        raise InputError("No entity has this id.", "Ask for the profile, and use the id it shows.")
    return target


def _ids(session: Session, entity_id: str) -> tuple[str, ...]:
    """The person first, then every entity that was merged into it."""
    target = _known(session, entity_id)
    if session.get_one(Entity, target).kind != "person":
        raise InputError("Only persons are erased.", "Name the person's entity id.")
    merged = session.exec(
        select(Entity.entity_id).where(Entity.merged_into == target).order_by(Entity.entity_id)
    ).all()
    return target, *merged


def _use(hub: Hub, actor: str, content: Mapping[str, Any], approval: str | None) -> str:
    """Use the approval up before anything is done: it never serves twice."""
    assert approval is not None
    with hub.sessions.begin() as session:
        return approvals.use(session, actor, ERASE, content, approval=approval)


def _erasure(
    hub: Hub,
    held: ShredList,
    ids: tuple[str, ...],
    records: Sequence[SourceKey],
    said: tuple[str, str, str],
) -> Erasure:
    reason, actor, approver = said
    return Erasure(
        at=now().isoformat(timespec="seconds"),
        entities=ids,
        layouts=tuple(sorted({(one.source, one.layout) for one in records})),
        records=tuple(sorted(held.mac(one.source, one.layout, one.record_key) for one in records)),
        rows=tuple(
            sorted(
                held.mac(one.source, one.layout, one.landed, one.digest)
                for one in records
                if one.digest is not None
            )
        ),
        reason=reason,
        actor=actor,
        approved_by=approver,
    )
