"""Words of review: names of codes, regions, people and moments, in the visitor's language."""

from __future__ import annotations

import re
from typing import Any

from api.web import values
from api.web.texts import texts
from api.web.wording import Wording
from reference.attributes import dictionary
from reference.regions import full_name


def slug(name: str) -> str:
    """A name of the rules as a key of the texts ends."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def evidence(words: Wording, key: str, otherwise: str) -> str:
    """What the evidence is called; the rules' own words where the texts have none."""
    return words.t(f"evidence.{key}") if f"evidence.{key}" in texts() else otherwise


def reason(words: Wording, name: str, judgement: str = "review") -> str:
    """Why a pair was judged as it is; by default, why it is asked about."""
    if name == "weight" and judgement != "review":
        name = f"weight {judgement}"
    return evidence(words, f"reason.{slug(name)}", name)


def spoken(words: Wording, kind: str, name: str, value: Any) -> str:
    """A value as it is read beside others: a place by its names alone."""
    known = dictionary().of(kind).get(name)
    if known is not None and known.type == "region":
        return full_name(str(value)) or str(value)
    return values.text(words.language, kind, name, value)
