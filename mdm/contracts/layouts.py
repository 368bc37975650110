"""Layouts: the kinds of files a provider writes. Their columns, what makes a row the same record again, what it
needs to be accepted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, model_validator

from mdm.contracts.accepted import COLUMNS, Kind
from mdm.contracts.readings import AnyReading, Document

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


class FileForm(Document):
    """How the provider writes text files. Recognition starts from it, and says when a file is
    different.
    """

    encoding: Literal["utf-8", "cp1252", "utf-16"] = "utf-8"
    delimiter: str = ","


class RecordKey(Document):
    """What makes a row the same record in the next delivery: one column, or else a digest of
    several, as where the column only says that there is no number (`-`, 0, TIDAK ADA).

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

    def columns_of(self, attribute: str) -> tuple[str, ...]:
        """The provider's columns behind an attribute, or behind the date of the row's last change; none where nothing
        tells it."""
        if attribute == "value_date":
            return (self.value_date,) if self.value_date else ()
        reading = self.values.get(attribute)
        return reading.from_ if reading else ()

    def column_of(self, attribute: str) -> str:
        """The same as one text, joined by +; '' when none."""
        return "+".join(self.columns_of(attribute))
