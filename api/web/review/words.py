"""Words of review: values as they are read beside others, in the visitor's language."""

from __future__ import annotations

from typing import Any

from api.web import values
from api.web.wording import Wording
from reference.attributes import dictionary
from reference.regions import full_name


def spoken(words: Wording, kind: str, name: str, value: Any) -> str:
    """A value as it is read beside others: a place by its names alone."""
    known = dictionary().of(kind).get(name)
    if known is not None and known.type == "region":
        return full_name(str(value)) or str(value)
    return values.text(words.language, kind, name, value)
