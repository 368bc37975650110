"""The words of the report's charts in the reader's language."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reference.documents import read_yaml
from reference.sentences import Language

HERE = Path(__file__).parent


@cache
def _indonesian() -> dict[str, str]:
    found: dict[str, str] = read_yaml((HERE / "words.yaml").read_text("utf-8"))
    return found


def word(english: str, language: Language) -> str:
    """What a chart calls a thing: rules and runs name it in English, `birth_place` as `birth place`. What has no
    Indonesian name, such as a province, stands as it is; what was found in brackets behind a level stays."""
    if language == "en":
        return english
    name, bracket, rest = english.replace("_", " ").partition(" (")
    return _indonesian().get(name, name) + bracket + rest
