"""Why a pair was judged as it was, or is asked about, in both languages: `reasons.yaml`, by slugs of names in rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import RootModel

from mdm import documents
from reference.sentences import Sentence

BY_WEIGHT = "weight"


class Reasons(RootModel[dict[str, Sentence]]):
    """Slug of a reason → what it is called."""


@cache
def reasons() -> Mapping[str, Sentence]:
    """Slug → words. RuleError when the document is wrong."""
    return documents.read(Reasons, Path(__file__).with_name("reasons.yaml")).root


def slug(name: str) -> str:
    """A name of the rules as documents of words have it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def reason_words(name: str, judgement: str = "review") -> Sentence:
    """What a reason is called; in the rules' own words where the document has none."""
    if name == BY_WEIGHT and judgement != "review":
        name = f"{BY_WEIGHT} {judgement}"
    return reasons().get(slug(name)) or Sentence(name, name)
