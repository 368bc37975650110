"""Recalling: what the civil registry was told of and was revoked since is taken back by its next return file, once.

The number and the day on which it was told say which line of which file is meant. Record, value and reason stand beside
them, unless the person was erased or is restricted: then the number and the day alone are told, which the registry has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from mdm.access.restricted import restricted
from mdm.compose import Hub
from mdm.corrections import revoking, rows, store
from mdm.corrections.lines import TAKEN_BACK, Field, Line, Registry, cells, grounds, proposed
from mdm.corrections.terms import Part
from mdm.days import local
from mdm.hub.tables import Correction, CorrectionRecall, CorrectionReturn
from mdm.hub.tables.corrections import REVOKED

#: What the registry was told, and when it heard that it was taken back.
Told = tuple[CorrectionReturn, datetime | None]


def recalls(hub: Hub, session: Session, registry: Registry) -> list[Line]:
    """What the registry was told in vain, whether it has heard so yet or not."""
    told = _told(session)
    revoked = [session.get_one(Correction, one) for one in told]
    opened = store.open_many(hub, session, revoked)
    parts = _seen(session, [part for _, one in opened for part in one.parts])
    return [
        line for row in revoked for line in _lines(hub, session, registry, row, told[row.id], parts)
    ]


def heard(session: Session, correction: str) -> tuple[datetime, datetime | None] | None:
    """When the registry was told of a correction, and when that it was taken back; None if it never was told."""
    first = select(CorrectionReturn.returned).where(CorrectionReturn.correction == correction)
    back = select(CorrectionRecall.returned).where(CorrectionRecall.correction == correction)
    told = session.exec(first).all()
    return (max(told), max(session.exec(back).all(), default=None)) if told else None


def _told(session: Session) -> dict[str, list[Told]]:
    """Correction → what the registry was told of it, of those that were revoked, by their number."""
    query = (
        select(CorrectionReturn, CorrectionRecall.returned)
        .join(Correction, col(Correction.id) == CorrectionReturn.correction)
        .outerjoin(
            CorrectionRecall,
            (col(CorrectionRecall.record_key) == CorrectionReturn.record_key)
            & (col(CorrectionRecall.attribute) == CorrectionReturn.attribute),
        )
        .where(Correction.state == REVOKED)
        .order_by(col(Correction.number), col(CorrectionReturn.record_key))
        .order_by(col(CorrectionReturn.attribute))
    )
    found: dict[str, list[Told]] = {}
    for one, recalled in session.exec(query):
        found.setdefault(one.correction, []).append((one, recalled))
    return found


def _seen(session: Session, parts: Sequence[Part]) -> dict[str, Part]:
    """Record key → part, of those that are about nobody who is restricted."""
    stands = rows.places(session, [part.key for part in parts])
    about = {part.key: {part.entity_id, stands.get(part.key)} - {None} for part in parts}
    hidden = restricted(session, filter(None, set[str | None]().union(*about.values())))
    return {part.key: part for part in parts if not hidden.intersection(about[part.key])}


def _lines(  # noqa: PLR0917 - what was told, and what is known of it still
    hub: Hub,
    session: Session,
    registry: Registry,
    row: Correction,
    told: Iterable[Told],
    parts: Mapping[str, Part],
) -> list[Line]:
    """A line per field that was told; of whom nothing may be said any more one, with the day on which it was."""
    why, found = _why(hub, session, row), dict[Field | str, Line]()
    for one, recalled in told:
        part, mark = parts.get(one.record_key), (one.record_key, one.attribute)
        day = local(one.returned).date().isoformat()
        whole = {"JENIS": TAKEN_BACK, "NOMOR_KOREKSI": row.number, "DIBERITAHUKAN": day}
        fields = list(registry.fields(part, one.attribute)) if part else []
        for field, column in fields:
            assert part is not None  # it has fields
            said = whole | why | field.cells | {"NILAI_DIBATALKAN": proposed(part, column)}
            about = field, part.kind, part.entity_id
            found[field] = Line(CorrectionRecall, row.id, (mark,), cells(said), recalled, *about)
        if not fields:
            before = found.get(day)
            marks = (*(before.marks if before else ()), mark)
            heard = recalled if before is None else recalled and before.told
            found[day] = Line(CorrectionRecall, row.id, marks, cells(whole), heard)
    return list(found.values())


def _why(hub: Hub, session: Session, row: Correction) -> dict[str, Any]:
    """The reason and evidence of the proposal that took it back, where it still opens."""
    by = revoking.taken_back_by(hub, session, row)
    opened = store.open_many(hub, session, [by] if by else [])
    return next((grounds(session, *one) for one in opened), {})
