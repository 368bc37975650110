"""The mapping document: which word of DCI stands for which word of the hub."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mdm import documents
from mdm.documents import Document
from reference.attributes import dictionary
from reference.codes import labels

DOCUMENT = Path(__file__).parent / "mapping.yaml"
Sentence = Annotated[str, Field(min_length=10)]
Concept = Literal["sex", "marital_status", "relationship", "education"]
IdentifierKind = Literal["nik", "pseudonym", "kk"]
SEARCHED: tuple[IdentifierKind, ...] = ("nik", "pseudonym")


class Identifier(Document):
    """An identifier: its name in answers, and the names it may be asked by."""

    answer: str
    asked: list[str]
    sentence: Sentence


class GroupType(Document):
    """A kind of group and its DCI code."""

    code: str
    sentence: Sentence


class PovertyScore(Document):
    """What the hub gives as the poverty score."""

    attribute: str
    type: str
    sentence: Sentence


class Codes(Document):
    """Canonical code of the hub → code of DCI, and whose list that is."""

    source: Sentence
    map: dict[str, str]


class Comparable(Document):
    """An attribute that a query may compare."""

    name: str
    aliases: list[str]
    source: str = Field(alias="from", pattern=r"^(person|family)(\.[a-z_]+)+$")
    type: Literal["text", "number", "date", "age", "region", "code", "flag", "size"]
    codes: Concept | None = None

    @model_validator(mode="after")
    def _known(self) -> Comparable:
        kind, *path = self.source.split(".")
        unknown = set(path) - dictionary().of(kind).keys() - {"size"}
        if unknown:
            raise ValueError(f"{self.name}: no attribute {', '.join(sorted(unknown))}")
        if (self.type == "code") != (self.codes is not None):
            raise ValueError(f"{self.name}: codes and only codes name their list")
        return self


class Mapping(Document):
    """The whole document."""

    version: Literal[1]
    context: str
    identifiers: dict[IdentifierKind, Identifier]
    group_types: dict[Literal["household", "family"], GroupType]
    poverty_score: PovertyScore
    codes: dict[Concept, Codes]
    attributes: list[Comparable]

    @model_validator(mode="after")
    def _codes_exist(self) -> Mapping:
        for concept, codes in self.codes.items():
            unknown = codes.map.keys() - labels(concept).keys()
            if unknown:
                raise ValueError(f"{concept}: no code {', '.join(sorted(unknown))}")
        return self

    def code(self, concept: Concept, canonical: object) -> str | None:
        """DCI's code of a canonical code; None where DCI has none."""
        return self.codes[concept].map.get(str(canonical))

    def identifier(self, name: str) -> IdentifierKind | None:
        """The kind of identifier that somebody calls so, whatever namespace stands before it."""
        plain = name.rsplit(":", 1)[-1].casefold()
        return next(
            (
                kind
                for kind, identifier in self.identifiers.items()
                if plain in {asked.casefold() for asked in identifier.asked}
            ),
            None,
        )

    def comparable(self, name: str) -> Comparable | None:
        """The attribute that a query calls so."""
        plain = name.rsplit(":", 1)[-1].casefold()
        return next(
            (
                one
                for one in self.attributes
                if plain in {one.name.casefold(), *(alias.casefold() for alias in one.aliases)}
            ),
            None,
        )


@cache
def mapping() -> Mapping:
    """The mapping in force; RuleError names what is wrong with it."""
    return documents.read(Mapping, DOCUMENT)
