"""Values of profiles in words, for reports and the command line: codes by their labels, yes and no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from reference.attributes import Attribute, dictionary
from reference.codes import labels
from reference.regions import place_name

Language = Literal["id", "en"]
NOTHING = "–"
_YES_NO = {"id": ("Ya", "Tidak"), "en": ("Yes", "No")}


def label(kind: str, attribute: str, language: Language) -> str:
    """What an attribute of a kind is called."""
    known = dictionary().of(kind).get(attribute)
    if known is None:
        return attribute.replace("_", " ")
    return known.label_id if language == "id" else known.label_en


def said(kind: str, attribute: str, value: Any, language: Language) -> str:
    """A value as text. Of a group that travels together each part with its name; what is no code stays as it is."""
    if isinstance(value, Mapping):
        parts = ((name, part) for name, part in value.items() if part is not None)
        return "; ".join(
            f"{label(kind, name, language)}: {said(kind, name, part, language)}"
            for name, part in parts
        )
    if isinstance(value, (list, tuple)):
        return ", ".join(said(kind, attribute, one, language) for one in value)
    return NOTHING if value is None else _one(dictionary().of(kind).get(attribute), value, language)


def _one(known: Attribute | None, value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return _YES_NO[language][0 if value else 1]
    if known is not None and known.type == "region":
        return f"{value} {place_name(str(value)) or ''}".strip()
    words = labels(known.concept).get(str(value)) if known is not None and known.concept else None
    if words:
        return words[0 if language == "id" else 1]
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)
