"""Sentences: what people are told, in Indonesian and in English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict

Language = Literal["id", "en"]


@dataclass(frozen=True)
class Sentence:
    """Words in Indonesian and English: one plain sentence, or what a thing is called."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # in rule documents

    id: str
    en: str

    def in_language(self, language: Language) -> str:
        """The words in one of the two."""
        return self.id if language == "id" else self.en
