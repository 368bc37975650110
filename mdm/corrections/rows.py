"""Approved corrections as source records: rows in the shape of the accepted tables.

A row speaks only of what was corrected; every other column is NULL. Its batch is its correction, its row the
correction's number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlmodel import Session, col, select

import reference.regions
from matching.engine import Engine
from mdm.compose import Hub
from mdm.contracts.accepted import COLUMNS, ORIGIN, Kind
from mdm.corrections import store
from mdm.corrections.document import Corrected, load_rules
from mdm.corrections.terms import FILE, SOURCE, Part, Proposal
from mdm.hub.lists import together
from mdm.hub.runs import PUBLISHED, whole_seq
from mdm.hub.tables import (
    Correction,
    CorrectionPlace,
    CorrectionStep,
    CorrectionTarget,
    CorrectionTurn,
    Run,
)
from mdm.hub.tables.corrections import APPROVED, REVOKED
from mdm.judgements import RecordRef

KINDS: tuple[Corrected, ...] = ("person", "family")
OVERTAKEN, QUESTIONED, CONFIRMED = "overtaken", "questioned", "confirmed"
Stepped = Collection[tuple[str, str]]  # (record key, attribute) that stepped back


@dataclass(frozen=True)
class Added:
    """One record of an approved correction."""

    correction: str
    number: int
    part: Part
    source_date: str

    def columns(self, stepped: Stepped = ()) -> dict[str, Any]:
        """What it says, by accepted column, without what has stepped back."""
        rules, part = load_rules(), self.part
        gone = {name for name in part.attributes if (part.key, name) in stepped}
        kept = {
            column: value
            for column, value in part.columns.items()
            if rules.attribute_of(part.kind, column) not in gone
        }
        return _whole(kept)


def approved(
    hub: Hub,
    session: Session,
    before: datetime | None = None,
    only: Collection[str] | None = None,
) -> list[Added]:
    """The records of all approved corrections that still open, in order; `before`: as they stood at a moment, whatever
    was taken back since; `only`: of these alone."""
    query = select(Correction).where(Correction.state == APPROVED)
    if before is not None:
        query = select(Correction).where(col(Correction.decided) <= before, ~_revoked(before))
    found = session.exec(query.order_by(col(Correction.number))).all()
    return _added(hub, session, [row for row in found if only is None or row.id in only], before)


def approved_of(hub: Hub, session: Session, entity_ids: Iterable[str]) -> list[Added]:
    """The records of the approved corrections that are about some entities."""
    query = (
        select(Correction)
        .join(CorrectionTarget, col(CorrectionTarget.correction) == Correction.id)
        .where(Correction.state == APPROVED)
        .where(col(CorrectionTarget.entity_id).in_(list(entity_ids)))
        .order_by(col(Correction.number))
        .distinct()
    )
    return _added(hub, session, session.exec(query).all())


def stepped_back(session: Session, corrections: Sequence[str]) -> set[tuple[str, str]]:
    """(record key, attribute) that stepped back, as the published run found."""
    query = select(CorrectionTurn.record_key, CorrectionTurn.attribute).where(
        CorrectionTurn.run_seq == whole_seq(session),
        CorrectionTurn.turn == OVERTAKEN,
        col(CorrectionTurn.correction).in_(list(corrections)),
    )
    return set(session.exec(query).all())


def fallen(
    hub: Hub,
    session: Session,
    ties: Iterable[RecordRef | None],
    before: datetime | None = None,
) -> set[str]:
    """The keys of those of some records that corrections had brought and that were taken back: what is tied to them is
    nobody's. `before`: as it stood at a moment."""
    tied = {one.record_key for one in ties if one is not None and one.source == SOURCE}
    found, left = set[str](), set(tied)
    for some in together(tied):
        query = select(Correction.id, _revoked(before)).where(col(Correction.id).in_(some))
        for identity, gone in session.exec(query):
            left.discard(identity)
            found |= {identity} if gone else set()
    if not left:
        return found
    revoked = session.exec(select(Correction).where(_revoked(before))).all()
    for _, proposal in store.open_many(hub, session, revoked):
        for part in proposal.parts:
            found |= left & {part.key, listed_as(part.key)}
    return found


def _revoked(before: datetime | None) -> sa.ColumnElement[bool]:
    """Whether a correction is taken back, or was at a moment."""
    now_ = col(Correction.state) == REVOKED
    steps = select(CorrectionStep.correction).where(CorrectionStep.act == "revoke")
    return (
        now_
        if before is None
        else sa.and_(now_, col(Correction.id).in_(steps.where(col(CorrectionStep.at) <= before)))
    )


def listed_as(record_key: str) -> str:
    """The key of the family record that a member's stands for, where only corrections tell of its card."""
    return hashlib.md5(record_key.encode(), usedforsecurity=False).hexdigest()


def places(session: Session, keys: Iterable[str], *, since: int = 0) -> dict[str, str]:
    """Record key → the entity in which a run found it last, as readers see it; `since`: in that run or later."""
    query = (
        select(CorrectionPlace.record_key, CorrectionPlace.entity_id)
        .join(Run, col(Run.seq) == CorrectionPlace.run_seq)
        .where(Run.status == PUBLISHED, col(Run.seq) >= since)
        .where(col(CorrectionPlace.record_key).in_(list(keys)))
        .order_by(col(Run.seq))
    )
    return dict(session.exec(query).all())


def superseded(added: Sequence[Added]) -> set[tuple[str, str]]:
    """(record key, attribute) of which a later correction of the same person or family speaks: that one alone is what
    officers say now. Beside it the former one would outweigh it where a source has come to agree with that, and a
    death once reported could not be taken back."""
    last: dict[tuple[Any, str], tuple[str, int, str]] = {}
    for one in added:
        for name in one.part.attributes:
            word = one.source_date, one.number, one.part.key
            for subject in _subjects(one.part):
                last[subject, name] = max(word, last.get((subject, name), word))
    return {
        (one.part.key, name)
        for one in added
        for name in one.part.attributes
        if any(last[who, name][:2] > (one.source_date, one.number) for who in _subjects(one.part))
    }


def _subjects(part: Part) -> Iterable[Any]:
    """What a record of a correction is about: an entity, a record of it; of somebody new, itself."""
    own = RecordRef(SOURCE, part.kind, part.key)
    return filter(None, (part.entity_id, part.anchor, own))


def register(
    engine: Engine, name: str, kind: Kind, added: Sequence[Added], stepped: Stepped
) -> int:
    """Make table `name` with the columns of `<kind>_accepted`, but without rid; how many rows."""
    rows = [_row(one, said) for one in added if (said := one.columns(stepped))]
    shape = {n: t for n, t in {**ORIGIN, **COLUMNS[kind]}.items() if n != "rid"}
    texts = {
        column: pa.array([_text(row.get(column)) for row in rows], pa.string()) for column in shape
    }
    engine.register(f"{name}_texts", pa.table(texts))
    cast = ", ".join(f'"{column}"::{sql_type} AS "{column}"' for column, sql_type in shape.items())
    count = engine.table(name, f"SELECT {cast} FROM {name}_texts")
    engine.drop(f"{name}_texts")
    return count


def _added(
    hub: Hub, session: Session, rows: Iterable[Correction], before: datetime | None = None
) -> list[Added]:
    added = [
        Added(row.id, row.number, part, proposal.source_date.isoformat())
        for row, proposal in store.open_many(hub, session, rows)
        for part in proposal.parts
    ]
    gone = fallen(hub, session, [one.part.anchor for one in added], before)
    return [
        one
        for one in added
        if one.part.anchor is None
        or one.part.anchor.source != SOURCE
        or one.part.anchor.record_key not in gone
    ]


def _row(one: Added, said: Mapping[str, Any]) -> dict[str, Any]:
    origin = {
        "source": SOURCE,
        "layout": one.part.kind,
        "file": FILE,
        "row": one.number,
        "record_key": one.part.key,
        "batch": one.correction,
        "value_date": one.source_date,
    }
    return {**dict.fromkeys(COLUMNS[one.part.kind]), **said, **origin}


def _whole(said: dict[str, Any]) -> dict[str, Any]:
    """With the columns that go along: numbers as typed, how exact a date is, whose code a region is."""
    for number in ("nik", "kk"):
        if number in said:
            said[f"{number}_raw"] = said[number]
    if "birth_date" in said:
        said["birth_date_precision"] = "day"
    if "region_code" in said:
        said["region_system"] = "kemendagri"
        name = reference.regions.place_name(said["region_code"])
        said["village_name"] = name.upper() if name else None
    return said


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


__all__ = ["CONFIRMED", "OVERTAKEN", "QUESTIONED", "Added", "Proposal", "approved", "register"]
