"""Rule documents: YAML read by a strict model. Where one is wrong is said in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from mdm.errors import RuleError
from reference.documents import faults, read_yaml, unreadable
from reference.sentences import Sentence

TOLD = 5  # faults named at once
SHORTEST = 4  # letters of a sentence

_Document = TypeVar("_Document", bound=BaseModel)


class Document(BaseModel):
    """A part of a rule document: an unknown key is refused, and nothing ever changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _long_enough(sentence: Sentence) -> Sentence:
    if min(len(sentence.id), len(sentence.en)) < SHORTEST:
        raise ValueError(f"a sentence has at least {SHORTEST} letters in either language")
    return sentence


#: A sentence that a rule document must bring, in both languages.
RequiredSentence = Annotated[Sentence, AfterValidator(_long_enough)]


def read(model: type[_Document], path: Path) -> _Document:
    """The document in a file; RuleError names the file and the first places that are wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise RuleError(f"{path.name} cannot be read.", "Put the document back.") from None
    return parse(model, text, path.name)


def parse(model: type[_Document], text: str, name: str) -> _Document:
    """The document in a text; RuleError as in `read`."""
    try:
        return check(model, read_yaml(text), name)
    except yaml.YAMLError as error:
        raise RuleError(f"{name} {unreadable(error)}.", f"Mend {name}.") from None


def check(model: type[_Document], document: Any, name: str) -> _Document:
    """A document read before, such as that of a past run; RuleError as in `read`."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise RuleError(f"{name}: {faults(error, TOLD)}.", f"Mend {name}.") from None
