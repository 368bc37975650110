"""What a lookup asks and answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from api.schemas.common import CaseNumber, Nik, Purpose

FieldName = Annotated[
    str,
    Meta(
        pattern=r"^(person|family|household)\.[a-z_]{2,40}$",
        description="Kind and attribute.",
        examples=["person.name", "family.desil"],
    ),
]


class LookupQuestion(msgspec.Struct, forbid_unknown_fields=True, rename={"with_": "with"}):
    """Who is asked about, what for, and which fields."""

    nik: Nik
    purpose: Purpose
    case: CaseNumber | None = None
    fields: Annotated[list[FieldName], Meta(min_length=1, max_length=200)] | None = None
    with_: Annotated[list[Literal["sources"]], Meta(max_length=1)] = []


class Source(msgspec.Struct):
    """Who says a value, and when the record that says it last changed."""

    source: str
    date: str | None
    agreeing: int


class Sentence(msgspec.Struct):
    """One sentence in both languages."""

    id: str
    en: str


class Identity(msgspec.Struct):
    """How sure it is who this is. `confidence` speaks of the weakest link among the records."""

    status: str
    sentence: Sentence
    confidence: Literal["sure", "weak"]
    under_review: bool


class Found(msgspec.Struct, omit_defaults=True):
    """The fields this client may see for this purpose, and as of when they hold."""

    subject: str
    identity: Identity
    person: dict[str, Any]
    family: dict[str, Any] | None
    household: dict[str, Any] | None
    run: int
    as_of: str | None
    snapshot: str | None
    withheld: list[str] = []
    sources: dict[str, dict[str, Source]] | None = None
