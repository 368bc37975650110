"""Contracts: what a provider's files look like, and what each column means.

A contract is a YAML document (`mdm/rules/contracts/<source>.yaml`, or `contracts/` in the home). A
new source is a new document: layouts, their columns, and for each attribute the columns it comes
from and the parser that reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mdm import documents
from mdm.accepted import COLUMNS, Kind
from mdm.errors import RuleError, UsageError

CONTRACTS = Path(__file__).parent / "rules" / "contracts"

# Columns the hub itself adds to a landed row; a provider's column of the same name lands with `_`
# behind it.
LANDED_ORIGIN = (
    "batch",
    "delivery",
    "file",
    "row",
    "record_key",
    "row_digest",
    "delivered_on",
    "office",
)
LANDED_TAIL = ("_extra", "_problem", "_text")


class Document(BaseModel):
    """A piece of a rule document: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Reading(Document):
    """One attribute's origin: the columns it comes from. Several columns are joined with a blank
    unless said.
    """

    from_: tuple[str, ...] = Field(alias="from", min_length=1)

    @field_validator("from_", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class TextReading(Reading):
    """Free text; a value that only says "nothing" (`-`, TIDAK ADA) is absent."""

    parser: Literal["text"] = Field(alias="as")


class NameReading(Reading):
    """A person's name as typed; punctuation alone is no name."""

    parser: Literal["name"] = Field(alias="as")


class NumberReading(Reading):
    """A 16-digit number of the civil registry: a NIK or a KK number."""

    parser: Literal["nik", "kk"] = Field(alias="as")


class DigitsReading(Reading):
    """Digits only, everything else removed; shorter than `least` is absent."""

    parser: Literal["digits"] = Field(alias="as")
    least: int = 1


class LabelReading(Reading):
    """An RT or RW: digits without leading zeros."""

    parser: Literal["rt"] = Field(alias="as")


class RtRwReading(Reading):
    """RT and RW written together, `003/005`."""

    parser: Literal["rt_rw"] = Field(alias="as")


class DateReading(Reading):
    """A date. ISO dates and times, spreadsheet serials and month names are always understood;
    `order` settles the rest.
    """

    parser: Literal["date"] = Field(alias="as")
    order: Literal["ymd", "dmy", "mdy"] = "dmy"


class CodeReading(Reading):
    """A code of a list, turned into the hub's canonical code. `lenient`: words outside the list are
    no finding.
    """

    parser: Literal["code"] = Field(alias="as")
    concept: str
    system: str
    lenient: bool = False


class SexReading(Reading):
    """Sex in any of the usual ways: 1/2, L/P, M/F, words."""

    parser: Literal["sex"] = Field(alias="as")


class BooleanReading(Reading):
    """Yes and no in words; `when_empty` and `when_filled` give a meaning to an empty or any other
    value.
    """

    parser: Literal["boolean"] = Field(alias="as")
    true_words: tuple[str, ...] = ("YA", "Y", "1", "TRUE", "YES")
    false_words: tuple[str, ...] = ("TIDAK", "T", "0", "FALSE", "NO", "TDK")
    when_empty: bool | None = None
    when_filled: bool | None = None


class QuantityReading(Reading):
    """A whole or decimal number inside bounds; a decimal comma is understood."""

    parser: Literal["integer", "decimal"] = Field(alias="as")
    least: float | None = None
    most: float | None = None


class RegionReading(Reading):
    """A region code of `system`: one column, or the parts of the code (2, 2, 2 and 4 digits for
    Kemendagri).
    """

    parser: Literal["region"] = Field(alias="as")
    system: Literal["kemendagri", "bps"]


class NumbersReading(Reading):
    """A list of KK numbers in one column."""

    parser: Literal["kk_list"] = Field(alias="as")
    separator: str = ","


AnyReading = Annotated[
    TextReading
    | NameReading
    | NumberReading
    | DigitsReading
    | LabelReading
    | RtRwReading
    | DateReading
    | CodeReading
    | SexReading
    | BooleanReading
    | QuantityReading
    | RegionReading
    | NumbersReading,
    Field(discriminator="parser"),
]


class FileForm(Document):
    """How the provider writes text files. Recognition starts from it, and says when a file is
    different.
    """

    encoding: Literal["utf-8", "cp1252", "utf-16"] = "utf-8"
    delimiter: str = ","


class RecordKey(Document):
    """What makes a row the same record in the next delivery: one column, or else a digest of
    several.

    `registry_number` says that the column is a 16-digit number: malformed or placeholder ones
    identify nobody, and such rows take the digest. `by_office` puts the delivering office in front.
    """

    column: str | None = None
    registry_number: bool = False
    digest: tuple[str, ...] = Field(min_length=1)
    by_office: bool = False


class OfficeRule(Document):
    """How a row's office is known when the delivery does not name it: from the region code in
    `column`.
    """

    column: str
    system: Literal["bps", "kemendagri"]


class Minimum(Document):
    """What a row needs to be accepted: every attribute of `all_of` and at least one of `any_of`."""

    all_of: tuple[str, ...] = Field(default=(), alias="all")
    any_of: tuple[str, ...] = Field(default=(), alias="any")


PERSON_MINIMUM = Minimum(all_of=("name",), any_of=("nik", "kk", "birth_date"))


class Layout(Document):
    """One kind of file of one provider."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Kind
    title: str
    columns: tuple[str, ...] = Field(min_length=1)
    required: tuple[str, ...] = Field(min_length=1)
    volatile: tuple[str, ...] = ()
    record_key: RecordKey
    office: OfficeRule | None = None
    value_date: str | None = None
    value_date_order: Literal["ymd", "dmy", "mdy"] = "dmy"
    minimum: Minimum = PERSON_MINIMUM
    values: dict[str, AnyReading]

    @model_validator(mode="after")
    def _consistent(self) -> Layout:
        folded = [column.casefold() for column in self.columns]
        if len(set(folded)) != len(folded):
            raise ValueError(f"layout {self.name}: a column is listed twice")
        self._only_columns(self.required, "required")
        self._only_columns(self.volatile, "volatile")
        self._only_columns(self.record_key.digest, "record_key")
        for single in (self.record_key.column, self.value_date, self.office and self.office.column):
            self._only_columns([single] if single else [], "record_key, value_date or office")
        known = set(COLUMNS[self.kind]) | {"rt_rw", "region"}
        for attribute, reading in self.values.items():
            if attribute not in known:
                raise ValueError(
                    f"layout {self.name}: {attribute} is no attribute of a {self.kind}"
                )
            self._only_columns(reading.from_, attribute)
        for attribute in self.minimum.all_of + self.minimum.any_of:
            if attribute not in self.values:
                raise ValueError(
                    f"layout {self.name}: minimum names {attribute}, which has no value"
                )
        return self

    def _only_columns(self, names: Iterable[str], where: str) -> None:
        for name in names:
            if name not in self.columns:
                raise ValueError(
                    f"layout {self.name}: {where} names {name}, which is not in columns"
                )

    def landed_name(self, column: str) -> str:
        """The column's name in the lake."""
        reserved = {*LANDED_ORIGIN, *LANDED_TAIL}
        return f"{column}_" if column.casefold() in reserved else column

    def column_of(self, attribute: str) -> str:
        """The provider's column (or columns, joined by +) behind an attribute; '' when none."""
        reading = self.values.get(attribute)
        return "+".join(reading.from_) if reading else ""


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
    contract = read_contract(path)
    if contract.source in contracts:
        raise RuleError(f"{path.name} is a second contract for source {contract.source}.")
    contracts[contract.source] = contract


def read_contract(path: Path) -> Contract:
    """One contract document; a RuleError names the place and the fault."""
    return documents.read(Contract, path)


def contract_for(contracts: Contracts, source: str) -> Contract:
    """The contract of a source; a UsageError lists the known ones."""
    if source not in contracts:
        known = ", ".join(sorted(contracts))
        raise UsageError(
            f"No contract for source {source}.",
            f"Known sources: {known}. A new source needs a document in the home's `contracts`.",
        )
    return contracts[source]
