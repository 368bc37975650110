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
    """Free text; a value that only says "nothing" (`-`, `0`, TIDAK ADA) is absent, and one of `none_words`, which say
    that there is none of what the column tells of.
    """

    parser: Literal["text"] = Field(alias="as")
    none_words: tuple[str, ...] = ()


class NameReading(Reading):
    """A person's name as typed; punctuation alone is no name."""

    parser: Literal["name"] = Field(alias="as")


class NumberReading(Reading):
    """A 16-digit number of the civil registry: a NIK or a KK number."""

    parser: Literal["nik", "kk"] = Field(alias="as")


class DigitsReading(Reading):
    """Digits only, everything else removed; with fewer than `least` or more than `most` it is absent."""

    parser: Literal["digits"] = Field(alias="as")
    least: int = 1
    most: int | None = None


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
    # T is TIDAK to one office and TRUE to another's database: nobody can tell, so it is neither.
    true_words: tuple[str, ...] = ("YA", "Y", "1", "1.0", "TRUE", "YES", "IYA")
    false_words: tuple[str, ...] = ("TIDAK", "0", "0.0", "FALSE", "NO", "TDK", "N", "F")
    when_empty: bool | None = None
    when_filled: bool | None = None


class QuantityReading(Reading):
    """A whole or decimal number inside bounds; a decimal comma is understood."""

    least: float | None = None
    most: float | None = None


class IntegerReading(QuantityReading):
    """A whole number. Behind it may stand one of `units`, or any word where none are declared: what is counted.
    `words` are values that stand for a number.
    """

    parser: Literal["integer"] = Field(alias="as")
    units: tuple[str, ...] = ()
    words: dict[str, int] = {}


class DecimalReading(QuantityReading):
    """An amount. `units` are those that may stand behind it, in capitals without blanks, and what each counts."""

    parser: Literal["decimal"] = Field(alias="as")
    units: dict[str, float] = {}


class PeriodReading(Reading):
    """A quarter of a year, as 2026Q3."""

    parser: Literal["quarter"] = Field(alias="as")


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
    | IntegerReading
    | DecimalReading
    | PeriodReading
    | RegionReading
    | NumbersReading,
    Field(discriminator="parser"),
]
