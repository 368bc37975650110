"""Contracts: what a provider's files look like, and what each column means.

A contract is a YAML document (`mdm/rules/contracts/<source>.yaml`, or `contracts/` in the home). A
new source is a new document: layouts, their columns, and for each attribute the columns it comes
from and the parser that reads them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, model_validator

from mdm import documents
from mdm.contracts.accepted import Kind
from mdm.contracts.layouts import LANDED_ORIGIN, LANDED_TAIL, FileForm, Layout
from mdm.contracts.readings import Document
from mdm.errors import RuleError, UsageError

__all__ = [
    "LANDED_ORIGIN",
    "LANDED_TAIL",
    "Contract",
    "Contracts",
    "Layout",
    "contract_for",
    "layouts_of",
    "load_contracts",
]

CONTRACTS = Path(__file__).parents[1] / "rules" / "contracts"


class Contract(Document):
    """One provider: its code, its file form and its layouts."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    file: FileForm = FileForm()
    layouts: tuple[Layout, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _layouts_once(self) -> Contract:
        names = [layout.name for layout in self.layouts]
        if len(set(names)) != len(names):
            raise ValueError(f"contract {self.source}: a layout is listed twice")
        return self

    def layout(self, name: str) -> Layout:
        """The layout of that name; a UsageError lists the known ones."""
        for layout in self.layouts:
            if layout.name == name:
                return layout
        known = ", ".join(layout.name for layout in self.layouts)
        raise UsageError(
            f"Source {self.source} has no layout {name}.", f"Its layouts are: {known}."
        )


Contracts = dict[str, Contract]


def load_contracts(extra_dir: Path | None = None) -> Contracts:
    """All contracts by source code: the built-in ones, then those of `extra_dir`.

    A home's document adds a source; it cannot replace one (RuleError).
    """
    contracts = dict(_built_in())
    if extra_dir is not None and extra_dir.is_dir():
        for path in sorted(extra_dir.glob("*.yaml")):
            _add(contracts, path)
    return contracts


@cache
def _built_in() -> Contracts:
    contracts: Contracts = {}
    for path in sorted(CONTRACTS.glob("*.yaml")):
        _add(contracts, path)
    return contracts


def _add(contracts: Contracts, path: Path) -> None:
    contract = documents.read(Contract, path)
    if contract.source in contracts:
        raise RuleError(
            f"{path.name} is a second contract for source {contract.source}.",
            "Give the new source a code of its own.",
        )
    contracts[contract.source] = contract


def layouts_of(contracts: Contracts, kind: Kind) -> set[tuple[str, str]]:
    """Source and name of the layouts of one kind."""
    return {
        (contract.source, layout.name)
        for contract in contracts.values()
        for layout in contract.layouts
        if layout.kind == kind
    }


def contract_for(contracts: Contracts, source: str) -> Contract:
    """The contract of a source; a UsageError lists the known ones."""
    if source not in contracts:
        known = ", ".join(sorted(contracts))
        raise UsageError(
            f"No contract for source {source}.",
            f"Known sources: {known}. A new source needs a document in the home's `contracts`.",
        )
    return contracts[source]
