"""Erasure (UU 27/2022 art. 43-44): for ever. The entity's key is deleted, so that no copy of its profile
opens any more, its records leave the lake, and the shred list keeps them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, select

from mdm.access import approvals
from mdm.compose import Hub
from mdm.contracts.ties import FIGURES
from mdm.errors import InputError
from mdm.hub.columns import now
from mdm.hub.tables import Entity
from mdm.rights import shredlist
from mdm.rights.behind import SourceKey, by_layout, records_behind
from mdm.rights.erasure import carry_out
from mdm.rights.handed import HandedOut, handed_out
from mdm.rights.shredlist import Erasure, ShredList
from mdm.rights.taking import Hint, Taken
from mdm.rights.whom import known
from mdm.work.progress import Progress, Silent

ERASE = "rights.erase"


@dataclass(frozen=True)
class Erased:
    """What an erasure came to: entities shredded, source records left out from now on, landed rows
    taken out of the lake, jobs ended that asked about the person; and what was told before, which
    nobody can take back: who was told has to be asked to delete it."""

    entities: tuple[str, ...]
    records: int
    rows: int
    jobs: int
    handed_out: tuple[HandedOut, ...]


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
        erasure = _erasure(held, ids, records, (reason, actor, approver))
        line = shredlist.with_erasure(held, erasure)
        whole = shredlist.opened(hub, [*held.lines, line])
        # On disk before it is done: a power cut in between only delays it.
        shredlist.write_ahead(hub, whole.lines)
        taken = _carry_out_rest(hub, whole, progress or Silent(), actor, by_layout(records))
    with hub.sessions.read() as session:
        told = handed_out(session, ids)
    rows, jobs = sum(one.landed for one in taken), sum(one.jobs for one in taken)
    return Erased(ids, len(records), rows, jobs, told)


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
) -> list[Taken]:
    with hub.sessions.read() as session:
        held = shredlist.load(hub, session)
    done = len(held.lines) if held else 0
    return [
        carry_out(hub, shred, n, progress, actor=actor, hint=hint)
        for n in range(done, len(shred.lines))
    ]


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


def _ids(session: Session, entity_id: str) -> tuple[str, ...]:
    """The person first, then every entity that was merged into it."""
    target = known(session, entity_id)
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
        rows=tuple(sorted({mac for one in records for mac in _rows(held, one)})),
        handed=tuple(
            sorted(held.mac(one.source, one.layout, one.record_key) for one in records if one.stood)
        ),
        others=tuple(
            sorted(
                held.mac(one.source, one.layout, one.landed, tie)
                for one in records
                for tie in one.others
            )
        ),
        reason=reason,
        actor=actor,
        approved_by=approver,
    )


def _rows(held: ShredList, one: SourceKey) -> Iterator[str]:
    """What tells the rows of a record from others of its key, and of the keys that it stood under."""
    place = one.source, one.layout
    if one.tie is not None:
        yield held.mac(*place, one.landed, one.tie)
    for landed, behind in one.stood:
        yield held.mac(*place, landed, behind[:FIGURES])
        if one.moved:
            yield held.mac(*place, shredlist.ANY_KEY, behind)
