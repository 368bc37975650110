"""The lines of a return file, as the provider reads them: one per record of the provider's and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from mdm import links
from mdm.compose import Hub
from mdm.contracts import Contract, contract_for, load_contracts
from mdm.contracts.ties import parted
from mdm.corrections import evidence
from mdm.corrections.building import REGISTRY, waits_for_card
from mdm.corrections.document import load_rules
from mdm.corrections.rows import KINDS
from mdm.corrections.terms import Part, Proposal
from mdm.days import local
from mdm.hub.runs import published_run
from mdm.hub.tables import Correction, CorrectionRecall, CorrectionReturn

HEADER = (
    "JENIS", "NOMOR_KOREKSI", "LAYOUT", "KUNCI_CATATAN", "KOLOM", "NILAI_TERCATAT", "NILAI_DIUSULKAN",
    "ALASAN", "TANGGAL_BUKTI", "JUMLAH_BUKTI", "BUKTI", "DISETUJUI", "NILAI_DIBATALKAN", "DIBERITAHUKAN",
)  # fmt: skip
#: What a line is: something to mend, or something told before that is taken back.
PROPOSED, TAKEN_BACK = "USULAN", "PEMBATALAN"
NEW_CARD = (
    "KK BARU"  # the number that stands for a card not issued yet says nothing to the registry
)


class Field(NamedTuple):
    """Where a value stands at the provider's: layout, the key of the row there, column."""

    layout: str
    key: str
    column: str

    @property
    def cells(self) -> dict[str, str]:
        """The same, in a line."""
        return {"LAYOUT": self.layout, "KUNCI_CATATAN": self.key, "KOLOM": self.column}


@dataclass(frozen=True)
class Line:
    """One thing told, in the columns of HEADER. `marks`: (record key, attribute) of the correction that it tells of,
    put down in `mark`; `told`: when a file said so last; `field`, `kind` and `entity_id` are None where nobody is to be
    named any more."""

    mark: type[CorrectionReturn] | type[CorrectionRecall]
    correction: str
    marks: tuple[tuple[str, str], ...]
    cells: tuple[Any, ...]
    told: datetime | None
    field: Field | None = None
    kind: str | None = None
    entity_id: str | None = None


@dataclass(frozen=True)
class Registry:
    """How the registry writes what corrections speak of. `keys`: its own key of a record, by (kind, layout, record
    key), where it is another than the record's."""

    contract: Contract
    keys: Mapping[tuple[str, str, str], str]

    def fields(self, part: Part, attribute: str) -> Iterator[tuple[Field, str]]:
        """Where an attribute of a correction's record stands at the registry's, with our own column."""
        for heard in part.heard:
            layout = self.contract.layout(heard.layout) if heard.source == REGISTRY else None
            if layout is None:
                continue
            own = self.keys.get((part.kind, heard.layout, heard.record_key))
            key = own or parted(heard.record_key)[0]
            for column in load_rules().columns(part.kind, attribute):
                name = layout.column_of(column)
                if name and part.columns.get(column) is not None:
                    yield Field(heard.layout, key, name), column


def registry(hub: Hub, session: Session) -> Registry:
    """The registry as its contract and the published run know it."""
    contract = contract_for(load_contracts(hub.settings.home / "contracts"), REGISTRY)
    run = published_run(session)
    keys: dict[tuple[str, str, str], str] = {
        (kind, *record): key
        for kind in KINDS
        for record, key in (links.keys_now(hub, run, kind, REGISTRY) if run else {}).items()
    }
    return Registry(contract, keys)


def cells(said: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a line says, by column, in the order of the file."""
    return tuple(said.get(name) for name in HEADER)


def grounds(session: Session, row: Correction, proposal: Proposal) -> dict[str, Any]:
    """Why a proposal says what it says, where the evidence lies, and when it was approved."""
    files = [file.id for file in evidence.of(session, row.id)]
    return {
        "ALASAN": proposal.said,
        "TANGGAL_BUKTI": proposal.source_date.isoformat(),
        "JUMLAH_BUKTI": len(files),
        "BUKTI": " ".join(files),
        "DISETUJUI": local(row.decided).date().isoformat() if row.decided else None,
    }


def proposed(part: Part, column: str) -> Any:
    """The value that a correction proposes, as the registry is told it."""
    return NEW_CARD if column == "kk" and waits_for_card(part.columns) else part.columns[column]
