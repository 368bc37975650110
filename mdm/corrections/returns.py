"""Data balikan: what corrections and the civil registry say otherwise of what the registry owns, told to the registry.

The file names the provider's own record and column, so that it can be acted on. What was told is watched: when the
registry comes to say it, the run finds the correction confirmed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from mdm import audit, links
from mdm.compose import Hub
from mdm.contracts import contract_for, load_contracts
from mdm.contracts.ties import parted
from mdm.corrections import evidence, store
from mdm.corrections.building import REGISTRY, waits_for_card
from mdm.corrections.document import load_rules
from mdm.corrections.outcomes import Outcome, outcomes
from mdm.corrections.rows import KINDS
from mdm.corrections.terms import PURPOSE, Proposal
from mdm.errors import InputError
from mdm.files.sheets import guarded, write_csv, write_xlsx
from mdm.hub.runs import published_run
from mdm.hub.tables import Correction, CorrectionReturn

HEADER = (
    "NOMOR_KOREKSI", "LAYOUT", "KUNCI_CATATAN", "KOLOM", "NILAI_TERCATAT", "NILAI_DIUSULKAN",
    "ALASAN", "TANGGAL_BUKTI", "JUMLAH_BUKTI", "BUKTI", "DISETUJUI",
)  # fmt: skip


NEW_CARD = (
    "KK BARU"  # the number that stands for a card not issued yet says nothing to the registry
)


@dataclass(frozen=True)
class Line:
    """One disagreement, as the provider reads it."""

    outcome: Outcome
    correction: str
    cells: tuple[Any, ...]


def due(hub: Hub, session: Session, *, again: bool = False) -> list[Line]:
    """The disagreements that the registry has not been told of; with `again`, those too that it has."""
    rows = session.exec(
        select(Correction).where(Correction.state == "approved").order_by(col(Correction.number))
    ).all()
    opened = list(store.open_many(hub, session, rows))
    found = outcomes(hub, session, opened)
    keys = _keys(hub, session)
    return [
        line
        for row, proposal in opened
        for one in found[row.id]
        if one.disagrees is not None and (again or one.returned is None)
        for line in _lines(hub, session, row, proposal, one, keys)
    ]


#: (kind, layout, record key) → the registry's own key, where that is another than the record's.
_Keys = Mapping[tuple[str, str, str], str]


def _keys(hub: Hub, session: Session) -> _Keys:
    """Of records of the registry that stand under another key than they are known by."""
    run = published_run(session)
    return {
        (kind, *record): key
        for kind in KINDS
        for record, key in (links.keys_now(hub, run, kind, REGISTRY) if run else {}).items()
    }


def deliver(hub: Hub, to: str, *, actor: str) -> list[Line]:
    """The lines that a provider has not been told of, marked as told; the act is in the audit log before they leave.
    InputError for a provider that owns nothing."""
    with hub.sessions.begin() as session:
        return _told(hub, session, to, actor, again=False)


def _told(hub: Hub, session: Session, to: str, actor: str, *, again: bool) -> list[Line]:
    if to != REGISTRY:
        raise InputError("This provider gets no return file.", f"Name {REGISTRY}.")
    lines = due(hub, session, again=again)
    for line in lines:
        key = (line.outcome.part.key, line.outcome.attribute)
        if session.get(CorrectionReturn, key) is None:
            session.add(
                CorrectionReturn(
                    record_key=key[0],
                    attribute=key[1],
                    correction=line.correction,
                    provider=to,
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
        entity_id=sorted({one.outcome.entity_id for one in lines if one.outcome.entity_id}),
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
            cells = [line.cells for line in _told(hub, session, to, actor, again=again)]
            if out.suffix.lower() == ".csv":
                count = write_csv(temporary, HEADER, map(guarded, cells))
            else:
                (count,) = write_xlsx(temporary, [("Data balikan", HEADER, cells)])
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


def _lines(  # noqa: PLR0917 - what disagrees, and where
    hub: Hub, session: Session, row: Correction, proposal: Proposal, one: Outcome, keys: _Keys
) -> list[Line]:
    """A line per record of the registry and column."""
    rules, part = load_rules(), one.part
    contract = contract_for(load_contracts(hub.settings.home / "contracts"), REGISTRY)
    files = [file.id for file in evidence.of(session, row.id)]
    told: dict[tuple[str, str, str], tuple[Any, ...]] = {}
    for heard in part.heard:
        layout = contract.layout(heard.layout) if heard.source == REGISTRY else None
        for column in rules.columns(part.kind, one.attribute) if layout else ():
            name = layout.column_of(column) if layout else ""
            if not name or part.columns.get(column) is None:
                continue
            # Of two of ours behind one column of theirs the later says it in their words: a date for a death.
            told[heard.layout, heard.record_key, name] = (
                row.number,
                heard.layout,
                keys.get((part.kind, heard.layout, heard.record_key))
                or parted(heard.record_key)[0],
                name,
                _held(one.disagrees, column),
                NEW_CARD
                if waits_for_card(part.columns) and column == "kk"
                else part.columns[column],
                proposal.said,
                proposal.source_date.isoformat(),
                len(files),
                " ".join(files),
                row.decided.date().isoformat() if row.decided else None,
            )
    return [Line(one, row.id, cells) for cells in told.values()]


def _fields(lines: Sequence[Line]) -> dict[str, list[str]]:
    """Kind → attributes that the lines tell of."""
    found: dict[str, set[str]] = {}
    for one in lines:
        found.setdefault(one.outcome.part.kind, set()).add(one.outcome.attribute)
    return {kind: sorted(names) for kind, names in found.items()}


def _held(value: Any, column: str) -> Any:
    return value.get(column) if isinstance(value, dict) else value
