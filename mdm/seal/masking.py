"""Masking: what of a value may be seen before it is revealed, by the sealing document.

`mdm/rules/sealing.yaml` names a mask for every attribute of the dictionary. A value with a
personal-data class is never shown open, whatever the document says: such a document does not load.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from mdm import documents
from mdm.documents import Document
from mdm.errors import AccessError
from mdm.survivorship import Choice, Explanation, SourceRecord
from reference.attributes import Entity, dictionary

DOCUMENT = Path(__file__).parents[1] / "rules" / "sealing.yaml"
HIDDEN = "***"
SHOWN_DIGITS = 4  # of a NIK or KK: province and regency, not the person

_Words = Annotated[str, Field(min_length=10)]  # one plain sentence


class Mask(Document):
    """A named way of masking."""

    kind: Literal["open", "number", "name", "year", "hidden"]
    sentence: _Words


class SealingRules(Document):
    """The sealing document: masks, purposes, and each attribute's mask."""

    version: Literal[1]
    masks: dict[str, Mask]
    purposes: dict[str, _Words]
    attributes: dict[Entity, dict[str, str]]

    @model_validator(mode="after")
    def _every_attribute(self) -> SealingRules:
        known = {(a.entity, a.name): a for a in dictionary().attributes}
        placed = {
            (kind, name): mask for kind, of in self.attributes.items() for name, mask in of.items()
        }
        for what, names in (
            ("has no mask", known.keys() - placed.keys()),
            ("is not in the attribute dictionary", placed.keys() - known.keys()),
        ):
            if names:
                listed = ", ".join(".".join(name) for name in sorted(names))
                raise ValueError(f"{what}: {listed}")
        for name, mask in placed.items():
            if mask not in self.masks:
                raise ValueError(f"{'.'.join(name)}: no mask is called '{mask}'")
            if self.masks[mask].kind == "open" and known[name].data_class != "none":
                raise ValueError(f"{'.'.join(name)}: personal data cannot be open")
        return self

    def mask(self, kind: str, attribute: str, value: Any) -> Any:
        """A value as it may be seen before a reveal. An attribute nobody placed is hidden."""
        if value is None:
            return None
        places: Mapping[str, dict[str, str]] = {str(k): of for k, of in self.attributes.items()}
        if isinstance(value, dict):
            return {part: self.mask(kind, part, inner) for part, inner in value.items()}
        name = places.get(kind, {}).get(attribute)
        return _MASKERS[self.masks[name].kind](value) if name else HIDDEN


@cache
def load_rules() -> SealingRules:
    """The sealing rules in force; RuleError names what is wrong."""
    return documents.read(SealingRules, DOCUMENT)


def must_be_purpose(purpose: str) -> None:
    """AccessError unless a reveal may name this purpose."""
    known = load_rules().purposes
    if purpose not in known:
        raise AccessError("This purpose is not known.", f"Name one of: {', '.join(sorted(known))}.")


def mask_number(value: Any) -> str:
    """`3201154503880002` → `3201************`."""
    text = str(value)
    return text[:SHOWN_DIGITS] + "*" * max(len(text) - SHOWN_DIGITS, 0)


def mask_name(value: Any) -> str:
    """`SITI NURHALIZA` → `S*** N***`: as many words, none of their lengths."""
    return " ".join(word[0] + HIDDEN for word in str(value).split())


def mask_year(value: Any) -> str:
    """`1988-03-05` → `1988-**-**`."""
    text = str(value)
    return f"{text[:4]}-**-**" if text[:4].isdigit() else HIDDEN


def mask_hidden(_value: Any) -> str:
    """Only that there is a value."""
    return HIDDEN


_MASKERS: dict[str, Callable[[Any], Any]] = {
    "open": lambda value: value,
    "number": mask_number,
    "name": mask_name,
    "year": mask_year,
    "hidden": mask_hidden,
}


def masked(explanation: Explanation, rules: SealingRules) -> Explanation:
    """The explanation with every value, loser and record key masked; the reasons stay."""
    kind = explanation.kind
    return replace(
        explanation,
        choices=tuple(_masked_choice(choice, kind, rules) for choice in explanation.choices),
        records=tuple(_masked_record(record) for record in explanation.records),
    )


def _masked_choice(choice: Choice, kind: str, rules: SealingRules) -> Choice:
    losers = tuple(
        replace(
            loser,
            value=rules.mask(kind, choice.attribute, loser.value),
            record=_masked_record(loser.record),
        )
        for loser in choice.losers
    )
    return replace(
        choice,
        value=rules.mask(kind, choice.attribute, choice.value),
        record=_masked_record(choice.record),
        losers=losers,
    )


def _masked_record(record: SourceRecord) -> SourceRecord:
    # A provider's record key can be the NIK itself.
    return replace(record, record_key=HIDDEN)
