"""Values of profiles in words: codes by their labels, places by their names, yes and no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reference.attributes import Attribute, dictionary
from reference.codes import labels
from reference.regions import full_name
from reference.sentences import Language, Sentence

NOTHING = "–"
YES, NO = Sentence("Ya", "Yes"), Sentence("Tidak", "No")


def label(kind: str, attribute: str, language: Language) -> str:
    """What an attribute of a kind is called."""
    return dictionary().label(kind, attribute).in_language(language)


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
    if value is None or value == "":
        return NOTHING
    return _one(dictionary().of(kind).get(attribute), value, language)


def _one(known: Attribute | None, value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return (YES if value else NO).in_language(language)
    if isinstance(value, float):
        return f"{value:g}" if value.is_integer() else str(value)
    # An office goes by the code of its region.
    if known is not None and (known.type == "region" or known.name == "office"):
        return f"{value} {full_name(str(value))}".strip()
    words = labels(known.concept).get(str(value)) if known is not None and known.concept else None
    return words.in_language(language) if words else str(value)
