"""What the log's acts and purposes are called, in both languages; its codes where nobody named one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import RootModel

from mdm import documents
from reference.sentences import Sentence

ACTS, PURPOSES = (Path(__file__).with_name(f"{name}.yaml") for name in ("acts", "purposes"))


class Called(RootModel[dict[str, Sentence]]):
    """Code → what it is called."""


def act_called(action: str) -> Sentence:
    """The name of an event's action."""
    return _names(ACTS).get(action) or Sentence(action, action)


def purpose_called(purpose: str) -> Sentence:
    """The name of a purpose of use."""
    return _names(PURPOSES).get(purpose) or Sentence(purpose, purpose)


@cache
def _names(path: Path) -> Mapping[str, Sentence]:
    return documents.read(Called, path).root
