"""Readings: for each attribute the columns it comes from, and the parser that reads them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


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
    value. In a column that is read as a date, too, filled is a date up to the day of delivery.
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
