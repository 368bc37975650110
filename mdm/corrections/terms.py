"""The terms of corrections: a draft as somebody fills it in, a proposal as it is kept, what a check says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from mdm.corrections.document import Corrected, Level
from mdm.judgements import RecordRef

SOURCE, FILE = "correction", "koreksi"  # of its records: source and file
REVOKE = "revoke"  # the kind of proposal that takes an approved one back
PURPOSE = "correction"


class Heard(NamedTuple):
    """A version of a source record that a correction overrules: where it stood when it was proposed."""

    source: str
    layout: str
    record_key: str
    batch: str
    row: int


class Part(BaseModel):
    """One record that a correction adds: values of one person or family, by accepted column.

    `entity_id` and `anchor` are None for somebody the hub does not know yet; `anchor` is the record of the target that
    a human link ties this one to. `was` is what the profile held, by attribute.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str  # the record key, random
    kind: Corrected
    entity_id: str | None
    anchor: RecordRef | None
    columns: dict[str, Any]  # dates as ISO text
    attributes: tuple[str, ...]
    heard: tuple[Heard, ...] = ()
    was: dict[str, Any] = {}


class Merge(BaseModel):
    """Two entities that are one, and a record of each. `was`: what either profile held, by attribute, so that whoever
    decides sees whom it is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Corrected
    entities: tuple[str, str]
    records: tuple[RecordRef, RecordRef]
    was: tuple[dict[str, Any], dict[str, Any]] = ({}, {})


class Revokes(BaseModel):
    """The approved step that is to be taken back. `about`: (entity id, attribute), '' for the whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    correction: str
    number: int
    about: tuple[tuple[str, str], ...]


class Proposal(BaseModel):
    """What is proposed, whole: as it is sealed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    parts: tuple[Part, ...] = ()
    merge: Merge | None = None
    revokes: Revokes | None = None
    family: str | None = None  # the family it is told on, for its history
    head_after: str | None = None  # who is head of a family that loses its own, where it is known
    source_date: date  # when what it says was seen or attested
    said: str = ""  # in the proposer's words
    warnings: tuple[str, ...] = ()  # checks that spoke and did not refuse
    unsaid: int = (
        0  # so many first steps have lost their notes: somebody was erased from it after them
    )

    @property
    def entities(self) -> set[tuple[str, str]]:
        """(entity id, attribute) that it is about; the attribute is '' for a whole entity."""
        found = {(p.entity_id, name) for p in self.parts if p.entity_id for name in p.attributes}
        found |= {(one, "") for one in (self.merge.entities if self.merge else ())}
        found |= set(self.revokes.about) if self.revokes else set()
        return found | ({(self.family, "")} if self.family else set())

    @property
    def told(self) -> dict[str, list[str]]:
        """Kind → attributes of which it holds values: what whoever opens it sees."""
        found: dict[str, set[str]] = {}
        for part in self.parts:
            found.setdefault(part.kind, set()).update(part.attributes)
        if self.merge:
            found.setdefault(self.merge.kind, set()).update(*self.merge.was)
        return {kind: sorted(names) for kind, names in found.items()}


@dataclass(frozen=True)
class File:
    """A file of evidence as it was handed in."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Draft:
    """A proposal as it is filled in: what the form says, unchecked.

    `entity_id` is the person or family it is about. `values` are by accepted column; `members` names persons of the
    family with their new relation (split); `attribute` is what `correct-value` corrects.
    """

    kind: str
    entity_id: str
    attribute: str | None = None
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    members: Mapping[str, str] = field(default_factory=dict)
    source_date: str = ""
    said: str = field(default="", repr=False)
    files: Sequence[File] = ()


@dataclass(frozen=True)
class Retraction:
    """What somebody fills in who wants an approved step taken back."""

    correction: str
    source_date: str = ""
    said: str = field(default="", repr=False)
    files: Sequence[File] = ()


@dataclass(frozen=True)
class Check:
    """What one check says: where (a column, '' for the whole), its code, and a value to show beside it."""

    column: str
    code: str
    level: Level
    value: Any = field(default=None, repr=False)
