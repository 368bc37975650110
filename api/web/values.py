"""Values of profiles as people read them: codes as words, yes and no, groups by their parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from api.web.languages import Language
from api.web.review.words import region
from api.web.wording import IN
from mdm.seal.masking import HIDDEN
from reference.attributes import Attribute, dictionary
from reference.codes import labels

NOTHING = "–"
_YES_NO = {"id": ("Ya", "Tidak"), "en": ("Yes", "No")}


@dataclass(frozen=True)
class Part:
    """One part of a value: what it is called (nothing for a value that has no parts), and its text.
    `changed`: it is among those to be marked."""

    label: str
    text: str
    changed: bool = False


def parts(
    language: Language, kind: str, attribute: str, value: Any, changed: tuple[str, ...] = ()
) -> list[Part]:
    """A value in parts: one, or one for each attribute of a group that travels together."""
    if not isinstance(value, Mapping):
        return [Part("", text(language, kind, attribute, value))]
    return [
        Part(_label(language, kind, name), text(language, kind, name, inner), name in changed)
        for name, inner in value.items()
        if inner is not None or name in changed
    ] or [Part("", NOTHING)]


def text(language: Language, kind: str, attribute: str, value: Any) -> str:
    """One value as text; what is masked stays masked."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _YES_NO[language][0 if value else 1]
    if isinstance(value, (list, tuple)):
        return ", ".join(text(language, kind, attribute, one) for one in value) or NOTHING
    if isinstance(value, float):
        return IN[language].number(value, 0 if value.is_integer() else 2)
    known = _attributes().get((kind, attribute))
    return str(value) if known is None or value == HIDDEN else _listed(language, known, str(value))


def _listed(language: Language, known: Attribute, value: str) -> str:
    """A code with its words; anything else as it is."""
    digits = value.replace(".", "")
    if known.type == "region" and digits.isdigit():
        return f"{value} {region(digits)}".strip()
    words = labels(known.concept).get(value) if known.concept is not None else None
    return words[0 if language == "id" else 1] if words else value


def _label(language: Language, kind: str, attribute: str) -> str:
    known = _attributes().get((kind, attribute))
    if known is None:
        return attribute.replace("_", " ")
    return known.label_id if language == "id" else known.label_en


@cache
def _attributes() -> dict[tuple[str, str], Attribute]:
    return {(one.entity, one.name): one for one in dictionary().attributes}
