"""Values of profiles as people read them on pages: in words, numbers and dates in the visitor's form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.web.wording import IN
from mdm.saying import NOTHING, label, said
from reference.attributes import dictionary
from reference.sentences import Language


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
        Part(label(kind, name, language), text(language, kind, name, inner), name in changed)
        for name, inner in value.items()
        if inner is not None or name in changed
    ] or [Part("", NOTHING)]


def text(language: Language, kind: str, attribute: str, value: Any) -> str:
    """One value as text; what is masked stays masked."""
    if isinstance(value, (list, tuple)):
        return ", ".join(text(language, kind, attribute, one) for one in value) or NOTHING
    if isinstance(value, float):
        return IN[language].number(value, 0 if value.is_integer() else 2)
    known = dictionary().of(kind).get(attribute)
    if isinstance(value, date) or (known is not None and known.type == "date" and value):
        return day(language, str(value))
    return said(kind, attribute, value, language)


def day(language: Language, text: str) -> str:
    """A date as the hub keeps it, in words; anything else as it is."""
    try:
        return IN[language].day(date.fromisoformat(text))
    except ValueError:
        return text
