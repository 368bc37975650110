"""Data balikan: what corrections and the civil registry say otherwise of what the registry owns, told to the registry.

The file names the provider's own record and column, so that it can be acted on. What was told is watched: when the
registry comes to say it, the run finds the correction confirmed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from mdm import audit
from mdm.access.restricted import restricted
from mdm.compose import Hub
from mdm.corrections import store
from mdm.corrections.building import REGISTRY
from mdm.corrections.lines import (
    HEADER,
    PROPOSED,
    Line,
    Registry,
    cells,
    grounds,
    proposed,
    registry,
)
from mdm.corrections.outcomes import Outcome, outcomes
from mdm.corrections.recalling import recalls
from mdm.corrections.terms import PURPOSE, Proposal
from mdm.errors import InputError
from mdm.files.sheets import guarded, write_csv, write_xlsx
from mdm.hub.columns import now
from mdm.hub.tables import Correction, CorrectionReturn
from mdm.hub.tables.corrections import APPROVED


def due(hub: Hub, session: Session, *, again: bool = False) -> list[Line]:
    """What the registry has not been told: first what is taken back, then the disagreements, and of these anew those
    about a field of which something was taken back since; with `again`, what it has been told, too. Of whom processing
    is restricted no disagreement is told."""
    owner = registry(hub, session)
    recalled = recalls(hub, session, owner)
    moment = now()
    last = sorted(recalled, key=lambda line: line.told or moment)
    since = {line.field: line.told or moment for line in last}
    return [line for line in recalled if again or line.told is None] + [
        line
        for disagreement in _disagreements(hub, session)
        for line in _lines(session, owner, *disagreement)
        if again or line.told is None or line.told < since.get(line.field, line.told)
    ]


def _disagreements(hub: Hub, session: Session) -> list[tuple[Correction, Proposal, Outcome]]:
    """What approved corrections and the registry say otherwise, of whom one may be told of."""
    approved = select(Correction).where(Correction.state == APPROVED)
    rows = session.exec(approved.order_by(col(Correction.number))).all()
    opened = list(store.open_many(hub, session, rows))
    found = outcomes(hub, session, opened)
    told = [
        (row, proposal, one)
        for row, proposal in opened
        for one in found[row.id]
        if one.disagrees is not None
    ]
    hidden = restricted(session, (one.entity_id for *_, one in told if one.entity_id))
    return [each for each in told if each[2].entity_id not in hidden]


def deliver(hub: Hub, to: str, *, actor: str) -> list[Line]:
    """The lines that a provider has not been told of, marked as told; the act is in the audit log before they leave.
    InputError for a provider that owns nothing."""
    with hub.sessions.begin() as session:
        return _told(hub, session, to, actor, again=False)


def _told(hub: Hub, session: Session, to: str, actor: str, *, again: bool) -> list[Line]:
    if to != REGISTRY:
        raise InputError("This provider gets no return file.", f"Name {REGISTRY}.")
    lines = due(hub, session, again=again)
    marks = {(line.mark, mark): line.correction for line in lines for mark in line.marks}
    moment = now()
    for (table, (key, attribute)), correction in marks.items():
        session.merge(
            table(
                record_key=key,
                attribute=attribute,
                correction=correction,
                provider=to,
                returned=moment,
                actor=actor,
            )
        )
    audit.record(
        session,
        actor,
        "correction.deliver",
        purpose=PURPOSE,
        source=to,
        id=sorted({line.correction for line in lines}),
        entity_id=sorted({one.entity_id for one in lines if one.entity_id}),
        fields=_fields(lines),
        count=len(lines),
    )
    return lines


def write(hub: Hub, to: str, out: Path, *, actor: str, again: bool = False) -> int:
    """Write the return file (.csv or .xlsx, for its owner's eyes only); how many lines. Errors as in `deliver`."""
    if out.suffix.lower() not in (".csv", ".xlsx"):
        raise InputError("The file to write must end in .csv or .xlsx.")
    temporary = out.with_name(out.name + ".new")
    try:
        with hub.sessions.begin() as session:
            # What cannot be written (a full disk) is not told: the whole file stands before it is marked so.
            told = [line.cells for line in _told(hub, session, to, actor, again=again)]
            if out.suffix.lower() == ".csv":
                count = write_csv(temporary, HEADER, map(guarded, told))
            else:
                (count,) = write_xlsx(temporary, [("Data balikan", HEADER, told)])
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    return count


def as_csv(lines: Sequence[Line]) -> bytes:
    """The return file in memory, as spreadsheets read it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    rows = (guarded(line.cells) for line in lines)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _lines(
    session: Session, owner: Registry, row: Correction, proposal: Proposal, one: Outcome
) -> list[Line]:
    """A line per record of the registry and column."""
    part, mark = one.part, (one.part.key, one.attribute)
    why = grounds(session, row, proposal)
    # Of two of ours behind one column of theirs the later says it in their words: a date for a death.
    told = {
        field: {
            "JENIS": PROPOSED,
            "NOMOR_KOREKSI": row.number,
            **field.cells,
            "NILAI_TERCATAT": _held(one.disagrees, column),
            "NILAI_DIUSULKAN": proposed(part, column),
            **why,
        }
        for field, column in owner.fields(part, one.attribute)
    }
    return [
        Line(
            CorrectionReturn,
            row.id,
            (mark,),
            cells(said),
            one.returned,
            field,
            part.kind,
            one.entity_id,
        )
        for field, said in told.items()
    ]


def _fields(lines: Sequence[Line]) -> dict[str, list[str]]:
    """Kind → attributes that the lines tell of."""
    found: dict[str, set[str]] = {}
    for one in lines:
        if one.kind is not None:
            found.setdefault(one.kind, set()).update(attribute for _, attribute in one.marks)
    return {kind: sorted(names) for kind, names in found.items()}


def _held(value: Any, column: str) -> Any:
    return value.get(column) if isinstance(value, dict) else value
