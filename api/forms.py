"""What a text must look like: as the pattern that is checked, and in words for who sent something else."""

from __future__ import annotations

_IN_WORDS: dict[str, str] = {}


def form(pattern: str, words: str) -> str:
    """The pattern. `words` go on where "this field …" begins."""
    _IN_WORDS[pattern] = words
    return pattern


def in_words(pattern: str) -> str:
    """What a pattern asks for, without showing it."""
    return _IN_WORDS.get(pattern, "has the form that the schema at /schema describes")
