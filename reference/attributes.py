"""The attribute dictionary: `data/attributes.yaml`, read and checked.

An attribute is known by (entity, name); the same name on two entities (an address, a floor) is
two attributes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache, cached_property
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reference.codes import labels
from reference.documents import read_yaml
from reference.files import read_rows, read_text
from reference.sentences import Sentence

Entity = Literal["person", "family", "household"]
DataClass = Literal["general", "specific", "none"]
Type = Literal[
    "text",
    "code",
    "date",
    "boolean",
    "integer",
    "decimal",
    "digits",
    "number16",
    "region",
    "list",
    "group",
]


class Attribute(BaseModel):
    """One attribute: where it belongs, what it holds, what it is called, how protected it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: Entity
    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    type: Type
    data_class: DataClass
    label_id: str = Field(min_length=2)
    label_en: str = Field(min_length=2)
    concept: str | None = None
    dtsen: tuple[str, ...] = ()
    collected: bool = True

    @cached_property
    def label(self) -> Sentence:
        """What people know it by."""
        return Sentence(self.label_id, self.label_en)

    @model_validator(mode="after")
    def _concept_known(self) -> Attribute:
        if self.concept is not None:
            try:
                labels(self.concept)
            except KeyError:
                raise ValueError(f"no code list is called '{self.concept}'") from None
        return self


class Dictionary(BaseModel):
    """All attributes, in the document's order. Checks that (entity, name) is unique and DTSEN is
    covered.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    attributes: tuple[Attribute, ...]

    @model_validator(mode="after")
    def _unique(self) -> Dictionary:
        counts = Counter((attribute.entity, attribute.name) for attribute in self.attributes)
        twice = sorted(f"{entity}.{name}" for (entity, name), count in counts.items() if count > 1)
        if twice:
            raise ValueError(f"defined twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _covers_dtsen(self) -> Dictionary:
        known = set(dtsen_variables())
        mapped = Counter(variable for attribute in self.attributes for variable in attribute.dtsen)
        if missing := sorted(known - set(mapped)):
            raise ValueError(f"DTSEN variables without an attribute: {', '.join(missing)}")
        if unknown := sorted(set(mapped) - known):
            raise ValueError(f"not a DTSEN variable: {', '.join(unknown)}")
        if twice := sorted(variable for variable, count in mapped.items() if count > 1):
            raise ValueError(f"DTSEN variables with two attributes: {', '.join(twice)}")
        return self

    def of(self, entity: str) -> Mapping[str, Attribute]:
        """Attributes of one entity kind by name, in the document's order."""
        return self._of.get(entity, {})

    @cached_property
    def _of(self) -> dict[str, dict[str, Attribute]]:
        kinds: dict[str, dict[str, Attribute]] = {}
        for attribute in self.attributes:
            kinds.setdefault(attribute.entity, {})[attribute.name] = attribute
        return kinds

    def label(self, entity: str, name: str) -> Sentence:
        """What an attribute is called; its own name for one that the dictionary has dropped."""
        known = self.of(entity).get(name)
        plain = name.replace("_", " ")
        return known.label if known else Sentence(plain, plain)

    def get(self, entity: str, name: str) -> Attribute:
        """One attribute. KeyError if the dictionary does not know it."""
        return self.of(entity)[name]


@cache
def dictionary() -> Dictionary:
    """The dictionary of the installed package."""
    return parse(read_text("attributes.yaml"))


def parse(text: str) -> Dictionary:
    """A dictionary from YAML text. ValueError naming the first wrong place."""
    try:
        return Dictionary.model_validate(read_yaml(text))
    except (ValidationError, yaml.YAMLError) as error:
        raise ValueError(f"attributes.yaml does not hold together: {error}") from error


def dtsen_variables() -> list[str]:
    """The DTSEN variables as `entity.name`, in the annex's order."""
    return [f"{row['entity']}.{row['name']}" for row in read_rows("codes/dtsen_variables.csv")]
