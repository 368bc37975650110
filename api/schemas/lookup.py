"""What a lookup asks and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from api.schemas.common import CaseNumber, Nik, Purpose, SnapshotName
from reference.attributes import dictionary
from reference.sentences import Sentence

#: What may be asked for: kind and attribute. Those that travel together go each under its own name.
FIELDS = tuple(f"{one.entity}.{one.name}" for one in dictionary().attributes if one.type != "group")
FieldName = Annotated[
    str,
    Meta(
        max_length=60,
        description="Kind and attribute.",
        examples=["person.name", "family.desil"],
        extra_json_schema={"enum": list(FIELDS)},
    ),
]


class LookupQuestion(msgspec.Struct, forbid_unknown_fields=True, rename={"with_": "with"}):
    """Who is asked about, what for, and which fields."""

    nik: Nik
    purpose: Purpose
    case: CaseNumber | None = None
    fields: Annotated[list[FieldName], Meta(min_length=1, max_length=200)] | None = None
    with_: Annotated[list[Literal["sources"]], Meta(max_length=1)] = []
    snapshot: SnapshotName | None = None


class Source(msgspec.Struct):
    """Who says a value, and when the record that says it last changed."""

    source: str
    date: str | None
    agreeing: int


class Identity(msgspec.Struct):
    """How sure it is who this is. `confidence` speaks of the weakest link among the person's
    records; `under_review`: a possible duplicate, a disputed link, or a NIK on several profiles."""

    status: str
    sentence: Sentence
    confidence: Annotated[str, Meta(description="single-record, strong or moderate")]
    under_review: bool


class Found(msgspec.Struct, omit_defaults=True):
    """The fields this client may see for this purpose, and as of when they hold."""

    subject: str
    identity: Identity
    person: Mapping[str, Any]
    family: Mapping[str, Any] | None
    household: Mapping[str, Any] | None
    run: int
    as_of: str | None
    snapshot: str | None
    withheld: Sequence[str] = []
    sources: dict[str, dict[str, Source]] | None = None


EXAMPLE = {
    "subject": "1-4cfj2y74rgr6juqkh4vcvgtx32dytkcqnmr2rag4a4g6fzxksvdnw",
    "identity": {
        "status": "verified",
        "sentence": {
            "id": "Ada catatan Dukcapil yang lengkap di belakangnya, dengan nomor yang sah.",
            "en": "A complete civil registry record stands behind it, with a valid number.",
        },
        "confidence": "strong",
        "under_review": False,
    },
    "person": {"name": "SITI NURHALIZA", "sex": "F", "birth_date": "1988-03-05"},
    "family": {"desil": 2, "desil_period": "2026Q3"},
    "household": {"floor": "EARTH"},
    "run": 7,
    "as_of": "2026-10-01T02:00:00+00:00",
    "snapshot": "2026Q4",
    "sources": {
        "person": {"name": {"source": "kemendagri", "date": "2026-01-02", "agreeing": 3}},
        "family": {"desil": {"source": "kemensos", "date": "2026-09-30", "agreeing": 1}},
    },
}
