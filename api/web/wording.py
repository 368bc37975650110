"""Wording: sentences, numbers and dates in the form of a language. Times are those of Jakarta."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Protocol

from markupsafe import Markup

from api.web.texts import say, texts
from mdm.days import local
from reference.attributes import dictionary
from reference.sentences import Language

_MONTHS = {
    "id": ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}


class InBoth(Protocol):
    """Whatever has its words in both languages, such as the sentences of the access document."""

    @property
    def id(self) -> str: ...
    @property
    def en(self) -> str: ...


class Wording:
    """How a page speaks. Templates know these as `t`, `rich`, `said`, `label`, `number`, …"""

    def __init__(self, language: Language) -> None:
        self.language = language

    def t(self, key: str, **values: object) -> str:
        """The sentence under `area.key`; whole numbers among the values in the language's form."""
        return say(self.language, key, **self._formed(values))

    def rich(self, key: str, **values: object) -> Markup:
        """A sentence of ours that holds mark-up; its values are escaped."""
        text = texts()[key].in_language(self.language, values)
        return Markup(text).format(**self._formed(values))

    def said(self, words: InBoth) -> str:
        """The words of a rule document in this language."""
        return words.id if self.language == "id" else words.en

    def label(self, kind: str, attribute: str) -> str:
        """What an attribute is called."""
        return dictionary().label(kind, attribute).in_language(self.language)

    def number(self, value: float, digits: int = 0) -> str:
        """12.345,6 in Indonesian, 12,345.6 in English."""
        text = f"{value:z,.{digits}f}"  # z: what rounds to nothing has no sign
        return text.translate(str.maketrans(",.", ".,")) if self.language == "id" else text

    def share(self, value: float, digits: int = 1) -> str:
        """A share of one as percent."""
        return self.number(value * 100, digits) + "%"

    def day(self, value: date | None) -> str:
        """27 Nov 2026; a dash for none."""
        if value is None:
            return "–"
        if isinstance(value, datetime):
            value = local(value)
        return f"{value.day} {_MONTHS[self.language][value.month - 1]} {value.year}"

    def month(self, value: str) -> str:
        """Nov 2026, of `2026-11`."""
        year, _, number = value.partition("-")
        return f"{_MONTHS[self.language][int(number) - 1]} {year}"

    def clock(self, value: datetime) -> str:
        """14.05 in Indonesian, 14:05 in English."""
        at = local(value)
        return f"{at.hour:02d}{'.' if self.language == 'id' else ':'}{at.minute:02d}"

    def moment(self, value: datetime | None) -> str:
        """27 Nov 2026 14.05 WIB; a dash for none."""
        return "–" if value is None else f"{self.day(value)} {self.clock(value)} WIB"

    def duration(self, seconds: float) -> str:
        """In the largest two units that say something: 1 j 5 m, 42 s."""
        hour = "j" if self.language == "id" else "h"
        if seconds < 60:
            return self.number(seconds, 1 if seconds < 10 else 0) + " s"
        minutes, left = divmod(round(seconds), 60)
        if minutes < 60:
            return f"{minutes} m {left} s"
        return f"{minutes // 60} {hour} {minutes % 60} m"

    def _formed(self, values: Mapping[str, object]) -> dict[str, object]:
        return {
            name: self.number(value) if type(value) is int else value
            for name, value in values.items()
        }


IN: Mapping[Language, Wording] = {"id": Wording("id"), "en": Wording("en")}
