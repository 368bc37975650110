"""Subject access (UU 27/2022, articles 7 and 32): everything the hub holds about one person.

All values with their sources and the reason they were chosen, the decisions made about the
person's records, the eligibility answers given, who read what for which purpose, and what restricts
the processing. The report is itself an act: it is in the audit log before it leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from mdm import audit
from mdm.audit.search import Entry, Wanted, entries
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.runs import PUBLISHED, of_published
from mdm.hub.tables import Entity, EntityEvent, Run, SealedProfile, SubjectRestriction
from mdm.seal.masking import must_be_purpose
from mdm.tracing import Target, TraceRequest, find, trace
from mdm.tracing.facts import Trace
from mdm.work.progress import Progress

#: Events that are not somebody reading or answering about a person.
_NOT_READING = frozenset({"publish", "erase", "restrict", "lift", "judge", "land"})
MOST_READINGS = 10_000


@dataclass(frozen=True)
class Version:
    """One version of a profile: when it was published, and whether it still can be opened."""

    kind: str
    version: int
    run_seq: int
    published: datetime | None
    held: bool


@dataclass(frozen=True)
class Reading:
    """Somebody read about the person, or asked about them. `fields`: kind → names shown."""

    event: int
    at: datetime
    actor: str
    action: str
    purpose: str | None
    case: str | None
    fields: dict[str, Any]
    programmes: tuple[str, ...]
    decision: Any


@dataclass(frozen=True)
class Restriction:
    """A restriction of processing (article 41)."""

    basis: str
    since: datetime
    lifted: datetime | None


@dataclass(frozen=True)
class SubjectReport:
    """The whole report. `profiles` has the person, then family and household, as traces; `known_as`
    the ids that were merged into theirs."""

    made: datetime
    entity_id: str
    known_as: tuple[str, ...]
    profiles: tuple[Trace, ...]
    versions: tuple[Version, ...]
    readings: tuple[Reading, ...]
    restrictions: tuple[Restriction, ...]


def whom(hub: Hub, session: Session, request: TraceRequest) -> Target:
    """The person a report is about; InputError when there is nobody."""
    return find(hub, session, replace(request, attributes=(), kind=None, as_of=None))


def report(
    hub: Hub,
    target: Target,
    progress: Progress,
    *,
    actor: str,
    purpose: str,
    case: str | None = None,
) -> SubjectReport:
    """Make the report on one person and write the act to the audit log, before it is handed back."""
    must_be_purpose(purpose)
    profiles = [trace(hub, one, _plain(one), progress) for one in _with_linked(hub, target)]
    ids = [one.entity_id for one in profiles]
    with hub.sessions.read() as session, progress.task("read the audit log"):
        former = _merged_into(session, ids)
        found = SubjectReport(
            made=now(),
            entity_id=target.opened.entity_id,
            known_as=tuple(former),
            profiles=tuple(profiles),
            versions=tuple(_versions(session, ids)),
            readings=tuple(_readings(session, [*ids, *former])),
            restrictions=tuple(_restrictions(session, [*ids, *former])),
        )
    with hub.sessions.begin() as session:
        audit.record(
            session,
            actor,
            "subject-report",
            purpose=purpose,
            case=case,
            entity_id=ids,
            run_seq=target.run.seq,
            fields={one.kind: [value.attribute for value in one.values] for one in profiles},
        )
    return found


def _plain(target: Target) -> TraceRequest:
    return TraceRequest(entity_id=target.opened.entity_id, evidence=False, whole_records=True)


def _with_linked(hub: Hub, target: Target) -> list[Target]:
    """The person with family and household."""
    found = [target]
    with hub.sessions.read() as session:
        for kind in ("family", "household"):
            linked = target.explanation.links.get(kind)
            if linked and target.opened.kind == "person":
                found.append(find(hub, session, TraceRequest(entity_id=linked)))
    return found


def _merged_into(session: Session, ids: Sequence[str]) -> list[str]:
    """Ids that lead to these ones."""
    found: list[str] = []
    waiting = list(ids)
    while waiting:
        query = select(EntityEvent.entity_id).where(col(EntityEvent.other).in_(waiting))
        query = query.where(EntityEvent.event == "merge", of_published(EntityEvent.run_seq))
        before = set(session.exec(query).all())
        now_there = select(Entity.entity_id).where(col(Entity.merged_into).in_(waiting))
        before |= set(session.exec(now_there).all())
        waiting = sorted(before - {*found, *ids})
        found += waiting
    return found


def _versions(session: Session, ids: Sequence[str]) -> list[Version]:
    held = col(SealedProfile.ciphertext).is_not(None)
    query = (
        sa.select(
            col(SealedProfile.kind),
            col(SealedProfile.version),
            col(SealedProfile.run_seq),
            col(Run.finished),
            held,
        )
        .join(Run, col(Run.seq) == col(SealedProfile.run_seq))
        .where(col(SealedProfile.entity_id).in_(ids), col(Run.status) == PUBLISHED)
        .order_by(col(SealedProfile.kind).desc(), col(SealedProfile.version))
    )
    return [Version(*row) for row in session.connection().execute(query)]


def _readings(session: Session, ids: Sequence[str]) -> list[Reading]:
    found = []
    for entry in entries(session, Wanted(subjects=ids)):
        if entry.action not in _NOT_READING:
            found.append(_reading(entry))
        if len(found) == MOST_READINGS:
            break
    return found


def _reading(entry: Entry) -> Reading:
    said = entry.details
    programmes = said.get("programmes") or said.get("programme") or ()
    return Reading(
        event=entry.seq,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        purpose=said.get("purpose"),
        case=said.get("case"),
        fields=said.get("fields") or {},
        programmes=(programmes,) if isinstance(programmes, str) else tuple(programmes),
        decision=said.get("decision"),
    )


def _restrictions(session: Session, ids: Sequence[str]) -> list[Restriction]:
    query = select(SubjectRestriction).where(col(SubjectRestriction.entity_id).in_(ids))
    rows = session.exec(query.order_by(col(SubjectRestriction.since))).all()
    return [Restriction(row.basis, row.since, row.lifted) for row in rows]


__all__ = ["Reading", "Restriction", "SubjectReport", "Version", "report", "whom"]
