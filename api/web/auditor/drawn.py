"""Samples in words: of what they were drawn, and the strata they fall into."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.web.auditor.spoken import Names, act_name
from api.web.wording import Wording
from mdm import sampling
from mdm.hub.tables import Sample
from mdm.saying import label
from mdm.survivorship import load_rules
from reference.attributes import dictionary
from reference.regions import full_name

UNOPPOSED = "unopposed"
#: What was asked for, in this order, and the text that names it.
_ASKED = {
    "kind": "auditor.sample.kind",
    "attribute": "auditor.attribute",
    "regions": "auditor.sample.regions",
    "actor": "auditor.log.actor",
    "action": "auditor.log.action",
    "since": "auditor.log.since",
    "until": "auditor.log.until",
}


def stratum(words: Wording, of: str, name: str) -> str:
    """A stratum in words: an act, what decided a value, a band of match weight."""
    if of == sampling.EVENTS:
        return act_name(words, name)
    if of == sampling.LINKS:
        return words.t("auditor.bits", bits=name)
    if name == UNOPPOSED:
        return words.t("auditor.losers.nothing")
    reason = load_rules().reasons.get(name)
    return words.said(reason) if reason else name


def asked(words: Wording, names: Names, sample: Sample) -> Iterator[tuple[str, str]]:
    """What a sample was drawn of: (what, its value)."""
    held = sample.asked
    for name, key in _ASKED.items():
        if value := held.get(name):
            yield words.t(key), _value(words, names, name, value, str(held.get("kind") or ""))
    if held.get("contested"):
        yield words.t("auditor.sample.only"), words.t("auditor.sample.contested")


def _value(words: Wording, names: Names, name: str, value: Any, kind: str) -> str:
    match name:
        case "kind":
            return words.t(f"auditor.kind.{value}")
        case "attribute":
            return label(kind, value, words.language)
        case "regions":
            return "; ".join(full_name(one) or words.t("auditor.any") for one in value)
        case "actor":
            return names.of(value)
        case "action":
            return act_name(words, value)
        case _:
            return str(value)


def attributes(words: Wording) -> list[tuple[str, str]]:
    """Attributes as a choice: (name, what it is called), by what it is called."""
    kinds: dict[str, str] = {}
    for one in dictionary().attributes:
        kinds.setdefault(one.name, one.entity)
    named = [(name, label(kind, name, words.language)) for name, kind in kinds.items()]
    return sorted(named, key=lambda one: one[1].casefold())
